// The athlete's state: what is known of a run before it begins, and what it teaches. It says what hrkeras.athlete.kalman says
// (formulas: docs/reference/athlete_formulas.md); the names and the order of its numbers come from the JSON beside the model.

import { DAY } from "../runs/clock.js";
import { STEP } from "../runs/grid.js";
import { clip, deviation, dot, mean, place, range, sum } from "../runs/numbers.js";
import { overlap } from "../runs/duplicates.js";
import { basis } from "./effort.js";
import * as history from "./history.js";
import { Interval, POSSIBLE } from "./interval.js";
import { corrected, observed, summed } from "./kalman.js";
import { Network } from "./network.js";

const PACES = [1, 8, 1 / 8]; // factors of the process noise: of the filter that predicts, a quicker and a slower one
const MEMORIES = [4, 20]; // runs
const BINS = {
  effort: [0.8, 1.4, 1.8, 2.2, 2.6, 3.0, 3.4, 4.0], // m/s
  climb: [-0.3, -0.15, -0.05, 0.05, 0.15, 0.3], // m/s
  minute: [1, 2, 3, 5, 8, 12, 20, 30, 45, 60, 90, 120],
};
const MOST_BINS = Math.max(...Object.values(BINS).map((edges) => edges.length)) + 1;
const SHRINK = 30; // steps
const COURSE = ["log_steps", "log_climb_per_km", "effort_spread"]; // of the states, those of the whole course
const KEPT = 120; // runs
const EFFORTS = [1, 5]; // m/s, bounds of what a run tells of how hard a person usually runs
const USUAL_START = 969_613_200; // 2000-09-22 09:00 UTC, as good as any for a run of unknown date of an unknown person
export const PERSON = 2; // numbers about a person besides their weights: usual effort in m/s, highest heart rate in beats/min
export const SHAPE = {
  filters: PACES.length,
  kinds: Object.keys(BINS).length,
  memories: MEMORIES.length,
  bins: MOST_BINS,
  kept: KEPT,
};

/** Facts of the whole course: of its name among the states. */
function facts(efforts) {
  const kilometres = (sum(efforts.speed_over_3) * STEP) / 1000;
  return {
    log_steps: Math.log(efforts.one.length),
    log_climb_per_km: Math.log1p((500 * efforts.climbed.at(-1)) / (kilometres + 0.1)),
    effort_spread: deviation(efforts.graded_speed_over_12),
  };
}

/** The values of those names in that order. */
function pick(names, values, what) {
  return names.map((name) => {
    if (!(name in values)) throw new Error(`the model needs ${name} of ${what}, which this page cannot work out`);
    return values[name];
  });
}

/** What is known of one person; of a person of whom nothing is known, what is known of people in general. */
export class Athlete {
  /** @param {object} description the JSON beside the exported model. */
  constructor(description) {
    this.description = description;
    this.population = description.population;
    this.facts = description.states.length - COURSE.length;
    const { weights, person, prior: variances, person_prior } = this.population;
    const prior = [...this.spread(variances), ...person_prior];
    const apart = (i, k) => sum(this.population.differences.map((each) => each[i] * each[k]));
    const covariance = prior.map((value, i) => Float64Array.from(prior, (_, k) => apart(i, k) + (i === k ? value : 0)));
    this.weights = PACES.map(() => Float64Array.of(...weights, ...person));
    this.covariance = PACES.map(() => covariance.map((row) => row.slice()));
    const { kinds, memories, bins } = SHAPE;
    this.misses = [0, 1].map(() => range(kinds).map(() => range(memories).map(() => Array(bins).fill(0))));
    Object.assign(this, {
      starts: [],
      ends: [],
      records: [],
      count: 0,
      interval: new Interval(),
      network: new Network(),
      told: {},
    });
  }

  /** A copy that learns by itself. */
  copy() {
    const other = Object.assign(Object.create(Athlete.prototype), this);
    const { hours, tails } = this.interval;
    const { name, interval } = this.network;
    return Object.assign(other, {
      weights: this.weights.map((each) => each.slice()),
      covariance: this.covariance.map((rows) => rows.map((row) => row.slice())),
      misses: structuredClone(this.misses),
      starts: [...this.starts],
      ends: [...this.ends],
      records: [...this.records],
      interval: new Interval([...hours], [...tails]),
      network: new Network(name, this.network, new Interval([...interval.hours], [...interval.tails])),
    });
  }

