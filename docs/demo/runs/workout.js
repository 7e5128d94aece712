// One recorded workout of raw points, as hrkeras.workouts.workout makes it; its positions are not kept.

import { inOrder, isDate } from "./clock.js";
import { InputError } from "./input_error.js";
import { interpolate, lowest, highest, measured, range } from "./numbers.js";

const EARTH_RADIUS = 6_371_008.8; // m
const MAX_SPEED_GAP = 30; // s; across a longer one a speed reading says nothing of the whole interval
const MAX_STALE = 10; // s; a position that is repeated for longer means standing still
const MAX_MAGNITUDE = 1e6;

/**
 * @typedef {object} Workout
 * @property {Float64Array} time s since the start, increasing strictly from 0.
 * @property {Float64Array} speed m/s over the interval that ends at the point.
 * @property {Float64Array} altitude m.
 * @property {Float64Array} heartRate beats/min.
 * @property {number} start s since 1970-01-01 UTC; NaN where the date is unknown.
 * @property {number} gpsShare share of the points that had a position, see `Workout.gps_fraction`.
 * @property {number} samples how many times heart rate was measured.
 * @property {string} sport
 * @property {string} name of the file.
 * @property {boolean} estimated whether the heart rate was written by hrkeras.
 */

/**
 * The workout of points in the order of recording.
 *
 * @param {object[]} points each with clock, latitude, longitude, altitude, speed, heartRate, distance; NaN where missing.
 * @param {object} about sport, name, estimated, and samples where they are fewer than the points with a heart rate.
 * @returns {Workout}
 * @throws {InputError} if fewer than two points have a usable time.
 */
export function fromPoints(points, about) {
  const kept = inOrder(points.map((point) => point.clock)).map((i) => points[i]);
  if (kept.length < 2)
    throw new InputError("fewer than two of its points have a time, so it is no recording of a run; export it with times");
  const begin = kept[0].clock;
  const time = Float64Array.from(kept, (point) => point.clock - begin);
  const column = (name) => Float64Array.from(kept, (point) => (Math.abs(point[name]) <= MAX_MAGNITUDE ? point[name] : NaN));
  const [latitude, longitude] = [column("latitude"), column("longitude")];
  const travelled = speedFromPositions(time, latitude, longitude);
  const speed = deviceSpeed(time, withoutSpeed(time, column("speed"), column("distance"), latitude), travelled.speed);
  const [first, behind] = withSpeed(time, speed);
  const part = (values) => values.slice(first, behind);
  const heartRate = part(column("heartRate")).map((value) => (value > 0 ? value : NaN));
  return {
    ...{ samples: measured(heartRate).length, ...about },
    time: part(time).map((t) => t - time[first]),
    speed: part(speed),
    altitude: part(column("altitude")),
    heartRate,
    start: isDate(begin + time[first]) ? begin + time[first] : NaN,
    gpsShare: gpsShare(part(time), part(travelled.covered)),
  };
}

/** Whether altitude was measured; the same throughout was not. */
export function hasAltitude({ altitude }) {
  const known = measured(altitude);
  return known.length > 0 && highest(known) > lowest(known);
}

/** The device's speeds, and where it gives neither speed nor position what its distances say. */
function withoutSpeed(time, speed, distance, latitude) {
  const places = range(time.length).filter((i) => Number.isFinite(distance[i]));
  places.forEach((place, k) => {
    const [from, to] = k ? [places[k - 1], place] : places.slice(0, 2);
    if (to === undefined || speed[place] > 0 || Number.isFinite(latitude[place])) return;
    speed[place] = (distance[to] - distance[from]) / (time[to] - time[from]);
  });
  return speed;
}

const valid = (phi, lambda) => Math.abs(phi) <= 90 && Math.abs(lambda) <= 180 && (phi !== 0 || lambda !== 0);

/** Which positions are on Earth and not at (0, 0). */
export const validPositions = (latitude, longitude) => range(latitude.length).filter((i) => valid(latitude[i], longitude[i]));

/** Speed in m/s over great circles between positions, and which points these cover. */
function speedFromPositions(time, latitude, longitude) {
  let places = validPositions(latitude, longitude);
  const speed = new Float64Array(time.length).fill(NaN);
  const is = new Float64Array(time.length).fill(NaN);
  places.forEach((place) => (is[place] = 0));
  if (places.length < 2) return { speed, covered: is.map((value) => (value === 0 ? 1 : 0)) };
  const covered = interpolate(time, time, is, MAX_SPEED_GAP).map((value) => (value === 0 ? 1 : 0));
  const [first, last] = [places[0], places.at(-1)];
  places = measuredAnew(places, time, latitude, longitude);
  const along = new Float64Array(time.length).fill(NaN);
  let total = 0;
  places.forEach((place, k) => {
    if (k) total += haversine(latitude[places[k - 1]], longitude[places[k - 1]], latitude[place], longitude[place]);
    along[place] = total;
  });
  const distance = interpolate(time, time, along, Infinity, true);
  for (let i = first + 1; i <= last; i++) speed[i] = (distance[i] - distance[i - 1]) / (time[i] - time[i - 1]);
  speed[first] = speed[first + 1];
  return { speed, covered };
}

/** The places whose position is not that of the place before; one repeated for longer than `MAX_STALE` is kept. */
function measuredAnew(places, time, latitude, longitude) {
  const moved = places.filter(
    (place, k) => !k || latitude[place] !== latitude[places[k - 1]] || longitude[place] !== longitude[places[k - 1]],
  );
  const known = new Set(moved);
  let k = -1; // of the last that moved
  return places.filter((place) => {
    if (known.has(place)) k += 1;
    return known.has(place) || k === moved.length - 1 || time[moved[k + 1]] - time[moved[k]] > MAX_STALE;
  });
}

export function haversine(latitude, longitude, latitude2, longitude2) {
  const [phi, lambda, phi2, lambda2] = [latitude, longitude, latitude2, longitude2].map((degrees) => (degrees * Math.PI) / 180);
  const half = Math.sin((phi2 - phi) / 2) ** 2 + Math.cos(phi) * Math.cos(phi2) * Math.sin((lambda2 - lambda) / 2) ** 2;
  return 2 * EARTH_RADIUS * Math.asin(Math.sqrt(Math.min(half, 1)));
}

/** The device's speed where it has one that counts, else the one travelled. */
function deviceSpeed(time, given, travelled) {
  const known = travelled.some(Number.isFinite);
  return time.map((t, i) => {
    if (!known) return given[i] >= 0 ? given[i] : NaN;
    const near = (i ? t - time[i - 1] : 0) <= MAX_SPEED_GAP || !Number.isFinite(travelled[i]);
    return given[i] > 0 && near ? given[i] : travelled[i];
  });
}

/** First point, and the one behind the last, without long parts at either end in which no speed is known. */
function withSpeed(time, speed) {
  const places = range(time.length).filter((i) => Number.isFinite(speed[i]));
  if (places.length < 2) return [0, time.length];
  const [first, last] = [places[0], places.at(-1)];
  return [time[first] > MAX_SPEED_GAP ? first : 0, time.at(-1) - time[last] > MAX_SPEED_GAP ? last + 1 : time.length];
}

function gpsShare(time, covered) {
  const [first, last] = [covered.indexOf(1), covered.lastIndexOf(1)];
  const part = first >= 0 && time[last] - time[first] >= (time.at(-1) - time[0]) / 2 ? covered.slice(first, last + 1) : covered;
  return part.filter((value) => value).length / part.length;
}
