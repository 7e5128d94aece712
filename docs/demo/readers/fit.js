// The sessions of FIT files, written by most watches, as hrkeras.workouts.readers.fit takes them.

import { InputError } from "../runs/input_error.js";
import { interpolate, place } from "../runs/numbers.js";
import { bodies, messages, seconds } from "./fit_messages.js";
import { NOTHING, NO_POINTS } from "./xml_tracks.js";

const [FILE_ID, SPORT, SESSION, RECORD, HR, DESCRIPTION] = [0, 12, 18, 20, 132, 206]; // numbers of messages in the FIT profile
const [ACTIVITY_FILE, COURSE_FILE] = [4, 6]; // types of files
const MAX_HEART_RATE_GAP = 120; // s
const MAX_POINTS = 1_000_000;
const SEMICIRCLES = 2 ** 31 / 180; // per degree
const FIELDS = [
  ...[
    [0, "latitude", SEMICIRCLES, 0],
    [1, "longitude", SEMICIRCLES, 0],
    [5, "distance", 100, 0],
    [2, "altitude", 5, 500],
  ],
  ...[
    [78, "altitude", 5, 500],
    [6, "speed", 1000, 0],
    [73, "speed", 1000, 0],
    [3, "heartRate", 1, 0],
  ],
]; // number, column, divisor, and what is then subtracted; the last that is there counts
const HEART_RATE = new Set([
  "hr",
  "heartrate",
  "heart_rate",
  "heart-rate",
  "heart rate",
  "heartratebpm",
  "bpm",
  "hrbpm",
  "pulse",
]);
const ESTIMATED = "estimated_heart_rate"; // developer field of a copy in which hrkeras has put heart rates
const SPORTS = [
  ...["generic", "running", "cycling", "transition", "fitness_equipment", "swimming", "basketball", "soccer", "tennis"],
  ...["american_football", "training", "walking", "cross_country_skiing", "alpine_skiing", "snowboarding", "rowing"],
  ...["mountaineering", "hiking", "multisport", "paddling", "flying", "e_biking", "motorcycling", "boating", "driving", "golf"],
  ...["hang_gliding", "horseback_riding", "hunting", "fishing", "inline_skating", "rock_climbing", "sailing", "ice_skating"],
  ...[
    "sky_diving",
    "snowshoeing",
    "snowmobiling",
    "stand_up_paddleboarding",
    "surfing",
    "wakeboarding",
    "water_skiing",
    "kayaking",
  ],
]; // of the FIT profile
const SUB_SPORTS = {
  ...{ 0: "generic", 1: "treadmill", 2: "street", 3: "trail", 4: "track", 5: "spin", 6: "indoor_cycling", 14: "indoor_rowing" },
  ...{ 20: "strength_training", 25: "indoor_skiing", 26: "cardio_training", 27: "indoor_walking", 45: "indoor_running" },
  ...{ 58: "virtual_activity", 59: "obstacle", 67: "ultra" },
};

/**
 * What a FIT file holds.
 *
 * @param {Uint8Array} data
 * @returns {{recordings: Recording[], course: object[]}} as `xml_tracks.readGpx`.
 * @throws {InputError} if it is damaged, or holds no points.
 */
export function readFit(data) {
  const contents = bodies(data).map(content);
  const course = contents.flatMap(({ points }) => points);
  if (!course.length) throw new InputError(NO_POINTS);
  const rates = contents.flatMap((each) => each.rates.table()).sort((a, b) => a[0] - b[0]);
  const recorded = contents.filter((each) => each.points.length && !isCourse(each));
  return { recordings: recorded.flatMap((each) => recordings(each, rates)), course };
}

/** Whether the points are a course to follow rather than a recording. */
const isCourse = ({ kind, sessions, points }) =>
  kind === COURSE_FILE && !sessions.length && !points.some(({ heartRate }) => heartRate > 0);

function content(view) {
  const found = { kind: ACTIVITY_FILE, sports: [], sessions: [], points: [], rates: new HeartRates(), described: {} };
  for (const message of messages(view)) {
    if (message.number === RECORD) found.points.push(point(message, found.described));
    else if (message.number === HR) found.rates.add(message);
    else if (message.number === FILE_ID) found.kind = message.value(0) ?? ACTIVITY_FILE;
    else if (message.number === SPORT) found.sports.push({ sport: sport(message, 0, 1), title: message.text(3) });
    else if (message.number === SESSION) {
      found.sessions.push({ begin: seconds(message.value(2) ?? 0), sport: sport(message, 5, 6), title: message.text(110) });
    } else if (message.number === DESCRIPTION) describe(message, found.described);
    if (found.points.length > MAX_POINTS) throw new InputError(`it has over ${MAX_POINTS} points; give a single run`);
  }
  return found;
}

