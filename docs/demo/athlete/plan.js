// A planned run: what heart rate to expect along a course, and which pace keeps it under a limit, as hrkeras.personal.planning.planner.

import { DAY } from "../runs/clock.js";
import { STEP, resample } from "../runs/grid.js";
import { at, highest, mean, place, range } from "../runs/numbers.js";
import { speedOnSlope } from "./effort.js";
import { BEYOND, EARLY, beyondKnown, common, seen } from "./plan_warnings.js";
import { zones } from "./zones.js";

const SLOWEST = 720; // s/km, a walk
const WELL_KNOWN = 10; // runs, from which on they say how hard the person can run
// factor of the way from what is expected to the upper limit of the interval, beyond which nine in ten whole runs never go
const TOP = 1.5;
const SHORT = 50; // m, the rest of a course that is counted to the kilometre before
const MORNING = 9 * 3600; // s, UTC

/** The next time after now, and after all known runs, at the hour of the person's last run; s since 1970-01-01 UTC. */
export function usualStart(athlete, now) {
  const [last, over] = [athlete.starts.at(-1) ?? MORNING, athlete.ends.at(-1) ?? 0];
  return last + Math.ceil((Math.max(now, over) - last) / DAY) * DAY;
}

/**
 * Makes plans of one course.
 *
 * @param {object} route from `route.course`.
 * @param {Athlete} athlete
 * @param {function(Run): Promise<{predicted: Float32Array, low: Float32Array, high: Float32Array}>} predict
 * @param {"pace"|"effort"} even what is kept even.
 * @param {number} start s since 1970-01-01 UTC, after all known runs.
 */
export class Planner {
  #made = new Map();

  constructor(route, athlete, predict, even, start) {
    Object.assign(this, { route, athlete, predict, even, start, zones: zones(athlete) });
  }

  /** The plan at a mean speed in m/s. */
  async at(speed) {
    if (!this.#made.has(speed)) this.#made.set(speed, await this.#plan(speed));
    return this.#made.get(speed);
  }

  /**
   * The fastest plan that stays under a limit in beats/min after the first five minutes, and under the person's maximum; and
   * whether that is the slowest or the fastest pace looked at, or the maximum comes first. Heart rate rises with speed, so
   * halving finds it.
   */
  async under(limit, wholly = false) {
    const tooFast = async (pace) => {
      const plan = await this.at(1000 / pace);
      return plan.tooHard > 0 || Math.round(plan[wholly ? "highestLimit" : "highest"]) >= limit;
    };
    const { fastest } = this;
    let [low, high] = [fastest, SLOWEST + 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (await tooFast(middle)) low = middle + 1;
      else high = middle;
    }
    const maximum = this.zones.maximum[0] < limit && limit < Infinity ? "maximum" : "";
    const end = low > SLOWEST ? "slowest" : low === fastest ? "fastest" : maximum;
    return { plan: await this.at(1000 / Math.min(low, SLOWEST)), end };
  }

  /** The fastest pace considered, s/km: a tenth above the person's hardest run, or what few people run if little is known. */
  get fastest() {
    const efforts = seen(this.athlete, "mean_effort");
    let quickest = BEYOND * Math.max(0, highest(efforts));
    if (efforts.length < WELL_KNOWN) quickest = Math.max(quickest, common(this.athlete, "mean_graded_speed")[1]);
    return Math.min(Math.floor(1000 / quickest), SLOWEST - 1);
  }

  async #plan(speed) {
    const { route, even } = this;
    const factors = route.grade.map((grade) => (even === "effort" ? speedOnSlope(grade) : 1));
    const share = mean(factors.map((factor) => 1 / factor));
    const speeds = factors.map((factor) => speed * factor * share);
    let total = 0;
    const times = Float64Array.of(0, ...speeds.map((each) => (total += route.piece / each)));
    const centres = route.edges.slice(1).map((edge) => edge - route.piece / 2);
    const run = resample({
      ...{ time: times, speed: Float64Array.of(speeds[0], ...speeds), heartRate: times.map(() => NaN), sport: "running" },
      altitude: Float64Array.from(route.edges, (edge) => (route.hasAltitude ? at(edge, centres, route.altitude) : NaN)),
      ...{ start: this.start, name: "the planned run", estimated: false },
    });
    const unlimited = await this.predict(run, this.athlete);
    const { maximum } = this.zones;
    const below = (values, most) => values.map((value) => Math.min(value, most));
    const found = {
      predicted: below(unlimited.predicted, maximum[0]),
      low: below(unlimited.low, maximum[0]),
      high: below(unlimited.high, maximum[2]),
    };
    const warm = range(run.speed.length).filter((step) => STEP * step >= EARLY);
    const steps = warm.length ? warm : range(run.speed.length);
    const some = (values) => steps.map((step) => values[step]);
    const most = highest(some(found.predicted));
    const distance = range(run.speed.length).map((step) => at(STEP * (step + 0.5), times, route.edges));
    const tops = steps.map((step) => unlimited.predicted[step] + TOP * (unlimited.high[step] - unlimited.predicted[step]));
    const tooHard = unlimited.predicted.map((rate) => (Math.round(rate) >= Math.round(maximum[0]) ? 1 : 0));
    const planned = { ...run, ...found, speedOfAll: speed, seconds: total, start: this.start, steps, zones: this.zones };
    return {
      ...planned,
      mean: [found.predicted, found.low, found.high].map(mean),
      highest: most,
      highestAt: distance[steps.find((step) => found.predicted[step] === most)],
      tooHard: some(tooHard).includes(1) ? mean(tooHard) : 0, // share of the time
      highestLimit: Math.min(highest(tops), maximum[2]),
      kilometres: kilometres(route, times, distance, found),
      warnings: [...route.warnings, ...beyondKnown({ ...planned, even, unlimited: unlimited.predicted }, this.athlete)],
    };
  }
}

/** The plan kilometre by kilometre, the last one shorter or a little longer. */
function kilometres(route, times, distance, { predicted, low, high }) {
  const ends = range(Math.ceil(route.length / 1000) - 1).map((i) => 1000 * (i + 1));
  if (ends.length && route.length - ends.at(-1) < SHORT) ends.pop();
  ends.push(route.length);
  let total = 0;
  const climbed = [0, ...route.climbs.map((each) => (total += each))];
  let before = { end: 0, reached: 0, climb: 0, step: 0 };
  return ends.map((end) => {
    const now = { end, reached: at(end, route.edges, times), climb: at(end, route.edges, climbed), step: place(distance, end) };
    const [first, behind] = [Math.min(before.step, distance.length - 1), Math.max(now.step, before.step + 1)];
    const levels = [predicted, low, high].map((values) => mean(values.slice(first, behind)));
    const row = {
      end,
      length: end - before.end,
      seconds: now.reached - before.reached,
      climb: now.climb - before.climb,
      levels,
    };
    before = now;
    return row;
  });
}
