// The points of GPX and TCX files, as the readers of hrkeras take them.

import { seconds } from "../runs/clock.js";
import { InputError } from "../runs/input_error.js";
import { joined } from "./activities.js";

export const NOTHING = { clock: NaN, latitude: NaN, longitude: NaN, altitude: NaN, speed: NaN, heartRate: NaN, distance: NaN };
export const NO_POINTS = "it has no track points; export the recording of a run";
const MARK = "Heart rate estimated by hrkeras from speed and altitude"; // in a filled copy
const MAX_DEPTH = 64; // elements within elements
const HEART_RATE = new Set(
  ["hr", "heartrate", "heart_rate", "heart-rate", "heartratebpm", "bpm", "hrbpm", "pulse"], // elements, in lower case
);
const GPX = { time: "clock", ele: "altitude", speed: "speed" };
const TCX = {
  ...{ time: "clock", latitudedegrees: "latitude", longitudedegrees: "longitude", altitudemeters: "altitude", speed: "speed" },
  distancemeters: "distance",
};
// a point as Apple Health writes it, of which an export has hundreds of thousands: ten times as quick as a parser
const NUMBER = String.raw`(-?\d{1,20}(?:\.\d{1,20})?)`;
const APPLE_POINT = new RegExp(
  String.raw`<trkpt lon="${NUMBER}" lat="${NUMBER}"><ele>${NUMBER}</ele><time>(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)</time>` +
    String.raw`<extensions><speed>${NUMBER}</speed>(?:<course>[-\d.]+</course>)?(?:<hAcc>[-\d.]+</hAcc>)?` +
    String.raw`(?:<vAcc>[-\d.]+</vAcc>)?</extensions></trkpt>`,
  "g",
);

const number = (text) => (text.trim() ? Number(text) : NaN);
const local = (element) => element.localName.toLowerCase();

/**
 * What a GPX file holds.
 *
 * @returns {{recordings: Recording[], course: object[]}} the tracks; and the points of these or of routes, as a course.
 * @throws {InputError} if it is not GPX, or holds no points.
 */
export function readGpx(text) {
  const taken = [];
  const single = !text.includes("<!") && text.split(/<trk[ >]/).length === 2;
  const rest = single ? text.replace(APPLE_POINT, (_, ...values) => (taken.push(applePoint(values)), "")) : text;
  const root = parsed(rest, "gpx", "GPX");
  const points = (name, place) =>
    [...place.getElementsByTagNameNS("*", name)].map((element) => {
      const [latitude, longitude] = ["lat", "lon"].map((attribute) => number(element.getAttribute(attribute) ?? ""));
      return fill({ ...NOTHING, latitude, longitude }, element, GPX);
    });
  const tracks = [...root.getElementsByTagNameNS("*", "trk")].map((track) => {
    const said = (name) => [...track.children].find((child) => local(child) === name)?.textContent.trim() ?? "";
    return { sport: said("type"), title: said("name"), estimated: said("desc").includes(MARK), points: points("trkpt", track) };
  });
  if (taken.length && tracks.length) tracks[0].points.push(...taken);
  const recordings = joined(tracks.filter((track) => track.points.length));
  const on = recordings.flatMap((track) => track.points);
  const course = on.length > 1 ? on : points("rtept", root);
  if (!course.length) throw new InputError("it has no track points; export the recording of a run, not a list of places");
  return { recordings, course };
}

function applePoint([longitude, latitude, altitude, time, speed]) {
  const [lon, lat, ele, fast] = [longitude, latitude, altitude, speed].map(Number);
  return { ...NOTHING, clock: Date.parse(time) / 1000, latitude: lat, longitude: lon, altitude: ele, speed: fast };
}

/** What a TCX file holds, as `readGpx` says. */
export function readTcx(text) {
  const root = parsed(text, "trainingcenterdatabase", "TCX");
  const within = (name) =>
    [...root.getElementsByTagNameNS("*", name)].map((activity) => ({
      sport: activity.getAttribute("Sport")?.trim() ?? "",
      title: "",
      estimated: [...activity.children].some((child) => local(child) === "notes" && child.textContent.includes(MARK)),
      points: [...activity.getElementsByTagNameNS("*", "Trackpoint")].map((element) => fill({ ...NOTHING }, element, TCX)),
    }));
  const filled = (name) => within(name).filter(({ points }) => points.length);
  const [recordings, courses] = [filled("Activity"), filled("Course")];
  const course = (courses.length ? courses : recordings).flatMap(({ points }) => points);
  if (!course.length) throw new InputError(NO_POINTS);
  return { recordings, course };
}

/** The outermost element of an XML text. */
function parsed(text, name, kind) {
  if (text.includes("<!DOCTYPE") || text.includes("<!ENTITY")) {
    throw new InputError(
      "it declares a document type (DOCTYPE), which no recording needs, so it was not opened; export it anew",
    );
  }
  const document = new DOMParser().parseFromString(text.replace(/^\s*\uFEFF?\s*/, ""), "text/xml");
  if (document.getElementsByTagName("parsererror").length || local(document.documentElement) !== name) {
    throw new InputError(`expected a ${kind} file, found something else or a damaged one; export the run anew`);
  }
  return document.documentElement;
}

/** Gives a point what the elements in it say; of what is said twice the first counts. */
function fill(point, element, columns, depth = 0) {
  if (depth > MAX_DEPTH) return point;
  for (let child = element.firstElementChild; child; child = child.nextElementSibling) {
    if (child.firstElementChild) {
      fill(point, child, columns, depth + 1);
      continue;
    }
    const name = local(child);
    const field = columns[name];
    if (field && Number.isNaN(point[field])) point[field] = (field === "clock" ? seconds : number)(child.textContent);
    const beats = HEART_RATE.has(name) || (name === "value" && HEART_RATE.has(local(element)));
    if (beats && !(point.heartRate > 0) && !Number.isNaN(number(child.textContent)))
      point.heartRate = number(child.textContent);
  }
  return point;
}
