// How hard a run is at each step, as numbers that heart rate depends on nearly linearly. It says what hrkeras.workouts.effort
// says; formulas: docs/reference/athlete_formulas.md.

import { STANDING, STEP } from "../runs/grid.js";
import { clip, mean } from "../runs/numbers.js";

const COST = [155.4, -30.4, -43.3, 46.3, 19.5, 3.6]; // J/kg/m by grade, Minetti et al. 2002
const LAG = 5; // steps that a grade is taken over
export const MAX_GRADE = 0.3;
const cost = (grade) => COST.reduce((total, coefficient) => total * grade + coefficient, 0);

/** The factor of the speed on the flat at which effort is the same. */
export const speedOnSlope = (grade) => clip(COST.at(-1) / cost(grade), [0.4, 1.25]);

/** Exponential averages that start from 0: `{name_over_span: values}`. */
function averages(name, values, spans) {
  return Object.fromEntries(
    spans.map((span) => {
      const keep = 1 - 2 / (span + 1);
      let state = 0;
      return [`${name}_over_${span}`, values.map((value) => (state = keep * state + (1 - keep) * value))];
    }),
  );
}

const sumSoFar = (values, total = 0) => values.map((value) => (total += value));
const meanSoFar = (values) => sumSoFar(values).map((total, i) => total / (i + 1));
const highestSoFar = (values, highest = -Infinity) => values.map((value) => (highest = Math.max(highest, value)));

/**
 * What heart rate is nearly linear in, as `hrkeras.workouts.effort.basis` says: `{name: value of each step}`.
 *
 * @param {Float32Array} speed m/s.
 * @param {Float32Array} altitude m.
 */
export function basis(speed, altitude) {
  const v = Float64Array.from(speed);
  const climb = v.map((_, t) => (altitude[t] - altitude[Math.max(t - LAG, 0)]) / (LAG * STEP));
  const effort = v.map((value, t) => {
    const usual = mean([0, 1, 2, 3, 4].map((k) => v[Math.max(t - k, 0)]));
    const grade = clip(climb[t] / Math.max(usual, 0.5), [-MAX_GRADE, MAX_GRADE]);
    return (value * cost(grade)) / COST.at(-1);
  });
  const [up, down] = [climb.map((value) => Math.max(value, 0)), climb.map((value) => Math.max(-value, 0))];
  const standing = v.map((value) => (value < STANDING ? 1 : 0));
  const found = {
    one: v.map(() => 1),
    ...averages("graded_speed", effort, [3, 12, 30, 90, 180]),
    ...averages("speed", v, [3, 12, 30, 90]),
    ...averages("climbing", up, [3, 12, 30, 90]),
    ...averages("descending", down, [3, 12, 30, 90]),
    ...averages("standing", standing, [3, 12, 60]),
    ...averages(
      "walking",
      v.map((value) => Math.min(value, 2)),
      [3, 12],
    ),
  };
  const [e12, e30, v12] = [found.graded_speed_over_12, found.graded_speed_over_30, found.speed_over_12];
  const slope = averages(
    "slope",
    climb.map((value, t) => value / Math.max(v[t], 0.7)),
    [12],
  ).slope_over_12;
  found.grade_over_12 = slope.map((value) => clip(value, [-0.5, 0.5]));
  found.steepness_over_12 = found.grade_over_12.map(Math.abs);
  for (const [name, squares] of Object.entries(
    averages(
      "speed",
      v.map((value) => value * value),
      [30, 90],
    ),
  )) {
    const spread = squares.map((value, t) => Math.sqrt(Math.max(value - found[name][t] ** 2, 0)));
    found[name.replace("speed", "speed_spread")] = spread;
  }
  const hard = e12.map((value) => Math.max(value - 3, 0));
  const hours = v.map((_, t) => (STEP * t) / 3600);
  const decay = (seconds) => v.map((_, t) => Math.exp((-STEP * t) / seconds));
  const times = (one, two) => one.map((value, t) => value * two[t]);
  Object.assign(found, {
    mean_graded_speed: meanSoFar(effort),
    highest_graded_speed: highestSoFar(e12),
    share_standing: meanSoFar(standing),
    above_3_m_s: hard,
    above_3_m_s_so_far: sumSoFar(hard).map((total) => (total * STEP) / 3600),
    climbed: sumSoFar(up).map((total) => (total * STEP) / 500),
    descended: sumSoFar(down).map((total) => (total * STEP) / 500),
    hours,
    log_minutes: hours.map((value) => Math.log1p(60 * value)),
    ...Object.fromEntries([30, 60, 200, 600, 1800].map((seconds) => [`decay_${seconds}_s`, decay(seconds)])),
    effort_by_hours: times(e30, hours),
    effort_by_decay_60_s: times(e12, decay(60)),
    effort_by_decay_200_s: times(e30, decay(200)),
    effort_by_decay_600_s: times(e12, decay(600)),
    speed_by_hours: times(v12, hours),
    effort_squared: times(e30, e30),
    speed_squared: times(v12, v12),
  });
  return Object.fromEntries(Object.entries(found).map(([name, values]) => [name, Float32Array.from(values)]));
}
