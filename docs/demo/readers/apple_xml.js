// Heart rates and workouts in the XML of an Apple Health export, piece by piece: exports have gigabytes, and what is never
// parsed as XML cannot expand an entity or fetch anything. It takes what hrkeras.workouts.readers.apple_xml takes.

import { DAY, isDate } from "../runs/clock.js";
import { NOTHING } from "./xml_tracks.js";

const MAX_ELEMENT = 32 * 2 ** 20; // characters; up to iOS 12 a day's run with its route inside had 15 million
const MAX_WORKOUTS = 50_000; // ten a day for thirteen years
const MAX_AT_ONCE = 20; // workouts; several apps may record one run
const MAX_HEART_RATE_GAP = 120; // s
const OWN_SHARE = 0.5; // of the time that the densest source covers, which a workout's own must cover to be used
const ROOT = "<HealthData";
const PAUSES = { Pause: true, MotionPaused: true, Resume: false, MotionResumed: false };
const DATE = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}`;
const HEART_RATE = new RegExp(
  String.raw`<Record\s(?!type="(?!HKQuantityTypeIdentifierHeartRate"))(?=[^<]*?type="HKQuantityTypeIdentifierHeartRate")` +
    String.raw`(?=[^<]*startDate="(${DATE})")(?=[^<]*unit="count/(min|s)")(?=[^<]*value="(\d{1,6}(?:\.\d{0,25})?)")` +
    String.raw`(?=(?:[^"<]*"[^"<]*"\s|[^<]*?\s)sourceName="([^"<]{0,200})[^"<]*"` +
    String.raw`(?:\ssourceVersion="[^"<]*")?(?:\sdevice="[^,"<]*, name:([^,"<]{0,200}))?|)`,
  "g",
);
const LOCATION = /<Location\s([^<]*)/g;
const DETAIL = /<(MetadataEntry|WorkoutEvent|FileReference)\s([^<]*)/g;
const ATTRIBUTE = /(?<!\w)(\w+)\s*=\s*"([^"<]*)"/g;

/** Seconds since 1970 of a date such as "2020-07-05 20:06:26 +0800". */
function seconds(text) {
  const [year, month, day, hour, minute, second] = [0, 5, 8, 11, 14, 17].map((at) => Number(text.slice(at, at + (at ? 2 : 4))));
  const offset = 3600 * Number(text.slice(21, 23)) + 60 * Number(text.slice(23, 25));
  return Date.UTC(year, month - 1, day, hour, minute, second) / 1000 - (text[20] === "-" ? -offset : offset);
}

const attributes = (tag) => Object.fromEntries([...tag.matchAll(ATTRIBUTE)].map(([, name, value]) => [name, value]));

/** A text as it is meant, of which XML writes some letters by names or numbers. */
function unescape(text) {
  const named = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
  return text.replace(/&(?:#x([\da-f]{1,6})|#(\d{1,7})|(amp|lt|gt|quot|apos));/gi, (whole, hex, decimal, name) => {
    const code = hex ? Number.parseInt(hex, 16) : Number(decimal);
    if (name) return named[name.toLowerCase()];
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

/** A copy of a text; what is cut out of a piece keeps all of that in memory. */
const copy = (text) => Array.from(text).join("");

const sourceName = (text) =>
  unescape(text.slice(0, 200)).normalize("NFKC").replaceAll("’", "'").split(/\s+/).filter(Boolean).join(" ").toLowerCase();

/** All heart rates of an export, by day. */
class HeartRates {
  days = new Map();
  numbers = new Map(); // of sources, by name of source and device as written
  names = []; // of source and device, by number

  add(clock, rate, source, device) {
    if (!(rate > 0)) return;
    const written = `${source}\n${device}`;
    if (!this.numbers.has(written)) {
      const named = `${sourceName(source)}\n${sourceName(device)}`;
      const known = this.names.indexOf(named);
      this.numbers.set(written, known >= 0 ? known : this.names.push(named) - 1);
    }
    const day = Math.floor(clock / DAY);
    if (!this.days.has(day)) this.days.set(day, []);
    this.days.get(day).push(clock, rate, this.numbers.get(written));
  }

  /** Those of one source between two times: clock and rate of each, see `apple_heart_rate.HeartRates.during`. */
  during(start, end, own) {
    const sources = new Map();
    for (let day = Math.floor(start / DAY); day <= Math.floor(end / DAY); day++) {
      const held = this.days.get(day) ?? [];
      for (let i = 0; i < held.length; i += 3) {
        if (held[i] < start || held[i] > end) continue;
        const name = this.names[held[i + 2]];
        if (!sources.has(name)) sources.set(name, new Map());
        if (!sources.get(name).has(held[i])) sources.get(name).set(held[i], held[i + 1]);
      }
    }
    const sorted = [...sources].map(([name, rates]) => ({
      own: name.split("\n")[0] === own,
      rates: [...rates].sort((a, b) => a[0] - b[0]),
    }));
    sorted.sort((a, b) => b.rates.length - a.rates.length);
    const [densest] = sorted;
    const preferred = (own && sorted.find((each) => each.own)) || densest;
    if (!densest) return [];
    return (covered(preferred.rates) >= OWN_SHARE * covered(densest.rates) ? preferred : densest).rates;
  }
}

function covered(rates) {
  let total = 0;
  rates.forEach(([clock], i) => (total += i && clock - rates[i - 1][0] <= MAX_HEART_RATE_GAP ? clock - rates[i - 1][0] : 0));
  return total;
}

/** Collects what is in the XML, which is given piece by piece. */
export class Scan {
  rates = new HeartRates();
  entries = [];
  skipped = []; // why workouts cannot be used
  #text = "";
  #done = 0; // text up to here is the beginning of a workout whose end is still to come
  #begun = false;

  /** Takes the next piece; the last one is `last`. */
  add(piece, last = false) {
    this.#text += piece;
    if (!this.#begun) {
      const root = this.#text.indexOf(ROOT);
      this.#begun = root >= 0;
      this.#text = this.#begun ? this.#text.slice(root) : this.#text.slice(1 - ROOT.length);
      if (!this.#begun) return;
    }
    const text = this.#text;
    const end = last ? text.length : Math.max(text.lastIndexOf("<"), this.#done); // all tags before it are whole
    for (const [, date, unit, value, source = "", device = ""] of text.slice(this.#done, end).matchAll(HEART_RATE)) {
      this.rates.add(seconds(date), Number(value) * (unit === "s" ? 60 : 1), source, device);
    }
    let keep = this.#workouts(text, end);
    if (last && (keep < end || !text.trimEnd().endsWith("</HealthData>")))
      this.skipped.push("the export ends in the middle of an element");
    if (text.length - keep > MAX_ELEMENT) {
      this.skipped.push("an element of over 32 MB");
      keep = text.length;
    }
    this.#text = text.slice(keep);
    this.#done = Math.max(end - keep, 0);
  }

  /** Takes the workouts before `end`; returns where the first begins that is not over. */
  #workouts(text, end) {
    const opening = /<Workout\s[^<]*/g;
    const next = /<\/Workout>|<Workout\s/g;
    for (let found; (found = opening.exec(text)) && found.index < end;) {
      let body = "";
      if (!found[0].trimEnd().endsWith("/>")) {
        next.lastIndex = Math.max(opening.lastIndex, this.#done);
        const closing = next.exec(text);
        if (!closing || closing.index >= end) return found.index;
        if (closing[0] !== "</Workout>") {
          this.skipped.push("workout without an end");
          continue;
        }
        body = text.slice(opening.lastIndex, closing.index);
      }
      if (this.entries.length < MAX_WORKOUTS) this.#entry(found[0], body);
    }
    return end;
  }

  #entry(tag, body) {
    const about = attributes(tag);
    const date = new RegExp(`^${DATE}$`);
    if (!date.test(about.startDate ?? "") || !date.test(about.endDate ?? ""))
      return void this.skipped.push("workout without start and end");
    const [start, end] = [seconds(about.startDate), seconds(about.endDate)];
    if (!(isDate(start) && start < end && isDate(end)))
      return void this.skipped.push("workout that does not end after its start");
    const activity = /^HKWorkoutActivityType(\w{1,64})$/.exec(about.workoutActivityType ?? "")?.[1];
    const entry = { start, end, indoor: false, routes: new Set(), source: sourceName(about.sourceName ?? "") };
    entry.sport = activity ? activity.replace(/(?<=[a-z])(?=[A-Z])/g, " ").toLowerCase() : "other";
    const events = [];
    for (const [, name, detail] of body.matchAll(DETAIL)) {
      const { path = "", key, value, type = "", date: when = "" } = attributes(detail);
      const pause = PAUSES[type.replace("HKWorkoutEventType", "")];
      if (name === "FileReference") entry.routes.add(copy(unescape(path.slice(0, 1000))));
      else if (name === "MetadataEntry") entry.indoor ||= key === "HKIndoorWorkout" && value === "1";
      else if (pause !== undefined && date.test(when)) events.push([seconds(when), pause]);
    }
    this.entries.push({ ...entry, pauses: pauses(events, end), points: locations(body) });
  }

  /** All workouts but those that begin during many others. */
  notCrowded() {
    const ends = this.entries.map(({ end }) => end).sort((a, b) => a - b);
    let over = 0;
    const crowded = new Set();
    [...this.entries]
      .sort((a, b) => a.start - b.start)
      .forEach((entry, begun) => {
        while (over < ends.length && ends[over] <= entry.start) over += 1;
        if (begun - over >= MAX_AT_ONCE) crowded.add(entry);
      });
    crowded.forEach(() => this.skipped.push(`begins while ${MAX_AT_ONCE} other workouts go on`));
    return this.entries.filter((entry) => !crowded.has(entry));
  }
}

/** Beginnings and ends of pauses; one that is never ended lasts until the workout's end. */
function pauses(events, end) {
  const found = [];
  let since = null;
  for (const [time, pause] of [...events.sort((a, b) => a[0] - b[0]), [end, false]]) {
    if (pause) since ??= time;
    else if (since !== null) {
      found.push([since, time]);
      since = null;
    }
  }
  return found;
}

/** The points of a route that stands in the workout itself, as up to iOS 12. */
function locations(body) {
  const points = [...body.matchAll(LOCATION)]
    .map(([, tag]) => attributes(tag))
    .filter(({ date }) => new RegExp(`^${DATE}$`).test(date ?? ""));
  return points.map(({ date, latitude, longitude, altitude, speed }) => ({
    ...{ ...NOTHING, clock: seconds(date), latitude: Number(latitude), longitude: Number(longitude) },
    ...{ altitude: altitude ? Number(altitude) : NaN, speed: speed ? Number(speed) : NaN },
  }));
}
