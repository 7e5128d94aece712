// The workouts of an Apple Health export, from its zip or its XML, as hrkeras.workouts.readers.apple_health reads them.

import { InputError } from "../runs/input_error.js";
import { interpolate, quantile } from "../runs/numbers.js";
import { fromPoints } from "../runs/workout.js";
import { Scan } from "./apple_xml.js";
import { NOTHING, readGpx } from "./xml_tracks.js";
import { whole } from "./zip.js";

const ROOT = "<HealthData";
const PIECE = 2 ** 21; // characters that are looked through at once
const HEAD = 2 ** 18; // bytes within which the root element must begin; Apple's document type has 6 kB
const MARGIN = 60; // s by which a route may begin before its workout or end after it
const MAX_ROUTE = 50 * 2 ** 20; // bytes
const MAX_HEART_RATE_GAP = 120; // s
const DROPOUT = 15; // s that heart rate is missing for, at least
const DROPOUT_INTERVALS = 3; // multiples of the usual time between two heart rates
const USUAL = 0.8; // share of the times between heart rates that are not longer than the usual one

/** A part of the data at the beginning of a stream, as text. */
async function head(stream) {
  let text = "";
  for await (const bytes of stream) {
    text += new TextDecoder().decode(bytes);
    if (text.length > HEAD) break;
  }
  return text;
}

/** The file of the health data among those in a zip, undefined if there is none; its name is in the phone's language. */
export async function healthData(files) {
  const xmls = files.filter(({ name }) => name.toLowerCase().endsWith(".xml")).sort((a, b) => b.size - a.size);
  for (const xml of xmls.slice(0, 20)) if ((await head(xml.stream())).includes(ROOT)) return xml;
  return undefined;
}

/**
 * The workouts of an export.
 *
 * @param {AsyncIterable<Uint8Array>} xml the health data.
 * @param {Map<string, Member>} routes files by `key`; without any, runs are without their route.
 * @param {function(): Promise} onRun called after each workout.
 * @returns {Promise<object>} as `files.read`.
 */
export async function readExport(xml, routes, onRun) {
  const scan = new Scan();
  const decoder = new TextDecoder();
  let text = "";
  for await (const bytes of xml) {
    text += decoder.decode(bytes, { stream: true });
    if (text.length < PIECE) continue;
    scan.add(text);
    text = "";
  }
  scan.add(text + decoder.decode(), true);
  const entries = scan.notCrowded();
  const runs = entries.filter(isOutdoors);
  if (
    runs.length &&
    !runs.some(({ points, routes: names }) => points.length || [...names].some((name) => routes.has(key(name))))
  ) {
    throw new InputError("the routes of its runs are missing; give the whole export.zip, which has them beside the XML");
  }
  const found = [];
  const known = new Map();
  for (const entry of entries) {
    try {
      found.push(await workout(entry, scan.rates, routes, known));
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      scan.skipped.push(error.message);
    }
    await onRun();
  }
  return { workouts: found, courses: [], skipped: scan.skipped };
}

const isOutdoors = ({ sport, indoor, routes, points }) =>
  sport === "running" && !indoor && (routes.size > 0 || points.length > 0);

/** Routes by their bare name, so that no path in the data is ever followed. */
export const key = (name) => name.replaceAll("\\", "/").split("/").at(-1).normalize("NFKC");

/** The route files in an export's zip. */
export const routesIn = (files) =>
  new Map(files.filter(({ name }) => name.toLowerCase().endsWith(".gpx")).map((file) => [key(file.name), file]));

async function workout(entry, heartRates, files, known) {
  const { start, end, source, sport } = entry;
  const rates = heartRates.during(start, end, source);
  const running = ({ clock }) => !entry.pauses.some(([begin, until]) => clock > begin && clock < until);
  const samples = rates.filter(([clock]) => running({ clock })).length;
  if (!isOutdoors(entry)) {
    const points = rates.map(([clock, heartRate]) => ({ ...NOTHING, clock, heartRate })).filter(running);
    const ends = [start, end].map((clock) => ({ ...NOTHING, clock }));
    return fromPoints(points.length < 2 ? ends : points, { sport: sport === "running" ? "indoor running" : sport, name: "" });
  }
  const points = [...entry.points];
  for (const name of new Set([...entry.routes].map(key)))
    points.push(...(files.has(name) ? await route(files.get(name), known) : []));
  if (!points.length) throw new InputError("route file missing or unusable");
  const during = points.filter(({ clock }) => clock >= start - MARGIN && clock <= end + MARGIN).filter(running);
  if (!during.length) throw new InputError("route lies outside the workout's time");
  const sorted = during.sort((a, b) => a.clock - b.clock);
  const [clock, values] = [0, 1].map((column) => rates.map((rate) => rate[column]));
  const drawn = interpolate(
    sorted.map((point) => point.clock),
    clock,
    values,
    Math.min(contactLost(clock), MAX_HEART_RATE_GAP),
  );
  const measured = sorted.map((point, i) => ({ ...point, heartRate: drawn[i] }));
  return fromPoints(measured, { sport, samples, name: "Apple Health" });
}

/** s without heart rate after which a sensor that else measures at these times had lost contact. */
function contactLost(clock) {
  if (clock.length < 2) return Infinity;
  const intervals = clock.slice(1).map((time, i) => time - clock[i]);
  return Math.max(DROPOUT, DROPOUT_INTERVALS * quantile(intervals, USUAL));
}

/** The points of a route file, read once; none if it is damaged. */
async function route(file, known) {
  if (!known.has(file)) {
    try {
      const text = new TextDecoder().decode(await whole(file.stream(), MAX_ROUTE));
      known.clear(); // workouts that share a route follow one another
      known.set(
        file,
        readGpx(text).recordings.flatMap(({ points }) => points),
      );
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      known.set(file, []);
    }
  }
  return known.get(file);
}
