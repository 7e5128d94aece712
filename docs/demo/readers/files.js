// What the files that a person gives hold: recorded runs, a course, or the person's own file.

import { InputError } from "../runs/input_error.js";
import { ofActivity } from "../runs/sports.js";
import { fromPoints } from "../runs/workout.js";
import { workouts as divided } from "./activities.js";
import { healthData, readExport, routesIn } from "./apple.js";
import { readFit } from "./fit.js";
import { readGpx, readTcx } from "./xml_tracks.js";
import { isZip, members, pieces, whole } from "./zip.js";

const MAX_BYTES = 50 * 2 ** 20; // of a track, unpacked
const MAX_FILES = 100_000; // in a zip
const READERS = { gpx: (bytes) => readGpx(text(bytes)), tcx: (bytes) => readTcx(text(bytes)), fit: readFit };

const text = (bytes) => new TextDecoder().decode(bytes);
const lower = (name) => name.toLowerCase();

/** The kind of a track by its name, plain or gzipped; undefined if it is none. */
const kind = (name) =>
  /\.(gpx|tcx|fit)(\.gz)?$/.exec(
    lower(name)
      .split("/")
      .at(-1)
      .replace(/^\._.*/, ""),
  )?.[1];

/** Whether a file is the person's own, by its name. */
export const isPerson = ({ name }) => lower(name).endsWith(".json");

let painted = 0;
/** Lets the browser draw, if it has not for a while. */
export async function breathe() {
  if (performance.now() - painted < 50) return;
  await new Promise((resolve) => setTimeout(resolve));
  painted = performance.now();
}

/**
 * What a file holds.
 *
 * @param {File} file
 * @param {function(number)} onBytes told how many bytes of it were read since the last call.
 * @returns {Promise<{workouts: Workout[], courses: object[], skipped: string[]}>} `courses` are points along which nobody ran;
 *   `skipped` says why parts of the file cannot be used, each once a part.
 * @throws {InputError} if it can not be used at all.
 */
export async function read(file, onBytes) {
  if (!file.size) throw new InputError("the file is empty; give another");
  if (await isZip(file)) return zip(file, onBytes);
  if (lower(file.name).endsWith(".xml")) return readExport(counted(file, onBytes), new Map(), breathe);
  if (!kind(file.name)) {
    throw new InputError(
      "expected a GPX, TCX or FIT file, a zip, or the file that `hrkeras update` has written; export the run as one of these",
    );
  }
  if (file.size > MAX_BYTES)
    throw new InputError(`it has more than ${MAX_BYTES / 2 ** 20} MB, where a day's run has 30; give a smaller file`);
  return track(file.name, await unpacked(file.name, counted(file, onBytes)));
}

async function* counted(file, onBytes) {
  for await (const bytes of pieces(file.stream())) {
    onBytes(bytes.length);
    yield bytes;
  }
}

/** The bytes of a track, which may be gzipped. */
async function unpacked(name, parts) {
  const bytes = await whole(parts, MAX_BYTES);
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return await whole(pieces(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))), MAX_BYTES);
  } catch (error) {
    throw error instanceof InputError ? error : new InputError("its gzip data is damaged; fetch it anew");
  }
}

/** The workouts of a zip: an Apple Health export, or a folder of tracks such as Strava's. */
async function zip(file, onBytes) {
  const inside = await members(file, onBytes);
  const xml = await healthData(inside);
  if (xml) return readExport(xml.stream(), routesIn(inside), breathe);
  const tracks = inside.filter(({ name }) => kind(name));
  if (!tracks.length)
    throw new InputError("there are no runs in this zip; give an Apple Health export, or a zip of GPX, TCX or FIT files");
  const found = { workouts: [], courses: [], skipped: [] };
  for (const { name, stream } of tracks.slice(0, MAX_FILES)) {
    try {
      const { workouts, courses } = track(name.split("/").at(-1), await unpacked(name, stream()));
      found.workouts.push(...workouts);
      found.courses.push(...courses);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      found.skipped.push(error.message);
    }
    await breathe();
  }
  return found;
}

/** What a track holds, by its name. */
function track(name, bytes) {
  const { recordings, course } = READERS[kind(name)](bytes);
  const skipped = [];
  const found = divided(recordings).flatMap(({ sport, title, estimated, points }) => {
    if (!points.some(({ clock }) => Number.isFinite(clock))) return []; // a course that was drawn
    const about = { sport: ofActivity(sport, [title, name.split(".")[0]]), name, estimated };
    try {
      return [fromPoints(points, about)];
    } catch (error) {
      if (!(error instanceof InputError) || recordings.length === 1) throw error;
      skipped.push(error.message);
      return [];
    }
  });
  return { workouts: found, courses: found.length ? [] : [{ name, points: course }], skipped };
}

/** The course in a file that is to be planned, recorded or not. */
export async function readCourse(file) {
  if (!kind(file.name)) throw new InputError("expected the course as a GPX, TCX or FIT file; export it as GPX");
  if (file.size > MAX_BYTES) throw new InputError(`it has more than ${MAX_BYTES / 2 ** 20} MB; give a smaller file`);
  return { name: file.name, points: READERS[kind(file.name)](await unpacked(file.name, pieces(file.stream()))).course };
}