  /** A number for the intercept, one for efforts, one for facts of the run: one for each state. */
  spread([intercept, efforts, others]) {
    const known = this.description.states.indexOf("sin_day"); // the first fact
    return this.description.states.map((_, i) => (i === 0 ? intercept : i < known ? efforts : others));
  }

  /** A start in s; where it is unknown (NaN), a day after that of the last known run. */
  assumedStart(start) {
    return Number.isNaN(start) ? (this.starts.at(-1) ?? USUAL_START - DAY) + DAY : start;
  }

  /**
   * What is known before a run.
   *
   * @param {{start: number, speed: Float32Array, altitude: Float32Array}} run from `grid.resample`.
   * @returns {{expected: number[][], course: number[], history: number[], filtered: number[], deviation: number[],
   *   shrinkage: number, limits: number[]}} what a model takes, NaN where not known; beats/min that the state alone predicts of
   *   each step, and their standard deviation; and what the network of the model counts for.
   */
  predict({ start, speed, altitude }) {
    const efforts = basis(speed, altitude);
    const course = facts(efforts);
    const usual = {
      run_seconds: STEP * speed.length,
      log_climb_per_km: course.log_climb_per_km,
      effort_spread: course.effort_spread,
      mean_effort: mean(efforts.graded_speed_over_12),
      mean_speed: mean(efforts.speed_over_3),
      mean_graded_speed: efforts.mean_graded_speed.at(-1),
      highest_graded_speed: efforts.highest_graded_speed.at(-1),
      share_standing: efforts.share_standing.at(-1),
    };
    const { columns, record, fingerprint } = this.description;
    const like = { ...usual, climb_per_km: course.log_climb_per_km, log_minutes: Math.log(usual.run_seconds / 60) };
    const filtered = this.filter(start, efforts);
    const network = this.network.name === fingerprint ? this.network : new Network();
    return {
      ...{ facts: course, filtered: filtered.heartRate, deviation: filtered.deviation },
      ...{ shrinkage: network.shrinkage, limits: network.interval.limits },
      expected: this.expected(efforts, filtered),
      course: pick(columns.course ?? [], usual, "the course"),
      history: pick(columns.history ?? [], history.before(start, like, this, record), "the person"),
    };
  }

  /** Features of each step, standardised. */
  features(start, efforts) {
    const { centre, scale } = this.population;
    const steps = efforts.one.length;
    const common = Object.entries({ ...history.calendar(start), ...facts(efforts) });
    const all = {
      ...efforts,
      ...Object.fromEntries(common.map(([name, value]) => [name, new Float32Array(steps).fill(value)])),
    };
    const raw = pick(this.description.states, all, "a run");
    return range(steps).map((t) => Float64Array.from(raw, (values, i) => (values[t] - centre[i]) / scale[i]));
  }

  /** What the filters predict of a run. */
  filter(start, efforts) {
    const features = this.features(start, efforts);
    const size = this.description.states.length;
    const own = { weights: this.weights[0], covariance: this.covariance[0] };
    const { weights, covariance } = observed(own, size, clip(mean(efforts.graded_speed_over_12), EFFORTS), this.population);
    const centre = range(size).map((i) => mean(features.map((row) => row[i])));
    const share = dot(centre, weights, size) - dot(centre, this.weights[0], size); // how hard the run is tells of the person
    const [first] = features;
    const ofCourse = dot(first, this.weights[0], size) - dot(first, this.weights[0], this.facts);
    const drift = this.drift(start);
    const open = covariance.slice(0, this.facts).map((row, i) => row.slice(0, this.facts).with(i, row[i] + drift[i]));
    const said = this.weights.map((each) => features.map((row) => dot(row, each, size)));
    return {
      features,
      heartRate: said[0].map((rate) => Math.fround(clip(rate - ofCourse, POSSIBLE) + (ofCourse + share))),
      quicker: said[1].map((rate, t) => rate - said[0][t]),
      slower: said[2].map((rate, t) => rate - said[0][t]),
      deviation: features.map((row) => {
        let variance = this.population.level;
        for (let i = 0; i < this.facts; i++) variance += row[i] * dot(open[i], row, this.facts);
        return Math.sqrt(Math.max(variance, 1));
      }),
    };
  }

