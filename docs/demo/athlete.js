// What is known of a run before it begins, from the athlete's state. It says what hrkeras.athlete.kalman says (formulas:
// docs/reference/athlete_formulas.md); the names and the order of its numbers come from the JSON beside the exported model.

import { basis, clip, mean, sum } from "./effort.js";
import { InputError, STEP } from "./run.js";

const DAY = 86_400; // s
const FILTERS = 3;
const MEMORIES = [4, 20]; // runs
const BINS = {
  effort: [0.8, 1.4, 1.8, 2.2, 2.6, 3.0, 3.4, 4.0], // m/s
  climb: [-0.3, -0.15, -0.05, 0.05, 0.15, 0.3], // m/s
  minute: [1, 2, 3, 5, 8, 12, 20, 30, 45, 60, 90, 120],
};
const MOST_BINS = Math.max(...Object.values(BINS).map((edges) => edges.length)) + 1;
const SHRINK = 30; // steps
const POSSIBLE = [30, 230]; // beats/min
const COURSE = ["log_steps", "log_climb_per_km", "effort_spread"]; // of the states, those of the whole course
const SPANS = [1, 4, 12, 40]; // runs
const LIKE = { mean_effort: 0.35, climb_per_km: 0.5, log_minutes: 0.4 }; // how far apart two runs are that are hardly alike
const LOADS = [2, 7, 28]; // days
const KEPT = 120; // runs
const TRUST = 0.5; // in a model of which nothing is known
const EFFORTS = [1, 5]; // m/s, bounds of what a run tells of how hard a person usually runs
const PERSON = 2; // numbers about a person besides their weights: usual effort in m/s, highest heart rate in beats/min
const [WITHOUT_PERSON, VERSION] = [3, 4]; // of a person's file
const BEFORE = { person: [2.6, 184], person_prior: [0.03, 20], effort_noise: 0.1 }; // of a population that lacks these

const deviation = (values, centre = mean(values)) => Math.sqrt(mean(values.map((value) => (value - centre) ** 2)));
const dot = (one, two, size = one.length) => {
  let total = 0;
  for (let i = 0; i < size; i++) total += one[i] * two[i];
  return total;
};

