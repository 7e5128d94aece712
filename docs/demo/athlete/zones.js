// Maximum and threshold heart rate, estimated from the runs that the state remembers, as hrkeras.athlete.zones has them.

import { DAY } from "../runs/clock.js";
import { at, range, sum } from "../runs/numbers.js";
import { reader, view } from "./fitness.js";

const USUAL = { age: 40, spread: 11.5 }; // years and their standard deviation, where age is not known
const [AT_BIRTH, PER_YEAR, WOMEN_BELOW, ERROR] = [211, 0.64, 5, 10.8]; // beats/min; maximum by age, Nes et al. 2013
const OLDEST = 110; // years
const FAULT = 0.05; // share of the runs in which a sensor may read more than the heart can beat
const [THRESHOLD, THRESHOLD_SPREAD] = [0.91, 0.03]; // of the maximum
const [SHORT, LEAST_SHORT] = [0.25, 0.03]; // how far the hardest of n runs stays below the maximum
const [SLOW, LEAST_SLOW] = [0.5, 0.1]; // how far the fastest of n runs stays below what the person could run for an hour
const ENDURANCE = 1 - 1 / 1.06; // speed falls with time to this power, Riegel 1981
const [SHORTEST, SUSTAINED] = [20, 40]; // min, least of a run that shows the speed for an hour, and of one that could be held
const NORMAL = 1.2816; // standard deviations beyond which a tenth of a normal distribution lies
const between = (low, high) => range(high - low + 1).map((i) => low + i);
const normal = (value, mean, spread) => -0.5 * ((value - mean) / spread) ** 2;

/**
 * Maximum and threshold in beats/min, each with limits above and below which it lies in one case of ten.
 *
 * @param {Athlete} athlete
 * @returns {{maximum: number[], threshold: number[], told: boolean}} value, lower and upper limit; and whether the maximum is
 *   the one that the person has told.
 */
export function zones(athlete) {
  const told = athlete.told.max_heart_rate?.value;
  const highest = told === undefined ? between(110, 230) : [told];
  const thresholds = between(70, 230);
  const about = ageOf(athlete.told);
  const records = athlete.records.filter((each) => Number.isFinite(each.highest_heart_rate));
  const lasting = (minutes) => records.filter((each) => Math.exp(each.log_minutes) >= minutes);
  const highs = records.map((each) => each.highest_heart_rate);
  const held = believed(lasting(SUSTAINED).map((each) => each.mean_heart_rate));
  const hour = lasting(SHORTEST).length ? atAnHoursSpeed(athlete, lasting(SHORTEST)) : null;
  const ofMaximum = highest.map(
    (value) => normal(value, about.maximum, about.spread) - Math.log(value) + likelihood(value, highs),
  );
  const ofThreshold = thresholds.map((value) => (hour ? normal(value, ...hour) : 0) + above(value, held));
  const likely = highest.map((top, i) =>
    thresholds.map((value, k) =>
      value < top ? ofMaximum[i] + ofThreshold[k] + normal(value / top, THRESHOLD, THRESHOLD_SPREAD) : -Infinity,
    ),
  );
  const most = Math.max(...likely.map((row) => Math.max(...row)));
  const weight = likely.map((row) => row.map((value) => Math.exp(value - most)));
  const columns = thresholds.map((_, k) => sum(weight.map((row) => row[k])));
  return { maximum: quantiles(highest, weight.map(sum)), threshold: quantiles(thresholds, columns), told: told !== undefined };
}

/** The maximum to expect at the age that the person has told, and its standard deviation. */
function ageOf({ age, sex }) {
  if (!age) return { maximum: AT_BIRTH - PER_YEAR * USUAL.age, spread: Math.hypot(ERROR, PER_YEAR * USUAL.spread) };
  const days = Math.max(Math.floor((Date.now() - Date.parse(age.date)) / 1000 / DAY), 0);
  const now = Math.min(age.value + Math.floor(days / 365.25), OLDEST);
  return { maximum: AT_BIRTH - PER_YEAR * now - (sex?.value === "female" ? WOMEN_BELOW : 0), spread: ERROR };
}

/** All but the highest twentieth, which sensor faults may have caused. */
const believed = (rates) => [...rates].sort((a, b) => a - b).slice(0, rates.length - Math.floor(rates.length * FAULT + 1e-9));
const above = (limit, rates) => Math.log(FAULT) * rates.filter((rate) => rate > limit).length;

/** Log-likelihood of the steady highs of some runs, given a maximum. */
function likelihood(maximum, highs) {
  if (!highs.length) return 0;
  const rates = believed(highs);
  const gap = Math.min(...rates.map((rate) => (rate > maximum ? maximum : maximum - rate)));
  return above(maximum, rates) - gap / maximum / Math.max(SHORT / Math.sqrt(highs.length), LEAST_SHORT);
}

/** What the filter expects at the speed that could be held for an hour, and its standard deviation, beats/min. */
function atAnHoursSpeed(athlete, records) {
  const fastest = Math.max(...records.map((each) => each.mean_effort * (Math.exp(each.log_minutes) / 60) ** ENDURANCE));
  const more = Math.max(SLOW / Math.sqrt(records.length), LEAST_SLOW);
  const now = view(athlete);
  const [expected, faster] = [1, 2].map((times) => reader(athlete, fastest * (1 + times * more), [0, 0, 0])(now));
  return [expected.value, Math.hypot((expected.high - expected.low) / 2 / NORMAL, faster.value - expected.value)];
}

function quantiles(values, weight) {
  const all = sum(weight);
  let total = 0;
  const below = weight.map((each) => ((total += each) - each / 2) / all);
  return [0.5, 0.1, 0.9].map((share) => at(share, below, values));
}
