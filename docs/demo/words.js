// The sentences of the page.

import { climb } from "./athlete/route.js";
import { clock } from "./chart.js";
import { DAY } from "./runs/clock.js";
import { STEP } from "./runs/grid.js";
import { mean, sum } from "./runs/numbers.js";

const COMPARED = 365 * DAY; // s back, where there are runs so old
const MONTHS = 90 * DAY; // s, less than that is no comparison
const FEW = 5; // runs, fewest for a change
const LONG_AGO = 120; // days

export const count = (number, what) => `${number} ${what}${number === 1 ? "" : "s"}`;
export const pace = (speed) => clock(Math.round(1000 / speed));
export const day = (start) =>
  new Date(1000 * start).toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
const moment = (start) =>
  `${new Date(1000 * start).toLocaleString("en-GB", { dateStyle: "long", timeStyle: "short" })} by this device's clock`;
export const pair = (low, high) => `${Math.round(low)}–${Math.round(high)}`;

/** A pace such as 5:30 in m/s, NaN if it is none. */
export function speedOf(text) {
  const [, minutes, seconds] = /^(\d{1,2}):([0-5]\d)$/.exec(text.trim()) ?? [];
  const all = 60 * minutes + Number(seconds);
  return all >= 120 && all <= 1800 ? 1000 / all : NaN;
}

/** Which runs were learnt, and why others were not. */
export function learnt({ athlete, added, left }) {
  const found = [
    `Learnt from ${count(added, "run")}${athlete.count > added ? `, and from ${athlete.count - added} before` : ""}.`,
  ];
  if (left.size) {
    const reasons = [...left].sort((a, b) => b[1] - a[1]).map(([reason, number]) => `${number} ${reason}`);
    found.push(`Not learnt from: ${reasons.slice(0, 6).join("; ")}${reasons.length > 6 ? "; ..." : ""}.`);
  }
  return found;
}

/** What the last run was like, and how it was predicted. */
export function lastRun({ name, start, predicted, low, high, heartRate, speed, hasAltitude, earlier, before }) {
  const highest = Math.max(...predicted);
  const length = `${((sum(speed) * STEP) / 1000).toFixed(1)} km in ${clock(speed.length * STEP)}`;
  const when = Number.isNaN(start) ? "of unknown date" : `of ${moment(start)}`;
  const summary =
    `The run ${when}, ${length} (${name}). Predicted heart rate: ${Math.round(mean(predicted))} beats/min on average, ` +
    `${Math.round(highest)} at most, at ${clock(predicted.indexOf(highest) * STEP)}.`;
  const notes = [
    earlier
      ? `Predicted from what ${count(earlier, "earlier run")} ${earlier === 1 ? "tells" : "tell"} of you. ` +
        "Four heart rates in five should lie in the shaded band."
      : "Nothing was known of you before it, so this is what is usual for people in general; yours may well lie elsewhere.",
  ];
  const steps = [...heartRate.keys()].filter((step) => Number.isFinite(heartRate[step]));
  if (steps.length) {
    const off = mean(steps.map((step) => Math.abs(heartRate[step] - predicted[step]))).toFixed(1);
    const inside = Math.round(
      (100 * steps.filter((step) => heartRate[step] >= low[step] && heartRate[step] <= high[step]).length) / steps.length,
    );
    const average = Math.round(mean(steps.map((step) => heartRate[step])));
    notes.push(
      `Measured: ${average} beats/min on average. Wherever it was measured, the prediction, which did not look at it, ` +
        `is off by ${off} on average, and ${inside} % lies in the band.`,
    );
  } else notes.push("The file has no heart rate, so nothing was learnt from this run.");
  const ago = (start - before) / DAY;
  if (ago > LONG_AGO) notes.push(`The run before it was ${Math.round(ago)} days earlier, and fitness changes in less.`);
  if (!hasAltitude) notes.push("The file has no altitude, so the run is taken as flat.");
  return { summary, notes };
}

/** What was so at one step of the last run. */
export function atStep({ predicted, low, high, heartRate, altitude, hasAltitude, speed }, step) {
  const parts = [`predicted ${Math.round(predicted[step])} beats/min (${pair(low[step], high[step])})`];
  if (Number.isFinite(heartRate[step])) parts.push(`measured ${Math.round(heartRate[step])}`);
  parts.push(speed[step] > 0.5 ? `${pace(speed[step])} min/km` : "standing");
  if (hasAltitude) parts.push(`altitude ${Math.round(altitude[step])}\u00a0m`);
  return `${clock(step * STEP)}: ${parts.join(", ")}`;
}

