// Arithmetic on lists of numbers, as NumPy has it; NaN is what was not measured.

export const clip = (value, [low, high]) => Math.min(Math.max(value, low), high);
export const sum = (values) => values.reduce((total, value) => total + value, 0);
export const mean = (values) => sum(values) / values.length;
export const deviation = (values, centre = mean(values)) => Math.sqrt(mean(values.map((value) => (value - centre) ** 2)));
export const measured = (values) => Array.from(values).filter(Number.isFinite);
export const highest = (values) => values.reduce((most, value) => Math.max(most, value), -Infinity);
export const lowest = (values) => values.reduce((least, value) => Math.min(least, value), Infinity);
export const range = (count) => Array.from({ length: count }, (_, i) => i);

export function dot(one, two, size = one.length) {
  let total = 0;
  for (let i = 0; i < size; i++) total += one[i] * two[i];
  return total;
}

/** The value below which a share of some finite values lies, on lines between them. */
export function quantile(values, share) {
  const sorted = Float64Array.from(values).sort();
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  return sorted[below] + (place - below) * ((sorted[below + 1] ?? sorted[below]) - sorted[below]);
}

export const median = (values) => quantile(values, 0.5);

/** How many of increasing values are below one, or with `right` not above it. */
export function place(values, value, right = false) {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] < value || (right && values[middle] === value)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Values at other times, on lines between measured neighbours.
 *
 * @param {ArrayLike<number>} at times wanted, increasing.
 * @param {ArrayLike<number>} time of the values, increasing.
 * @param {ArrayLike<number>} values NaN where not measured.
 * @param {number} maxGap the widest gap to draw a line across; beyond it NaN.
 * @param {boolean} hold whether the first and the last measured value hold outside; else NaN.
 */
export function interpolate(at, time, values, maxGap = Infinity, hold = false) {
  const known = [];
  for (let i = 0; i < values.length; i++) if (Number.isFinite(values[i])) known.push(i);
  let right = 0;
  return Float64Array.from(at, (t) => {
    while (right < known.length && time[known[right]] < t) right += 1;
    const [before, after] = [known[right - 1], known[right]];
    if (time[after] === t) return values[after];
    if (before === undefined || after === undefined) return hold ? (values[before ?? after] ?? NaN) : NaN;
    const gap = time[after] - time[before];
    return gap > maxGap ? NaN : values[before] + ((t - time[before]) / gap) * (values[after] - values[before]);
  });
}

/** The same for a single time, where the values are all known and hold outside. */
export function at(t, time, values) {
  const after = place(time, t);
  if (after === 0) return values[0];
  if (after === time.length) return values.at(-1);
  return values[after - 1] + ((t - time[after - 1]) / (time[after] - time[after - 1])) * (values[after] - values[after - 1]);
}

/** The X of `A X = B`, by Gauss' elimination with pivots; matrices are lists of rows, and are overwritten. */
export function solve(A, B) {
  const size = A.length;
  for (let column = 0; column < size; column++) {
    let pivot = column;
    for (let row = column + 1; row < size; row++) if (Math.abs(A[row][column]) > Math.abs(A[pivot][column])) pivot = row;
    [A[column], A[pivot]] = [A[pivot], A[column]];
    [B[column], B[pivot]] = [B[pivot], B[column]];
    for (let row = column + 1; row < size; row++) subtract(row, column);
  }
  for (let column = size - 1; column >= 0; column--) {
    for (let k = 0; k < B[column].length; k++) B[column][k] /= A[column][column];
    for (let row = 0; row < column; row++) subtract(row, column, 1);
  }
  return B;

  function subtract(row, column, pivot = A[column][column]) {
    const factor = A[row][column] / pivot;
    if (!factor) return;
    const [from, of, values, more] = [A[row], A[column], B[row], B[column]];
    if (row > column) for (let k = column; k < size; k++) from[k] -= factor * of[k];
    for (let k = 0; k < values.length; k++) values[k] -= factor * more[k];
  }
}

/** The product of two matrices, lists of rows. */
export function product(A, B) {
  return A.map((row) => {
    const found = new Float64Array(B[0].length);
    row.forEach((value, k) => {
      const other = B[k];
      if (value) for (let i = 0; i < found.length; i++) found[i] += value * other[i];
    });
    return found;
  });
}

export const transposed = (A) => Array.from(A[0], (_, k) => Float64Array.from(A, (row) => row[k]));
