// A GPX file as a run on a uniform time grid. It says what the readers, limits and grid of hrkeras.workouts say.

export const STEP = 10; // s
export const MAX_BYTES = 50 * 2 ** 20; // of a file
const MAX_HOURS = 12; // a model's time and memory grow with the square of a run's length
const EARTH_RADIUS = 6_371_008.8; // m
const EARLIEST = 631_152_000; // 1990-01-01, s since 1970
const LATEST = 4_102_444_800; // 2100-01-01
const MAX_SPEED_GAP = 30; // s; across a longer one a speed reading says nothing of the whole interval
const MAX_HEART_RATE_GAP = 120; // s
const MAX_MAGNITUDE = 1e6;
const POSSIBLE = { speed: [0, 10], altitude: [-500, 6500], heartRate: [50, 220] }; // m/s, m, beats/min
const FIELDS = { time: "clock", ele: "altitude", speed: "speed", hr: "heartRate", heartrate: "heartRate" }; // by element

/** What a person gave cannot be used; the message says why and how to go on. */
export class InputError extends Error {}

/**
 * The run in a GPX file.
 *
 * @param {string} text of the file.
 * @returns {{start: number, sport: string, hasAltitude: boolean, speed: Float32Array, altitude: Float32Array,
 *   heartRate: Float32Array}} start in s since 1970-01-01 UTC; m/s, m and beats/min of each step, heart rate NaN where it
 *   was not measured; no positions.
 * @throws {InputError} if it holds no run.
 */
export function read(text) {
  const { sport, points } = parse(text);
  const timed = points.filter((point) => point.clock >= EARLIEST && point.clock <= LATEST).sort((a, b) => a.clock - b.clock);
  const once = timed.filter((point, i) => !i || point.clock > timed[i - 1].clock);
  if (once.length < 2) {
    throw new InputError("fewer than two of its points have a time, so it is no recording of a run; export it with times");
  }
  const time = once.map((point) => point.clock - once[0].clock);
  const column = (name) => once.map((point) => (Math.abs(point[name]) <= MAX_MAGNITUDE ? point[name] : NaN));
  const speed = speeds(time, column("speed"), travelled(time, column("latitude"), column("longitude")));
  const altitude = possible(column("altitude"), POSSIBLE.altitude);
  const heartRate = possible(column("heartRate"), POSSIBLE.heartRate);
  const grid = resample(time, possible(speed, POSSIBLE.speed), altitude, heartRate);
  return { start: once[0].clock, sport, hasAltitude: altitude.some(Number.isFinite), ...grid };
}

function parse(text) {
  if (text.includes("<!DOCTYPE") || text.includes("<!ENTITY")) {
    throw new InputError("it declares a document type (DOCTYPE), which no recording needs, so it was not opened; export it anew");
  }
  const xml = new DOMParser().parseFromString(text, "text/xml");
  if (xml.getElementsByTagName("parsererror").length || xml.documentElement.localName.toLowerCase() !== "gpx") {
    throw new InputError("expected a GPX file, found something else or a damaged one; export the run as GPX");
  }
  const points = Array.from(xml.getElementsByTagNameNS("*", "trkpt"), (element) => {
    const [latitude, longitude] = ["lat", "lon"].map((name) => number(element.getAttribute(name) ?? ""));
    return fill({ clock: NaN, latitude, longitude, altitude: NaN, speed: NaN, heartRate: NaN }, element);
  });
  if (!points.length) {
    throw new InputError("it has no track points; export the recording of a run, not a route or a list of places");
  }
  const type = xml.querySelector("trk > type");
  return { sport: type ? type.textContent.trim() : "", points };
}

/** Gives a point what the elements in it say; of what is said twice the first counts. */
function fill(point, element) {
  for (let child = element.firstElementChild; child; child = child.nextElementSibling) {
    const field = FIELDS[child.localName.toLowerCase()];
    if (field && Number.isNaN(point[field])) point[field] = (field === "clock" ? seconds : number)(child.textContent);
    fill(point, child);
  }
  return point;
}

const number = (text) => (text.trim() ? Number(text) : NaN);

/** Seconds since 1970 of an ISO 8601 time; UTC where it names no offset. */
function seconds(text) {
  const named = /(Z|[+-]\d\d:?\d\d)$/i.test(text.trim());
  return Date.parse(text.trim() + (named ? "" : "Z")) / 1000;
}