function sport(message, main, sub) {
  const [number, more] = [message.value(main), message.value(sub)];
  const names = [number === undefined ? "" : (SPORTS[number] ?? number), more === undefined ? "" : (SUB_SPORTS[more] ?? more)];
  return names.filter((name) => name !== "").join(" ");
}

/** What a developer has defined, by developer and number. */
function describe(message, described) {
  const [developer, field, base] = [0, 1, 2].map((number) => message.value(number));
  const native = message.value(15) === 3 && [RECORD, undefined].includes(message.value(14));
  described[`${developer} ${field}`] = { base: (base ?? 0) & 0x1f, name: native ? "heart_rate" : message.text(3) };
}

function point(message, described) {
  const found = { ...NOTHING, clock: message.time, estimated: false };
  const packed = message.definition.fields.get(8); // speed and distance in three bytes
  if (packed?.size === 3) {
    const [low, high] = message.bytes(8);
    if (low !== 0xff || high !== 0xff) found.speed = (((high << 8) | low) & 0x0fff) / 100;
  }
  for (const { key, begin, size } of message.definition.developer) {
    const { base, name } = described[key] ?? { base: 0, name: "" };
    const value = message.at({ begin, size, base });
    if (name === ESTIMATED) found.estimated ||= value > 0;
    else if (HEART_RATE.has(name.trim().toLowerCase()) && value) found.heartRate = value;
  }
  for (const [number, column, divisor, less] of FIELDS) {
    const value = message.value(number);
    if (value !== undefined && (column !== "heartRate" || value)) found[column] = value / divisor - less;
  }
  return found;
}

/** The sessions of a file, with the heart rates of `hr` messages where a record has none. */
function recordings({ points, sessions, sports }, rates) {
  const silent = points.filter(({ heartRate }) => !(heartRate > 0));
  const [clock, values] = [0, 1].map((column) => rates.map((rate) => rate[column]));
  if (rates.length) {
    const sorted = [...silent].sort((a, b) => a.clock - b.clock);
    interpolate(
      sorted.map((each) => each.clock),
      clock,
      values,
      MAX_HEART_RATE_GAP,
    ).forEach((rate, i) => (sorted[i].heartRate = rate));
  }
  const named = sessions.length ? [...sessions].sort((a, b) => a.begin - b.begin) : [{ sport: "", title: "", ...sports[0] }];
  const begins = named.slice(1).map(({ begin }) => begin);
  return named
    .map(({ sport, title }, index) => ({
      sport,
      title,
      points: points.filter((each) => place(begins, each.clock, true) === index),
    }))
    .filter((each) => each.points.length)
    .map((each) => ({ ...each, estimated: each.points.some(({ estimated }) => estimated) }));
}

/** The heart rates in `hr` messages, written by straps that store them: up to eight a message, on the strap's own clock. */
class HeartRates {
  events = [];
  rates = [];

  add(message) {
    const events = message.values(9).filter((event) => event !== 0xffffffff);
    if (events.length) this.latest = events.at(-1);
    else if (this.latest !== undefined) {
      for (const low of twelveBits(message.bytes(10))) {
        this.latest += (low - (this.latest % 4096) + 4096) % 4096;
        events.push(this.latest);
      }
    }
    if (events.length && !Number.isNaN(message.time) && this.offset === undefined) {
      const fraction = message.value(0);
      const part = fraction === undefined ? (message.value(1) ?? 0) / 256 : fraction / 32768;
      this.offset = message.time + part - events[0] / 1024;
    }
    message.values(6).forEach((rate, i) => {
      if (i >= events.length || rate === 0 || rate === 0xff) return;
      this.events.push(events[i]);
      this.rates.push(rate);
    });
  }

  /** Times in s since 1970 and beats/min, each time once; none without a date. */
  table() {
    if (this.offset === undefined) return [];
    const byTime = new Map();
    this.events.forEach((event, i) => byTime.has(event) || byTime.set(event, this.rates[i]));
    return [...byTime].map(([event, rate]) => [this.offset + event / 1024, rate]).sort((a, b) => a[0] - b[0]);
  }
}

/** The numbers of 12 bits in bytes, the lowest bits first. */
function twelveBits(bytes) {
  return Array.from({ length: Math.floor((8 * bytes.length) / 12) }, (_, i) => {
    const [at, odd] = [(12 * i) >> 3, (12 * i) % 8];
    return ((bytes[at] | ((bytes[at + 1] ?? 0) << 8)) >> odd) & 0xfff;
  });
}