/** Time of the day (UTC) and of the year of a start in s since 1970-01-01 UTC. */
function calendar(start) {
  const [day, year] = [1, 365.25].map((period) => 2 * Math.PI * ((start / DAY / period) % 1));
  return {
    ...{ sin_day: Math.sin(day), cos_day: Math.cos(day), sin_half_day: Math.sin(2 * day), cos_half_day: Math.cos(2 * day) },
    ...{ sin_year: Math.sin(year), cos_year: Math.cos(year) },
  };
}

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
  /**
   * @param {object} description the JSON beside the exported model.
   * @param {object} [kept] what `hrkeras update` has written.
   * @throws {InputError} if it is something else, or does not fit the model.
   */
  constructor(description, kept) {
    this.description = description;
    this.population = complete(description.population);
    this.facts = description.states.length - COURSE.length;
    this.trust = TRUST; // how far the model counts for the person
    if (kept !== undefined) {
      check(kept, description);
      Object.assign(this, { weights: kept.weights, misses: kept.misses, starts: kept.starts, ends: kept.ends, count: kept.runs });
      this.records = kept.records.map((row) => Object.fromEntries(row.map((value, i) => [kept.record[i], value ?? NaN])));
      const { name, trust } = kept.network;
      if (name === description.fingerprint) this.trust = Math.min(Math.max(trust.products / trust.squares, 0), 1);
      const [lower] = kept.covariance;
      this.covariance = lower.map((row, i) => lower.map((other, k) => (k <= i ? row[k] : other[i])));
      if (kept.version === WITHOUT_PERSON) this.add();
    } else {
      const { weights, person, prior: variances, person_prior } = this.population;
      const prior = [...this.spread(variances), ...person_prior];
      this.weights = Array(FILTERS).fill([...weights, ...person]);
      const apart = (i, k) => this.population.differences.reduce((sum, each) => sum + each[i] * each[k], 0);
      this.covariance = prior.map((value, i) => prior.map((_, k) => apart(i, k) + (i === k ? value : 0)));
      this.misses = [0, 1].map(() => Object.keys(BINS).map(() => MEMORIES.map(() => Array(MOST_BINS).fill(0))));
      Object.assign(this, { starts: [], ends: [], records: [], count: 0 });
    }
  }

  /** Adds what is believed of the person to a state that knows weights alone; nothing of it goes with these. */
  add() {
    const { person, person_prior } = this.population;
    const size = this.covariance.length + PERSON;
    this.weights = this.weights.map((weights) => [...weights, ...person]);
    this.covariance = this.covariance.map((row) => [...row, ...Array(PERSON).fill(0)]);
    person_prior.forEach((value, i) => this.covariance.push(Array(size).fill(0).with(size - PERSON + i, value)));
  }

  /** Weights and covariance of the filter that predicts, given the mean effort of a run in m/s. */
  observed(effort) {
    const place = this.description.states.length; // of the usual effort
    const [weights] = this.weights;
    const along = this.covariance.map((row) => row[place]);
    const gain = along.map((value) => value / (along[place] + this.population.effort_noise));
    return {
      weights: weights.map((value, i) => value + gain[i] * (effort - weights[place])),
      covariance: this.covariance.map((row, i) => row.map((value, k) => value - gain[i] * along[k])),
    };
  }

  /** A number for the intercept, one for efforts, one for facts of the run: one for each state. */
  spread([intercept, efforts, others]) {
    const known = this.description.states.indexOf("sin_day"); // the first fact
    return this.description.states.map((_, i) => (i === 0 ? intercept : i < known ? efforts : others));
  }

  /**
   * What is known before a run.
   *
   * @param {{start: number, speed: Float32Array, altitude: Float32Array}} run from `run.read`.
   * @returns {{expected: number[][], course: number[], history: number[]}} what a model takes; NaN where not known.
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
    const { columns } = this.description;
    const like = { ...usual, climb_per_km: course.log_climb_per_km, log_minutes: Math.log(usual.run_seconds / 60) };
    return {
      expected: this.expected(start, efforts, course),
      course: pick(columns.course ?? [], usual, "the course"),
      history: pick(columns.history ?? [], this.history(start, like), "the person"),
    };
  }

  expected(start, efforts, course) {
    const { states, columns } = this.description;
    const { centre, scale, level } = this.population;
    const drift = this.drift(start);
    const common = Object.entries({ ...calendar(start), ...course });
    const all = { ...efforts, ...Object.fromEntries(common.map(([name, value]) => [name, efforts.one.map(() => value)])) };
    const raw = pick(states, all, "a run");
    const { weights: told, covariance } = this.observed(clip(mean(efforts.graded_speed_over_12), EFFORTS));
    const usual = raw.map((values, i) => (mean(values) - centre[i]) / scale[i]);
    const share = dot(usual, told) - dot(usual, this.weights[0]); // how hard the run is tells of the person
    return Array.from(efforts.one, (_, t) => {
      const features = raw.map((values, i) => (values[t] - centre[i]) / scale[i]);
      const [said, quick, slow] = this.weights.map((weights) => dot(features, weights));
      let variance = level;
      for (let i = 0; i < this.facts; i++) {
        variance += features[i] * (dot(covariance[i], features, this.facts) + drift[i] * features[i]);
      }
      const now = {
        effort: efforts.graded_speed_over_12[t],
        climb: efforts.climbing_over_12[t] - efforts.descending_over_12[t],
        minute: 60 * efforts.hours[t],
      };
      const found = { expected: clip(said + share, POSSIBLE), quicker: quick - said, slower: slow - said };
      found.spread = Math.sqrt(Math.max(variance, 1));
      Object.entries(BINS).forEach(([name, edges], kind) => {
        const place = edges.filter((edge) => edge < Math.fround(now[name])).length;
        MEMORIES.forEach((runs, memory) => {
          const [total, count] = this.misses.map((part) => part[kind][memory][place]);
          found[`miss_by_${name}_over_${runs}`] = total / (count + SHRINK);
        });
      });
      return pick(columns.expected ?? [], found, "the athlete's state");
    });
  }

  /** Variance that the weights gained since the last run. */
  drift(start) {
    const days = this.count ? Math.min(Math.max(start - this.starts.at(-1), 0) / DAY, this.population.longest) : 0;
    return this.spread(this.population.drift).map((each) => days * each);
  }

  /** What earlier runs were like, by name. */
  history(start, like) {
    const found = { ...calendar(start), log_runs_before: Math.log1p(this.count), log_days_since_last_run: NaN, miss_spread: NaN };
    const ages = this.starts.map((_, i) => this.starts.length - 1 - i);
    for (const name of this.description.record) {
      for (const span of SPANS) {
        let [total, weight] = [0, 0];
        this.records.forEach((record, i) => {
          if (Number.isNaN(record[name])) return;
          weight += Math.exp(-ages[i] / span);
          total += Math.exp(-ages[i] / span) * record[name];
        });
        found[`${name}_over_${span}`] = weight > 1e-3 ? total / weight : NaN;
      }
    }
    const days = this.starts.map((each) => Math.max(start - each, 0) / DAY);
    const misses = this.records.map((record) => record.miss || 0);
    const near = (apart, runs) => {
      const close = (record, i) => (Number.isNaN(record.miss) ? 0 : Math.exp(-0.5 * apart(record, i) ** 2 - ages[i] / runs));
      const weights = this.records.map(close);
      return this.count ? dot(weights, misses) / (sum(weights) + 1) : NaN;
    };
    const unlike = (record) => Object.entries(LIKE).map(([name, scale]) => ((record[name] || 0) - like[name]) / scale);
    found.miss_same_hour = near((_, i) => (around(days[i], 1) * 24) / 1.5, 30);
    found.miss_same_season = near((_, i) => around(days[i], 365.25) / 30, 60);
    found.miss_like = near((record) => Math.hypot(...unlike(record)), 60);
    const recent = this.records.map((record) => record.miss).filter(Number.isFinite).slice(-20);
    if (recent.length > 2) found.miss_spread = deviation(recent);
    for (const load of LOADS) {
      const hours = this.starts.map((begin, i) => Math.exp(-days[i] / load) * ((this.ends[i] - begin) / 3600));
      found[`hours_in_${load}_days`] = sum(hours);
    }
    if (this.count) found.log_days_since_last_run = Math.log1p(days.at(-1));
    return found;
  }
}

