// What a person's earlier runs were like, as hrkeras.athlete.history says.

import { DAY } from "../runs/clock.js";
import { STEP } from "../runs/grid.js";
import { deviation, dot, mean, quantile, sum } from "../runs/numbers.js";

const SPANS = [1, 4, 12, 40]; // runs
const LIKE = { mean_effort: 0.35, climb_per_km: 0.5, log_minutes: 0.4 }; // how far apart two runs are that are hardly alike
const LOADS = [2, 7, 28]; // days

/** Time of the day (UTC) and of the year of a start in s since 1970-01-01 UTC. */
export function calendar(start) {
  const turn = (days) => 2 * Math.PI * ((((start / DAY / days) % 1) + 1) % 1);
  const [day, year] = [turn(1), turn(365.25)];
  return {
    ...{ sin_day: Math.sin(day), cos_day: Math.cos(day), sin_half_day: Math.sin(2 * day), cos_half_day: Math.cos(2 * day) },
    ...{ sin_year: Math.sin(year), cos_year: Math.cos(year) },
  };
}

/** How far days are from a whole number of periods. */
const around = (days, period) => Math.abs(((days + period / 2) % period) - period / 2);

/**
 * A finished run in a few numbers, by name.
 *
 * @param {Float32Array} heartRate beats/min of each step, NaN where it was not measured.
 * @param {Float32Array} efforts m/s, averaged over two minutes.
 * @param {number} climb log of 1 and the metres climbed in a kilometre.
 * @param {number[]} expected beats/min.
 */
export function record(heartRate, efforts, climb, expected) {
  const steps = [...heartRate.keys()].filter((step) => Number.isFinite(heartRate[step]));
  const rates = steps.map((step) => heartRate[step]);
  const usual = mean(efforts);
  const some = (values) => (values.length > 2 ? mean(values) : NaN);
  const misses = (chosen) => some(steps.filter(chosen).map((step) => heartRate[step] - expected[step]));
  return {
    mean_heart_rate: some(rates),
    heart_rate_spread: rates.length > 2 ? deviation(rates) : NaN,
    first_minutes: some(steps.filter((step) => STEP * step < 180).map((step) => heartRate[step])),
    highest_heart_rate: rates.length > 2 ? quantile(rates, 0.95) : NaN,
    miss: misses(() => true),
    miss_early: misses((step) => STEP * step < 300),
    miss_late: misses((step) => STEP * step > 3600),
    miss_easy: misses((step) => efforts[step] <= usual),
    miss_hard: misses((step) => efforts[step] > usual),
    mean_effort: usual,
    climb_per_km: climb,
    log_minutes: Math.log((efforts.length * STEP) / 60),
    measured: rates.length / heartRate.length,
  };
}

/**
 * What is known before a run, by name; NaN where nothing is.
 *
 * @param {number} start s since 1970-01-01 UTC.
 * @param {object} like facts of its course.
 * @param {{starts: number[], ends: number[], records: object[], count: number}} athlete
 * @param {string[]} names of what a record holds.
 */
export function before(start, like, { starts, ends, records, count }, names) {
  const found = { ...calendar(start), log_runs_before: Math.log1p(count), log_days_since_last_run: NaN, miss_spread: NaN };
  const ages = starts.map((_, i) => starts.length - 1 - i);
  for (const name of names) {
    for (const span of SPANS) {
      let [total, weight] = [0, 0];
      records.forEach((each, i) => {
        if (Number.isNaN(each[name])) return;
        weight += Math.exp(-ages[i] / span);
        total += Math.exp(-ages[i] / span) * each[name];
      });
      found[`${name}_over_${span}`] = weight > 1e-3 ? total / weight : NaN;
    }
  }
  const days = starts.map((each) => Math.max(start - each, 0) / DAY);
  const misses = records.map((each) => each.miss || 0);
  const near = (apart, runs) => {
    const close = (each, i) => (Number.isNaN(each.miss) ? 0 : Math.exp(-0.5 * apart(each, i) ** 2 - ages[i] / runs));
    const weights = records.map(close);
    return count ? dot(weights, misses) / (sum(weights) + 1) : NaN;
  };
  const unlike = (each) => Object.entries(LIKE).map(([name, scale]) => ((each[name] || 0) - like[name]) / scale);
  found.miss_same_hour = near((_, i) => (around(days[i], 1) * 24) / 1.5, 30);
  found.miss_same_season = near((_, i) => around(days[i], 365.25) / 30, 60);
  found.miss_like = near((each) => Math.hypot(...unlike(each)), 60);
  const recent = records
    .map((each) => each.miss)
    .filter(Number.isFinite)
    .slice(-20);
  if (recent.length > 2) found.miss_spread = deviation(recent);
  for (const load of LOADS)
    found[`hours_in_${load}_days`] = sum(days.map((ago, i) => Math.exp(-ago / load) * ((ends[i] - starts[i]) / 3600)));
  if (count) found.log_days_since_last_run = Math.log1p(days.at(-1));
  return found;
}