/** Mean speed in m/s over the interval that ends at each point, by great circles between valid positions (haversine). */
function travelled(time, latitude, longitude) {
  const valid = time.map((_, i) => {
    const [phi, lambda] = [latitude[i], longitude[i]];
    return Math.abs(phi) <= 90 && Math.abs(lambda) <= 180 && (phi !== 0 || lambda !== 0);
  });
  if (valid.filter(Boolean).length < 2) return time.map(() => NaN);
  let last = -1;
  let total = 0;
  const distance = time.map((_, i) => {
    if (!valid[i]) return NaN;
    if (last >= 0) total += haversine(latitude[last], longitude[last], latitude[i], longitude[i]);
    last = i;
    return total;
  });
  const along = interpolate(time, time, distance, Infinity, true);
  const speed = time.map((t, i) => (along[i] - along[i - 1]) / (t - time[i - 1]));
  speed[0] = speed[1];
  return speed;
}

function haversine(latitude, longitude, latitude2, longitude2) {
  const [phi, lambda, phi2, lambda2] = [latitude, longitude, latitude2, longitude2].map((degrees) => (degrees * Math.PI) / 180);
  const half = Math.sin((phi2 - phi) / 2) ** 2 + Math.cos(phi) * Math.cos(phi2) * Math.sin((lambda2 - lambda) / 2) ** 2;
  return 2 * EARTH_RADIUS * Math.asin(Math.sqrt(Math.min(half, 1)));
}

/** The device's speed where it has one that counts, else the one travelled. */
function speeds(time, given, travelled) {
  return time.map((t, i) => {
    const counts = given[i] > 0 && (i ? t - time[i - 1] : 0) <= MAX_SPEED_GAP;
    const speed = counts || !Number.isFinite(travelled[i]) ? given[i] : travelled[i];
    return speed >= 0 ? speed : NaN;
  });
}

const possible = (values, [low, high]) => values.map((value) => (value < low || value > high ? NaN : value));

function resample(time, speed, altitude, heartRate) {
  const steps = Math.floor(time.at(-1) / STEP);
  if (steps < 1) throw new InputError(`it lasts ${Math.round(time.at(-1))} s, which is no run; give another`);
  if (steps * STEP > MAX_HOURS * 3600) {
    throw new InputError(`it lasts over ${MAX_HOURS} hours, longer than this page can predict; cut it or use hrkeras predict`);
  }
  if (!speed.some(Number.isFinite)) {
    throw new InputError("it has neither positions nor speed that a runner could have; export it with positions");
  }
  const everywhere = interpolate(time, time, speed, Infinity, true);
  let total = 0;
  const distance = time.map((t, i) => (i ? (total += everywhere[i] * (t - time[i - 1])) : 0));
  const edges = Float64Array.from({ length: steps + 1 }, (_, i) => STEP * i);
  const middle = edges.slice(0, -1).map((t) => t + STEP / 2);
  const covered = interpolate(edges, time, distance, Infinity, true);
  const heights = atSteps(middle, time, altitude, Infinity);
  return {
    speed: Float32Array.from(middle, (_, i) => (covered[i + 1] - covered[i]) / STEP),
    altitude: Float32Array.from(interpolate(middle, middle, heights, Infinity, true), (value) => (Number.isNaN(value) ? 0 : value)),
    heartRate: Float32Array.from(atSteps(middle, time, heartRate, MAX_HEART_RATE_GAP)),
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

/**
 * Values at other times, on lines between measured neighbours.
 *
 * @param {ArrayLike<number>} at times wanted, increasing.
 * @param {ArrayLike<number>} time of the values, increasing.
 * @param {ArrayLike<number>} values NaN where not measured.
 * @param {number} maxGap the widest gap to draw a line across; beyond it NaN.
 * @param {boolean} hold whether the first and the last measured value hold outside; else NaN.
 */
function interpolate(at, time, values, maxGap, hold = false) {
  const known = Array.from(values.keys()).filter((i) => Number.isFinite(values[i]));
  let right = 0;
  return Float64Array.from(at, (t) => {
    while (right < known.length && time[known[right]] < t) right += 1;
    const [before, after] = [known[right - 1], known[right]];
    if (time[after] === t) return values[after];
    if (before === undefined || after === undefined) return hold ? (values[before ?? after] ?? NaN) : NaN;
    const gap = time[after] - time[before];
    return gap > maxGap ? NaN : values[before] + ((t - time[before]) / gap) * (values[after] - values[before]);
  });
}
