// One Kalman filter's corrections: `{weights, covariance}` before and after; formulas: docs/reference/athlete_formulas.md.

import { dot, mean, product, range, solve, sum, transposed } from "../runs/numbers.js";

/** A filter after a run's mean effort in m/s was observed, which tells of the person's usual one, the weight at `usual`. */
export function observed({ weights, covariance }, usual, effort, { effort_noise }) {
  const along = covariance.map((row) => row[usual]);
  const spread = along[usual] + effort_noise;
  const off = (effort - weights[usual]) / spread;
  return {
    weights: weights.map((value, i) => value + along[i] * off),
    covariance: covariance.map((row, i) => row.map((value, k) => value - (along[i] * along[k]) / spread)),
  };
}

/** What the measured steps of a run hold for every filter: their features, as many rows of a state's, and their sums. */
export function summed(features, heartRate, size) {
  const states = features[0].length;
  const total = new Float64Array(size);
  const gram = range(size).map(() => new Float64Array(size));
  for (const row of features) {
    for (let i = 0; i < states; i++) {
      total[i] += row[i];
      for (let k = 0; k <= i; k++) gram[i][k] += row[i] * row[k];
    }
  }
  for (let i = 0; i < states; i++) for (let k = 0; k < i; k++) gram[k][i] = gram[i][k];
  return { features, heartRate, total, gram };
}

/** A filter after one run, whose level has a random error in addition to the steps' noise; `seen` is from `summed`. */
export function corrected({ weights, covariance }, { features, heartRate, total, gram }, population) {
  const [count, states] = [features.length, features[0].length];
  const centre = total.map((value) => value / count);
  const spread = covariance.map((row) => dot(row, centre));
  const residual = features.map((row, t) => heartRate[t] - dot(row, weights, states));
  const variance = dot(centre, spread) + population.level + population.noise / count;
  const more = Math.max(1, mean(residual) ** 2 / variance / population.surprise); // far from its prediction it counts for less
  const [level, noise] = [population.level * more, population.noise * more];
  const shared = level / (noise + count * level);
  const information = gram.map((row, i) => row.map((value, k) => (value - shared * total[i] * total[k]) / noise));
  const moment = total.map((value) => (-shared * sum(residual) * value) / noise);
  for (let i = 0; i < states; i++) features.forEach((row, t) => (moment[i] += (residual[t] * row[i]) / noise));
  const left = product(covariance, information).map((row, i) => row.with(i, row[i] + 1));
  const solved = solve(
    left,
    covariance.map((row) => row.slice()),
  );
  const turned = transposed(solved);
  const after = solved.map((row, i) => row.map((value, k) => (value + turned[i][k]) / 2));
  return { weights: weights.map((value, i) => value + dot(after[i], moment)), covariance: after };
}