/** How fit the person is now, and how that has changed. */
export function fitness(line, speed) {
  const last = line.at(-1);
  const found = [
    `At ${pace(speed)} min/km on the flat your heart rate is ${Math.round(last.value)} beats/min after 20 minutes ` +
      `(${pair(last.low, last.high)}), as of ${day(last.start)}: the lower, the fitter.`,
  ];
  const old = line.filter(({ start }) => last.start - start >= COMPARED);
  const first = old.at(-1) ?? line[0];
  if (line.length >= FEW && last.start - first.start >= MONTHS) {
    const more = Math.round(last.value) - Math.round(first.value);
    const reach = Math.hypot(last.high - last.value, first.high - first.value);
    const why = old.length ? "a year or more before" : "the first run";
    const then = `On ${day(first.start)}, ${why}, it was ${Math.round(first.value)}`;
    const chance =
      Math.abs(more) <= reach
        ? "which may be chance"
        : more < 0
          ? "fitter"
          : "less fit, or run in more heat, or with another sensor";
    found.push(
      more
        ? `${then}: ${more > 0 ? "+" : "−"}${Math.abs(more)} since, ${chance} (within ${Math.round(reach)} of that four times in five).`
        : `${then} too.`,
    );
  }
  return found;
}

/** The maximum heart rate, and how sure it is. */
function maximum({ maximum: [value, low, high], told }) {
  return told ? `your maximum of ${Math.round(value)}` : `your maximum of about ${Math.round(value)} (${pair(low, high)})`;
}

/** Maximum and threshold. */
export function limits(zones) {
  const [threshold, low, high] = zones.threshold;
  const held = `what you could hold for an hour about ${Math.round(threshold)} (${pair(low, high)})`;
  if (zones.told) return `Your maximum heart rate, as you told it, is ${Math.round(zones.maximum[0])}, and ${held}.`;
  return `As far as your runs tell, ${maximum(zones).replace("your maximum of", "your maximum heart rate is")}, and ${held}.`;
}

/**
 * A course and a plan for it.
 *
 * @param {object} route from `route.course`, with its `name`.
 * @param {object} planned from `Planner`, with what was asked for: `even`, `limit`.
 * @param {object} answers the fastest plans: `possible`, below the maximum, where this one is not; and of a limit `under` and
 *   `wholly`, those that are expected to stay under it, and do so in nine of ten runs; and `byEffort`, as `under`.
 */
export function plan(route, planned, answers) {
  const { even, limit } = planned;
  const how = even === "pace" ? "even pace" : "even effort, slower uphill and faster downhill";
  const hills = route.hasAltitude ? `${Math.round(climb(route))} m of climb` : "taken as flat, since the file has no altitude";
  const [average, low, high] = planned.mean;
  return [
    `${route.name}: ${(route.length / 1000).toFixed(1)} km, ${hills}. At ${pace(planned.speedOfAll)} min/km (${how}) ` +
      `it takes ${clock(Math.round(planned.seconds))}.`,
    `Expect ${Math.round(average)} beats/min on average (${pair(low, high)}), and ${Math.round(planned.highest)} at most, ` +
      `at km ${(planned.highestAt / 1000).toFixed(1)}.`,
    ...tooHard(planned, answers.possible),
    ...(limit ? underLimit(planned, answers) : []),
  ];
}

function tooHard({ tooHard: share, zones }, possible) {
  if (!possible) return [];
  const time = share >= 0.01 ? `${Math.floor(100 * share)} % of the time` : "a moment";
  const slower =
    possible.end === "slowest" ? "" : ` The fastest pace that stays below it is ${pace(possible.plan.speedOfAll)} min/km.`;
  return [`For ${time} this asks for ${maximum(zones)} or more, so it can hardly be kept up.${slower}`];
}

function underLimit({ limit, even, zones }, { under, wholly, byEffort }) {
  const at = ({ plan: { speedOfAll } }) => `${pace(speedOfAll)} min/km`;
  if (under.end === "slowest") {
    const reaches = `it is predicted to reach ${Math.round(under.plan.highest)} at ${at(under)}, the slowest pace looked at`;
    const found = [`No ${even === "pace" ? "even pace" : "pace"} is expected to stay under ${limit}: ${reaches}.`];
    return byEffort && byEffort.end !== "slowest" ? [...found, `With even effort ${at(byEffort)} on average is.`] : found;
  }
  const found = [];
  if (under.end === "fastest")
    found.push(`It is expected to stay under ${limit} up to ${at(under)}, the fastest pace looked at.`);
  else if (under.end === "maximum") found.push(`${limit} lies above ${maximum(zones)}, so every pace stays under it.`);
  else found.push(`The fastest pace that is expected to stay under ${limit} is ${at(under)}.`);
  if (wholly.end === "slowest") {
    const only = `nine in ten runs even at ${at(wholly)} are only known to stay under ${Math.round(wholly.plan.highestLimit)}`;
    found.push(`No pace makes sure of it: ${only}.`);
  } else if (wholly.plan.speedOfAll < under.plan.speedOfAll) {
    found.push(`To stay under it all the way in nine of ten runs: ${at(wholly)}.`);
  }
  return found;
}

/** What is known of the person from before. */
export function known(athlete) {
  if (!athlete?.count) return "";
  return `What ${count(athlete.count, "run")} told of you, the last of ${day(athlete.starts.at(-1))}, is known.`;
}
