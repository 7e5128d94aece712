// A planned run: what heart rate to expect along a course, and which pace keeps it under a limit, as hrkeras.personal.planner.

import { DAY } from "../runs/clock.js";
import { STEP, fastest as record, resample } from "../runs/grid.js";
import { at, highest, mean, place, range } from "../runs/numbers.js";
import { basis, speedOnSlope } from "./effort.js";

const SLOWEST = 720; // s/km, a walk
const BEYOND = 1.1; // factor by which a plan may go beyond the known runs without a warning
const WELL_KNOWN = 10; // runs, from which on they say how hard the person can run
const RARE = 2; // standard deviations of effort over people, above which few run
const LONGER = 1.5; // times the longest run
const LONG_AGO = 120; // days
const EARLY = 300; // s that mean and highest heart rate leave out
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
    Object.assign(this, { route, athlete, predict, even, start });
  }

  /** The plan at a mean speed in m/s. */
  async at(speed) {
    if (!this.#made.has(speed)) this.#made.set(speed, await this.#plan(speed));
    return this.#made.get(speed);
  }

  /**
   * The fastest plan that stays under a limit in beats/min after the first five minutes, and whether that is the slowest or the
   * fastest pace looked at; heart rate rises with speed, so halving finds it.
   */
  async under(limit, wholly = false) {
    const tooFast = async (pace) => Math.round((await this.at(1000 / pace))[wholly ? "highestLimit" : "highest"]) >= limit;
    let [low, high] = [this.fastest, SLOWEST + 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (await tooFast(middle)) low = middle + 1;
      else high = middle;
    }
    const end = low > SLOWEST ? "slowest" : low === this.fastest ? "fastest" : "";
    return { plan: await this.at(1000 / Math.min(low, SLOWEST)), end };
  }

  /** The fastest pace considered, s/km. */
  get fastest() {
    const efforts = this.#seen("mean_effort");
    let quickest = BEYOND * Math.max(0, highest(efforts));
    if (efforts.length < WELL_KNOWN) quickest = Math.max(quickest, this.#common[1]);
    return Math.min(Math.floor(1000 / quickest), SLOWEST - 1);
  }

  /** Mean efforts in m/s between which most people run. */
  get #common() {
    const { states, population } = this.athlete.description;
    const at = states.indexOf("mean_graded_speed");
    return [-RARE, RARE].map((times) => population.centre[at] + times * population.scale[at]);
  }

  #seen(name) {
    return this.athlete.records.map((each) => each[name]).filter(Number.isFinite);
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
    const found = await this.predict(run, this.athlete);
    const warm = range(run.speed.length).filter((step) => STEP * step >= EARLY);
    const steps = warm.length ? warm : range(run.speed.length);
    const some = (values) => steps.map((step) => values[step]);
    const most = highest(some(found.predicted));
    const distance = range(run.speed.length).map((step) => at(STEP * (step + 0.5), times, route.edges));
    return {
      ...{ ...run, ...found, speedOfAll: speed, seconds: total, start: this.start, steps },
      mean: [found.predicted, found.low, found.high].map((values) => mean(some(values))),
      highest: most,
      highestAt: distance[steps.find((step) => found.predicted[step] === most)],
      highestLimit: highest(some(found.high)),
      kilometres: kilometres(route, times, distance, found),
      warnings: [...route.warnings, ...this.#warnings(run)],
    };
  }

  /** Warns where a plan goes beyond the person's known runs or, without any, beyond what people in general run. */
  #warnings(run) {
    const effort = basis(run.speed, run.altitude).mean_graded_speed.at(-1);
    const [efforts, minutes] = [this.#seen("mean_effort"), this.#seen("log_minutes").map(Math.exp)];
    const [low, high] = efforts.length ? [Math.min(...efforts), Math.max(...efforts)] : this.#common;
    const reference = efforts.length ? "any run known of you" : "what most people run";
    const [planned, found] = [(run.speed.length * STEP) / 60, []];
    if (effort > BEYOND * high || effort * BEYOND < low) {
      const much = Math.round(100 * Math.abs(effort / (effort > high ? high : low) - 1));
      found.push(`The plan is ${much} % ${effort > high ? "harder" : "easier"} than ${reference}: this is a guess.`);
    }
    if (minutes.length && planned > LONGER * Math.max(...minutes)) {
      found.push(
        `The plan takes ${Math.round(planned)} min and the longest run known ${Math.round(Math.max(...minutes))}: ` +
          "what comes after is a guess.",
      );
    }
    const days = (this.start - this.athlete.ends.at(-1)) / DAY;
    if (days > LONG_AGO)
      found.push(
        `The last run known of you was ${Math.round(days)} days before, and fitness changes in less: give newer runs.`,
      );
    if (mean(run.speed) > record(STEP * run.speed.length)) found.push("The plan is faster than the world record.");
    return found;
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
