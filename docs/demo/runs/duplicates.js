// Runs recorded more than once, as hrkeras.workouts.duplicates treats them.

import { STEP } from "./grid.js";

const RESTART = 60; // s that consecutive runs may overlap by

/** Whether two recordings, each with start and end in s, are of one run. */
export function overlap(one, other) {
  const common = Math.min(one.end, other.end) - Math.max(one.start, other.start);
  return common > Math.min(RESTART, Math.min(one.end - one.start, other.end - other.start) / 2);
}

/** How much a workout holds: steps with heart rate, and with speed or altitude. */
export function content({ time, speed, altitude, heartRate, samples, estimated }) {
  const steps = (values) => {
    const seen = new Set();
    values.forEach((value, i) => Number.isFinite(value) && seen.add(Math.floor(time[i] / STEP)));
    return seen.size;
  };
  const rates = estimated ? 0 : steps(heartRate);
  return [samples ? Math.min(rates, samples) : rates, steps(speed) + steps(altitude)];
}

/**
 * One recording of each run: the one that holds most, of equals the one that began first.
 *
 * @param {{start: number, end: number, content: number[]}[]} recordings in any order.
 */
export function distinct(recordings) {
  const dated = recordings.filter((each) => !Number.isNaN(each.start)).sort((a, b) => a.start - b.start);
  const more = (a, b) => b.content[0] - a.content[0] || b.content[1] - a.content[1] || a.start - b.start;
  const dropped = new Set();
  let [group, until] = [[], -Infinity];
  const settle = () => {
    const kept = [];
    for (const each of group.length > 1 ? group.sort(more) : []) {
      if (kept.some((other) => overlap(each, other))) dropped.add(each);
      else kept.push(each);
    }
  };
  for (const each of dated) {
    if (each.start >= until) {
      settle();
      [group, until] = [[], -Infinity];
    }
    group.push(each);
    until = Math.max(until, each.end);
  }
  settle();
  return recordings.filter((each) => !dropped.has(each));
}