/** How far days are from a whole number of periods. */
const around = (days, period) => Math.abs(((days + period / 2) % period) - period / 2);

/** Sees to it that a file is a person's state and starts where the model's athletes start. */
function check(kept, { states, record, population }) {
  const anew = "make one with `hrkeras update NEW.json RUNS --model MODEL.keras`";
  const known = [WITHOUT_PERSON, VERSION].includes(kept?.version);
  if (!known || String(kept.states) !== String(states) || String(kept.record) !== String(record)) {
    throw new InputError(`expected what \`hrkeras update\` of the model's version writes; ${anew}`);
  }
  const size = states.length + (kept.version === VERSION ? PERSON : 0);
  const runs = Math.min(kept.runs, KEPT);
  const fits =
    Number.isInteger(kept.runs) &&
    kept.population instanceof Object &&
    (kept.population.differences ?? []).every?.(Array.isArray) &&
    shaped(kept.weights, [FILTERS, size]) &&
    shaped(kept.misses, [2, Object.keys(BINS).length, MEMORIES.length, MOST_BINS]) &&
    shaped(kept.starts, [runs]) &&
    shaped(kept.ends, [runs]) &&
    shaped(kept.records, [runs, record.length], true) &&
    shaped([kept.network?.trust?.products, kept.network?.trust?.squares], [2]) &&
    kept.network.trust.squares > 0 &&
    kept.covariance?.length === FILTERS &&
    kept.covariance[0]?.length === size &&
    kept.covariance[0].every((row, i) => shaped(row, [i + 1]));
  if (!fits) throw new InputError(`its numbers are damaged; ${anew}`);
  const [own, wanted] = [kept.population, population].map(complete);
  const other = Object.keys(wanted).some((name) => name !== "source" && String(own[name]) !== String(wanted[name]));
  if (other) throw new InputError(`it starts from another population than the model was trained with; ${anew}`);
}

/** A population in full: those written before the person's numbers were known learn nothing from them. */
function complete(population) {
  if ("person" in population) return population;
  const differences = (population.differences ?? []).map((each) => [...each, ...Array(PERSON).fill(0)]);
  return { ...BEFORE, ...population, differences };
}

/** Whether nested lists of numbers (and nulls, if some may be unknown) have a shape. */
function shaped(values, [size, ...rest], unknown = false) {
  if (size === undefined) return Number.isFinite(values) || (unknown && values === null);
  return Array.isArray(values) && values.length === size && values.every((each) => shaped(each, rest, unknown));
}
