// The 80 % prediction interval, calibrated on the person's earlier runs, as hrkeras.athlete.interval has it.

import { STEP } from "../runs/grid.js";
import { at, clip, mean, place, range, sum } from "../runs/numbers.js";

const EDGES = range(49).map((i) => -3 + i / 8); // in standard deviations of the state's prediction
const TAIL = 0.1; // share of the heart rates below the interval, and as many above it
const RATE = 0.1; // share of the deviation from it that is corrected after a run of an hour or longer
const LEAST_AND_MOST = [0.005, 0.45];
const TYPICAL = 0.64; // standard deviation of people's residuals, in the same units
const WEIGHT = 4; // hours of data that this prior counts for
const SPAN = 100; // runs after which a run counts for a third
const HOUR = 3600; // s
const [SURE, BEYOND] = [17, 0.45]; // beats/min, and what of a standard deviation above it counts
export const POSSIBLE = [30, 230]; // beats/min

/** The error function, by its series, which is exact to 1e-11 where it is needed. */
function erf(x) {
  let [term, total] = [x, x];
  for (let n = 1; n < 100; n++) {
    term *= (-x * x) / n;
    total += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * total;
}

const BELOW = [0, ...EDGES.map((edge) => 0.5 + 0.5 * erf(edge / TYPICAL / Math.SQRT2)), 1];
const PRIOR = range(EDGES.length + 1).map((i) => WEIGHT * (BELOW[i + 1] - BELOW[i]));

/** How far heart rate lay from its prediction in the runs so far. */
export class Interval {
  constructor(hours = [...PRIOR], tails = [TAIL, TAIL]) {
    Object.assign(this, { hours, tails });
  }

  /** Lower and upper limit from the prediction, in standard deviations. */
  get limits() {
    const all = sum(this.hours);
    let total = 0;
    const below = this.hours.map((hours) => (total += hours) / all).slice(0, -1);
    return [this.tails[0], 1 - this.tails[1]].map((share) => at(share, below, EDGES));
  }

  /** Learns from a finished run; beats/min of each step, heart rate NaN where it was not measured. */
  update(heartRate, predicted, deviation) {
    const scales = scale(deviation);
    const residuals = [];
    heartRate.forEach((rate, i) => Number.isFinite(rate) && residuals.push((rate - predicted[i]) / scales[i]));
    if (!residuals.length) return;
    const [low, high] = this.limits;
    const beyond = [residuals.filter((each) => each < low).length, residuals.filter((each) => each > high).length];
    const hours = (residuals.length * STEP) / HOUR;
    const rate = RATE * Math.min(hours, 1);
    this.tails = this.tails.map((tail, i) => clip(tail + rate * (TAIL - beyond[i] / residuals.length), LEAST_AND_MOST));
    const keep = Math.exp(-1 / SPAN);
    this.hours = this.hours.map((each, i) => keep * each + (1 - keep) * PRIOR[i]);
    for (const each of residuals) this.hours[place(EDGES, each)] += STEP / HOUR;
  }
}

/** What the interval of a run is measured in, beats/min. */
function scale(deviation) {
  const usual = mean(deviation);
  const factor = Math.min(1, (SURE + BEYOND * (usual - SURE)) / usual);
  return deviation.map((each) => each * factor);
}

/** Lower and upper limit of each step around a prediction, beats/min. */
export function around(predicted, deviation, limits) {
  const scales = scale(deviation);
  return limits.map((limit) => Float32Array.from(predicted, (rate, i) => clip(rate + limit * scales[i], POSSIBLE)));
}
