// Heart rate at a steady pace on the flat over the months, as hrkeras.athlete.fitness reads it from the athlete's state.

import { DAY } from "../runs/clock.js";
import { ran, STEP } from "../runs/grid.js";
import { clip, dot, mean, median, product, range, solve, transposed } from "../runs/numbers.js";
import { basis } from "./effort.js";

const MINUTES = 40; // of the run that fitness is read from
const READ = [15, 25]; // min, the part that is averaged: warmed up, and before cardiac drift
const RECENT = 20; // runs that say what pace is usual
const COURSE = ["log_steps", "log_climb_per_km", "effort_spread"];

/** The usual speed of the last runs in m/s, pauses left out, as a pace of whole 10 s a kilometre between 3 and 20 min. */
export function usualSpeed(runs) {
  const speed = median(runs.slice(-RECENT).map((run) => mean(ran(run)) || 0));
  return 1000 / clip(10 * Math.round(100 / Math.max(speed, 0.5)), [180, 1200]);
}

/**
 * The state of a person after a run.
 *
 * @param {Athlete} athlete
 * @returns {{start: number, weights: Float64Array, covariance: Float64Array[], reach: number}} reach is half the width of the
 *   prediction interval in standard deviations.
 */
export function view(athlete) {
  const size = athlete.description.states.length;
  const [low, high] = athlete.interval.limits;
  return {
    start: athlete.starts.at(-1),
    weights: athlete.weights[0].slice(0, size),
    covariance: athlete.covariance[0].slice(0, size).map((row) => row.slice(0, size)),
    reach: (high - low) / 2,
  };
}

/** The median course of some runs, standardised; `facts` are those of each. */
export function usualCourse(athlete, facts) {
  const { states, population } = athlete.description;
  return COURSE.map((name) => {
    const place = states.indexOf(name);
    return facts.length ? median(facts.map((each) => (each[name] - population.centre[place]) / population.scale[place])) : 0;
  });
}

/** The states after each run given the later runs too, by Rauch, Tung and Striebel's smoother. */
export function withHindsight(athlete, views) {
  const smoothed = views.slice(-1);
  for (let i = views.length - 2; i >= 0; i--) {
    const [now, later] = [views[i], smoothed[0]];
    const noise = athlete.noise(Math.max(views[i + 1].start - now.start, 0) / DAY);
    const ahead = now.covariance.map((row, k) => row.with(k, row[k] + noise[k]));
    const gain = transposed(
      solve(
        ahead.map((row) => row.slice()),
        now.covariance.map((row) => row.slice()),
      ),
    );
    const apart = later.weights.map((value, k) => value - now.weights[k]);
    const less = product(
      product(
        gain,
        later.covariance.map((row, k) => row.map((value, m) => value - ahead[k][m])),
      ),
      transposed(gain),
    );
    smoothed.unshift({
      ...now,
      weights: now.weights.map((value, k) => value + dot(gain[k], apart)),
      covariance: now.covariance.map((row, k) => row.map((value, m) => value + less[k][m])),
    });
  }
  return smoothed;
}

/** Reads heart rates at a speed in m/s from views: their value, and the limits it lies within four times in five. */
export function reader(athlete, speed, course) {
  const steps = Math.round((60 * MINUTES) / STEP);
  const efforts = basis(new Float32Array(steps).fill(speed), new Float32Array(steps));
  const [first, last] = READ.map((minute) => Math.round((60 * minute) / STEP));
  return ({ start, weights, covariance, reach }) => {
    const rows = athlete.features(start, efforts).slice(first, last);
    const features = range(weights.length).map((i) => mean(rows.map((row) => row[i])));
    course.forEach((value, i) => (features[weights.length - course.length + i] = value));
    const margin =
      reach *
      Math.sqrt(
        Math.max(
          dot(
            features,
            covariance.map((row) => dot(row, features)),
          ),
          0,
        ),
      );
    const value = dot(features, weights);
    return { start, value, low: value - margin, high: value + margin };
  };
}