  expected(efforts, { heartRate, quicker, slower, deviation: spread }) {
    const names = this.description.columns.expected ?? [];
    const means = this.misses[0].map((kind, k) =>
      kind.map((totals, m) => totals.map((total, i) => total / (this.misses[1][k][m][i] + SHRINK))),
    );
    const bins = this.bins(efforts);
    return range(heartRate.length).map((t) => {
      const found = { expected: heartRate[t], quicker: quicker[t], slower: slower[t], spread: spread[t] };
      Object.keys(BINS).forEach((name, kind) => {
        MEMORIES.forEach((runs, memory) => (found[`miss_by_${name}_over_${runs}`] = means[kind][memory][bins[kind][t]]));
      });
      return pick(names, found, "the athlete's state");
    });
  }

  /** For each kind the bin of each step. */
  bins(efforts) {
    const values = [
      efforts.graded_speed_over_12,
      efforts.climbing_over_12.map((up, t) => up - efforts.descending_over_12[t]),
      efforts.hours.map((hours) => 60 * hours),
    ];
    return Object.values(BINS).map((edges, kind) => Array.from(values[kind], (value) => place(edges, value)));
  }

  /** Variance that the weights gained since the last run. */
  drift(start) {
    const pause = this.starts.length ? Math.max(start - this.starts.at(-1), 0) / DAY : 0;
    return this.noise(pause);
  }

  /** Variance that the weights gain in so many days. */
  noise(days) {
    return this.spread(this.population.drift).map((each) => Math.min(days, this.population.longest) * each);
  }

  /**
   * Learns from a finished run.
   *
   * @returns {"added"|"known"|"older"} known if another recording of it is, older if it ended before one that is known.
   */
  update(run) {
    const end = run.start + STEP * run.speed.length;
    if (this.starts.some((start, i) => overlap({ start: run.start, end }, { start, end: this.ends[i] }))) return "known";
    if (end <= this.ends.at(-1)) return "older";
    const start = Math.max(run.start, this.ends.at(-1) ?? run.start);
    const [efforts, states] = [basis(run.speed, run.altitude), this.description.states.length];
    const { features, heartRate: expected, deviation: spread } = this.filter(start, efforts);
    this.interval.update(run.heartRate, expected, spread);
    const drift = this.drift(start);
    this.covariance.forEach((rows, filter) => drift.forEach((each, i) => (rows[i][i] += PACES[filter] * each)));
    this.learn((each) => observed(each, states, clip(mean(efforts.graded_speed_over_12), EFFORTS), this.population));
    const steps = [...run.heartRate.keys()].filter((step) => Number.isFinite(run.heartRate[step]));
    if (steps.length) {
      const seen = summed(
        steps.map((step) => features[step]),
        steps.map((step) => run.heartRate[step]),
        this.weights[0].length,
      );
      this.learn((each) => corrected(each, seen, this.population));
      this.remember(
        efforts,
        steps,
        steps.map((step) => run.heartRate[step] - expected[step]),
      );
    }
    const climb = facts(efforts).log_climb_per_km;
    const record = history.record(run.heartRate, efforts.graded_speed_over_12, climb, expected);
    const add = (list, value) => [...list.slice(-KEPT + 1), value];
    this.starts = add(this.starts, start);
    this.ends = add(this.ends, end);
    this.records = add(this.records, record);
    this.count += 1;
    return "added";
  }

  /** Changes the weights and the covariance of each filter. */
  learn(change) {
    const filters = this.weights.map((weights, filter) => change({ weights, covariance: this.covariance[filter] }));
    this.weights = filters.map(({ weights }) => weights);
    this.covariance = filters.map(({ covariance }) => covariance);
  }

  /** Adds a run's residuals, without their mean, to those of the runs before. */
  remember(efforts, steps, residual) {
    const usual = mean(residual);
    this.misses = this.misses.map((part) =>
      part.map((kind) => kind.map((bins, m) => bins.map((value) => value * Math.exp(-1 / MEMORIES[m])))),
    );
    this.bins(efforts).forEach((bins, kind) => {
      steps.forEach((step, t) => {
        for (let memory = 0; memory < MEMORIES.length; memory++) {
          this.misses[0][kind][memory][bins[step]] += residual[t] - usual;
          this.misses[1][kind][memory][bins[step]] += 1;
        }
      });
    });
  }
}
