// Divides the points of a file into workouts, as hrkeras.workouts.readers.activities does.

import { DISPLACED, MOST_STRAYS, cut, isDate, longest } from "../runs/clock.js";
import { ofTrack } from "../runs/sports.js";
import { highest, lowest, median, range } from "../runs/numbers.js";

const MAX_PAUSE = 7200; // s; what comes later is another workout
const SET = 365 * 86_400; // s; between parts that are further apart the clock was set
const MAX_OVERLAP = 60; // s by which a track may begin before the end of the one that it continues

/**
 * @typedef {object} Recording
 * @property {string} sport as written.
 * @property {string} title of the activity.
 * @property {boolean} estimated whether hrkeras estimated its heart rate.
 * @property {object[]} points in the order of recording, see `workout.fromPoints`.
 */

/** Recordings cut where nothing was recorded for long; points of one time are merged. */
export const workouts = (recordings) =>
  recordings.flatMap((recording) => parts(byOneClock(recording.points)).map((points) => ({ ...recording, points })));

/** Tracks in order of time; those that continue one another are joined. */
export function joined(tracks) {
  const runs = [];
  let end = NaN;
  const ranged = tracks
    .map((track) => ({ track, ...limits(track.points) }))
    .sort((a, b) => (a.begin > b.begin) - (a.begin < b.begin));
  for (const { track, begin, last } of ranged) {
    const names = runs.length
      ? new Set([runs.at(-1)[0], track].map((each) => ofTrack(each.sport, each.title)).filter(Boolean))
      : new Set();
    const pause = begin - end;
    if (!runs.length || names.size > 1 || pause < -MAX_OVERLAP || (pause > MAX_PAUSE && pause < Infinity)) {
      runs.push([track]);
      end = last;
    } else {
      runs.at(-1).push(track);
      end = Number.isNaN(last) ? end : Math.max(Number.isNaN(end) ? last : end, last);
    }
  }
  return runs.map((together) => ({
    sport: together.map(({ sport }) => sport).find(Boolean) ?? "",
    title: together.map(({ title }) => title).find(Boolean) ?? "",
    estimated: together.some(({ estimated }) => estimated),
    points: together.flatMap(({ points }) => points),
  }));
}

function limits(points) {
  const times = points.map(({ clock }) => clock).filter(Number.isFinite);
  return times.length ? { begin: lowest(times), last: highest(times) } : { begin: Infinity, last: NaN };
}

/** The points between which the clock was not set, see `activities._by_one_clock`. */
function byOneClock(points) {
  const timed = range(points.length).filter((i) => Number.isFinite(points[i].clock));
  const time = (i) => points[i].clock;
  if (!timed.length) return points;
  const { begin, last } = limits(points);
  const plain = timed.every((i, k) => !k || time(i) - time(timed[k - 1]) > -DISPLACED);
  if (last - begin <= SET && plain) return points;
  const order = [...timed].sort((a, b) => time(a) - time(b) || a - b);
  const apart = cut(order, (a, b) => time(b) - time(a) > SET);
  const dated = apart.filter((part) => part.length > Math.max(1, MOST_STRAYS * order.length) && isDate(time(part[0])));
  let part = [...(dated.at(-1) ?? longest(apart))].sort((a, b) => a - b);
  const steps = part.slice(1).map((i, k) => time(i) - time(part[k]));
  const falls = range(steps.length).filter((k) => steps[k] < -DISPLACED);
  if (falls.length === 1 && median(steps) > 0) {
    const [earlier, later] = [part.slice(0, falls[0] + 1), part.slice(falls[0] + 1)];
    const back = lowest(earlier.map(time)) - highest(later.map(time));
    if (back > DISPLACED && back <= MAX_PAUSE) part = longest([earlier, later]);
  }
  return part.map((i) => points[i]);
}

function parts(points) {
  if (points.every(({ clock }, i) => !i || (clock > points[i - 1].clock && clock - points[i - 1].clock <= MAX_PAUSE)))
    return [points];
  const once = merged(points.filter(({ clock }) => Number.isFinite(clock)));
  if (once.length < 2) return [points];
  const groups = cut(
    [...once].sort((a, b) => a.clock - b.clock),
    (a, b) => b.clock - a.clock > MAX_PAUSE,
  );
  if (groups.length === 1) return [once];
  const found = groups.map((group) => new Set(group)).map((group) => once.filter((point) => group.has(point)));
  const long = found.filter((group) => group.length > 1);
  return long.length ? long : [once];
}

/** One point for each time: the first value of each column, of heart rate the first above 0. */
function merged(points) {
  const byTime = new Map();
  for (const point of points) {
    const known = byTime.get(point.clock);
    if (!known) byTime.set(point.clock, { ...point });
    else {
      for (const name of Object.keys(point)) {
        const counts = name === "heartRate" ? known[name] > 0 : Number.isFinite(known[name]);
        if (!counts) known[name] = point[name];
      }
    }
  }
  return [...byTime.values()];
}
