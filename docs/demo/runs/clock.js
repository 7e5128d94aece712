// Which points of a recording have a usable time, as hrkeras.workouts.clock has it.

import { interpolate, range } from "./numbers.js";

export const DAY = 86_400; // s
const EARLIEST = 631_152_000; // 1990-01-01, s since 1970
const LATEST = 4_102_444_800; // 2100-01-01
const POSSIBLE = [-62_135_596_800, 253_402_300_800]; // the years 1 to 9999
const LONGEST_PAUSE = 12 * 3600; // s; a longer gap is a jump of the clock
export const DISPLACED = 60; // s between a stray point and the points recorded around it
export const MOST_STRAYS = 0.1; // share of the points; with more, the file is not ordered by time

export const isDate = (moment) => moment >= EARLIEST && moment <= LATEST;

/** Seconds since 1970 of an ISO 8601 time, NaN if it is none; UTC where it names no offset. */
export function seconds(text) {
  const named = /(Z|[+-]\d\d:?\d\d)$/i.test(text.trim());
  return Date.parse(text.trim() + (named ? "" : "Z")) / 1000;
}

/** Indices of points with a usable time, such that their times, in s, increase strictly. */
export function inOrder(clock) {
  const usable = range(clock.length).filter((i) => clock[i] >= POSSIBLE[0] && clock[i] <= POSSIBLE[1]);
  let order = longest(
    cut(
      usable.sort((a, b) => clock[a] - clock[b] || a - b),
      (a, b) => clock[b] - clock[a] > LONGEST_PAUSE,
    ),
  );
  if (order.some((point, i) => i && point < order[i - 1])) {
    const recorded = [...order].sort((a, b) => a - b);
    const away = strays(recorded.map((point) => clock[point]));
    const dropped = new Set(recorded.filter((_, i) => away[i]));
    order = order.filter((point) => !dropped.has(point));
  }
  return order.filter((point, i) => !i || clock[point] > clock[order[i - 1]]);
}

/** A list cut wherever two neighbours are apart. */
export function cut(values, apart) {
  const parts = [];
  values.forEach((value, i) => {
    if (!i || apart(values[i - 1], value)) parts.push([]);
    parts.at(-1).push(value);
  });
  return parts;
}

export const longest = (parts) => parts.reduce((most, part) => (part.length > most.length ? part : most), []);

/** Which times, in the order of recording, do not fit between those around them. */
function strays(times) {
  const rising = longestRise(times);
  const expected = interpolate(
    range(times.length),
    rising,
    rising.map((place) => times[place]),
    Infinity,
    true,
  );
  const displaced = times.map((time, i) => Math.abs(time - expected[i]) > DISPLACED);
  return displaced.filter(Boolean).length <= MOST_STRAYS * times.length ? displaced : times.map(() => false);
}

/** Indices of a longest part that never falls. */
function longestRise(values) {
  const [places, before] = [[], []]; // the last place of a rise of each length, and the place before each
  values.forEach((value, place) => {
    let [low, high] = [0, places.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (values[places[middle]] <= value) low = middle + 1;
      else high = middle;
    }
    places[low] = place;
    before[place] = low ? places[low - 1] : -1;
  });
  const rise = [];
  for (let place = places.at(-1) ?? -1; place >= 0; place = before[place]) rise.push(place);
  return rise.reverse();
}
