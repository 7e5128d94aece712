// A workout on a uniform time grid, filtered as hrkeras.workouts.quality and grid do with the limits of `hrkeras update`.

import { InputError } from "./input_error.js";
import { at, interpolate, measured, range } from "./numbers.js";
import { hasAltitude } from "./workout.js";

export const STEP = 10; // s
export const STANDING = 0.5; // m/s, below it
const MAX_STEPS = 100_000;
const MAX_HEART_RATE_GAP = 120; // s
const LEAST_POINTS = 50;
const MIN_MEAN_SPEED = 0.2; // m/s
const OUTSIDE = 0.05; // share of values that may lie out of range
const POSSIBLE = { speed: [0, 10], altitude: [-500, 6500], heartRate: [50, 220] }; // m/s, m, beats/min
const DURATION = [300, 6 * 3600]; // s
const MEAN_INTERVAL = 60; // s a point
const GPS = 0.9; // share of points
const HEART_RATE = 0.5; // share of points
const RECORDS = [
  ...[
    [400, 43.03],
    [800, 100.91],
    [1500, 206],
    [5000, 755.36],
    [10_000, 1571],
    [21_097.5, 3451],
    [42_195, 7235],
  ],
  ...[
    [100_000, 21_935],
    [319_614, 86_400],
  ],
]; // m, s; as in hrkeras.workouts.records

/**
 * @typedef {object} Run a workout that can be learnt from.
 * @property {number} start s since 1970-01-01 UTC.
 * @property {number} end likewise.
 * @property {Float32Array} speed m/s of each step.
 * @property {Float32Array} altitude m.
 * @property {Float32Array} heartRate beats/min, NaN where it was not measured.
 * @property {boolean} hasAltitude
 * @property {string} name of the file.
 */

const outside = (value, [low, high]) => value < low || value > high;
const share = (time, values) => measured(interpolate(time, time, values, MAX_HEART_RATE_GAP)).length / time.length;

/** Why a workout is not learnt from, in the words of the command line; empty if it is. */
export function leftOut(workout) {
  const { sport, time, heartRate, altitude, gpsShare, start, estimated } = workout;
  if (sport !== "running") return `another sport (${sport || "unnamed"})`;
  if (estimated) return "heart rate estimated, not measured";
  if (share(time, heartRate) < HEART_RATE) return "heart rate incomplete";
  if (time.length < LEAST_POINTS) return "too few points";
  if (outOfRange(workout, altitude, heartRate)) return "values out of range, or no runner's speed";
  if (gpsShare < GPS) return "positions incomplete";
  const duration = time.at(-1);
  if (outside(duration, DURATION) || duration > MEAN_INTERVAL * (time.length - 1)) return "duration or sampling unreasonable";
  return Number.isNaN(start) ? "date unknown (clock not set)" : "";
}

function outOfRange(workout, altitude, heartRate) {
  const speed = meanSpeeds(workout) ?? [];
  const columns = [
    [speed, POSSIBLE.speed],
    [altitude, POSSIBLE.altitude],
    [heartRate, POSSIBLE.heartRate],
  ];
  const many = ([values, limits]) =>
    values.filter((value) => outside(value, limits)).length > OUTSIDE * measured(values).length;
  if (columns.some(many)) return true;
  const believed = Array.from(speed).filter((value) => !outside(value, POSSIBLE.speed));
  if (!believed.length) return false;
  const mean = believed.reduce((a, b) => a + b) / believed.length;
  return mean < MIN_MEAN_SPEED || mean > fastest(workout.time.at(-1));
}

/** Record mean speed in m/s over a time in s. */
export function fastest(duration) {
  const [times, speeds] = [RECORDS.map(([, s]) => Math.log(s)), RECORDS.map(([metres, s]) => Math.log(metres / s))];
  return Math.exp(at(Math.log(duration), times, speeds));
}

/** Distance covered in each step over its length, m/s; null where there is no speed or no step. */
function meanSpeeds({ time, speed }) {
  const steps = Math.floor(Math.min(time.at(-1) / STEP, MAX_STEPS + 1));
  if (steps < 1 || steps > MAX_STEPS || !speed.some(Number.isFinite)) return null;
  const everywhere = interpolate(time, time, speed, Infinity, true);
  let total = 0;
  const distance = time.map((t, i) => (i ? (total += everywhere[i] * (t - time[i - 1])) : 0));
  const passed = interpolate(
    range(steps + 1).map((i) => STEP * i),
    time,
    distance,
    Infinity,
    true,
  );
  return Float64Array.from({ length: steps }, (_, i) => (passed[i + 1] - passed[i]) / STEP);
}

/**
 * A workout on the grid, without values that cannot be.
 *
 * @returns {Run}
 * @throws {InputError} if it has no speed or no sensible duration.
 */
export function resample(workout) {
  const duration = workout.time.at(-1);
  if (duration < STEP) throw new InputError(`it lasts ${Math.round(duration)} s, which is no run; give another`);
  if (duration > 86_400) throw new InputError("it lasts over 24 hours, and nothing can be said of more than a day; cut it");
  const speeds = meanSpeeds(workout)?.map((value) => (outside(value, POSSIBLE.speed) ? NaN : value));
  if (!speeds?.some(Number.isFinite)) {
    throw new InputError("it has neither positions nor speed that a runner could have; export it with positions");
  }
  const without = (name) => workout[name].map((value) => (outside(value, POSSIBLE[name]) ? NaN : value));
  const altitude = without("altitude");
  const heartRate = workout.estimated ? workout.heartRate.map(() => NaN) : without("heartRate");
  const steps = range(speeds.length);
  const middle = steps.map((i) => STEP * i + STEP / 2);
  const heights = interpolate(middle, middle, atSteps(middle, workout.time, altitude, Infinity), Infinity, true);
  return {
    name: workout.name,
    start: workout.start,
    end: workout.start + STEP * steps.length,
    speed: Float32Array.from(interpolate(steps, steps, speeds, Infinity, true)),
    altitude: Float32Array.from(heights, (value) => (Number.isNaN(value) ? 0 : value)),
    heartRate: Float32Array.from(atSteps(middle, workout.time, heartRate, MAX_HEART_RATE_GAP)),
    hasAltitude: hasAltitude({ altitude }),
  };
}

/** The mean of a step's points where there are several, else what lies between its neighbours. */
function atSteps(middle, time, values, maxGap) {
  const [total, count] = [new Float64Array(middle.length), new Float64Array(middle.length)];
  time.forEach((t, i) => {
    const step = Math.floor(t / STEP);
    if (step < middle.length && Number.isFinite(values[i])) {
      total[step] += values[i];
      count[step] += 1;
    }
  });
  return interpolate(middle, time, values, maxGap).map((value, i) => (count[i] > 1 ? total[i] / count[i] : value));
}

/** The speeds of a run but for its pauses, as while a watch is stopped: two minutes or more of standing without heart rate. */
export function ran({ speed, heartRate }) {
  const idle = Array.from(speed, (value, i) => value < STANDING && Number.isNaN(heartRate[i]));
  let begin = 0;
  return Array.from(speed).filter((_, i) => {
    if (!idle[i]) return true;
    if (!i || !idle[i - 1]) begin = i;
    const next = idle.indexOf(false, i);
    return ((next < 0 ? idle.length : next) - begin + 2) * STEP < MAX_HEART_RATE_GAP; // at both ends it is partly run
  });
}
