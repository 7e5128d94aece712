// The course of a planned run: its length and its climbs, as hrkeras.workouts.readers.route has them. Positions stay here.

import { InputError } from "../runs/input_error.js";
import { at, highest, interpolate, lowest, median, range, sum } from "../runs/numbers.js";
import { haversine, validPositions } from "../runs/workout.js";
import { MAX_GRADE } from "./effort.js";

const PIECE = 20; // m
const GRADE_METRES = 150; // that a grade is taken over
const [SHORTEST, LONGEST] = [200, 300_000]; // m
const FAR = 1000; // m between two points above which the line between them is a guess
const ALONE = 100; // times the usual distance between two points: a position this far from both its neighbours is invalid
const ALTITUDES = [-500, 6500]; // m

/** Points with an altitude each, on lines between those that have one: of some devices, others have the positions. */
function withAltitudes(points) {
  const places = range(points.length);
  const altitudes = points.map((point) => point.altitude);
  const everywhere = interpolate(places, places, altitudes, Infinity, true);
  return points.map((point, i) => ({ ...point, altitude: everywhere[i] }));
}

/**
 * The course along points with latitude, longitude and altitude.
 *
 * @returns {{length: number, piece: number, edges: number[], altitude: number[], grade: number[], climbs: number[],
 *   hasAltitude: boolean, warnings: string[]}} m, in pieces of equal length.
 * @throws {InputError} if it is no course that can be run in one go.
 */
export function course(recorded) {
  const points = withAltitudes(recorded);
  const positions = validPositions(
    points.map((point) => point.latitude),
    points.map((point) => point.longitude),
  ).map((i) => points[i]);
  const away = alone(positions);
  const kept = positions.filter((_, i) => !away[i]);
  if (kept.length < 2) throw new InputError("it has fewer than two positions; give a track or a route");
  const legs = lengths(kept);
  let total = 0;
  const distance = [0, ...legs.map((leg) => (total += leg))];
  if (total < SHORTEST || total > LONGEST) {
    throw new InputError(
      `it is a course of ${(total / 1000).toFixed(2)} km, where one of 0.2 to 300 km can be run in one go; give a stage of it`,
    );
  }
  const warnings = [];
  const passed = away.filter(Boolean).length;
  if (passed) warnings.push(`${passed} of its positions lie far from all others and were passed over.`);
  if (legs.some((leg) => leg > FAR)) {
    warnings.push("Some of its points lie over 1 km apart, so its length and climb may be wrong: export it with more points.");
  }
  const pieces = Math.max(Math.round(total / PIECE), 1);
  const edges = range(pieces + 1).map((i) => (total * i) / pieces);
  const possible = range(kept.length).filter((i) => kept[i].altitude >= ALTITUDES[0] && kept[i].altitude <= ALTITUDES[1]);
  const heights = possible.map((i) => kept[i].altitude);
  const hasAltitude = heights.length > 0 && highest(heights) > lowest(heights); // planning sites write 0 where it is unknown
  const altitude = hasAltitude
    ? means(
        possible.map((i) => distance[i]),
        heights,
        edges,
      )
    : range(pieces).map(() => 0);
  const grade = grades(altitude, edges);
  const steepest = highest(grade.map(Math.abs));
  if (steepest > MAX_GRADE) {
    warnings.push(
      `The altitude changes by up to ${Math.round(100 * steepest)} % of the distance, steeper than is run: that is a guess.`,
    );
  }
  const piece = total / pieces;
  return {
    length: total,
    piece,
    edges,
    altitude,
    grade,
    climbs: grade.map((each) => Math.max(each, 0) * piece),
    hasAltitude,
    warnings,
  };
}

const between = (a, b) => haversine(a.latitude, a.longitude, b.latitude, b.longitude);
const lengths = (points) => points.slice(1).map((point, i) => between(points[i], point));

/** Which positions are far from those before and after, although these are near one another. */
function alone(points) {
  if (points.length < 4) return points.map(() => false);
  const legs = lengths(points);
  const far = Math.max(FAR, ALONE * median(legs));
  return points.map((_, i) => {
    if (!i || i === points.length - 1) return false;
    const near = Math.min(legs[i - 1], legs[i]);
    return near > far && between(points[i - 1], points[i + 1]) < near / 10;
  });
}

/** Rise over run of each piece: from the mean altitude of the 75 m before its middle to that of those after. */
function grades(altitude, edges) {
  const [piece, end] = [edges[1], edges.at(-1)];
  let total = 0;
  const summed = [0, ...altitude.map((height) => (total += height * piece))];
  return altitude.map((_, i) => {
    const middle = edges[i] + piece / 2;
    const [before, after] = [Math.max(middle - GRADE_METRES / 2, 0), Math.min(middle + GRADE_METRES / 2, end)];
    const [low, here, high] = [before, middle, after].map((place) => at(place, edges, summed));
    return (2 * ((high - here) / (after - middle) - (here - low) / (middle - before))) / (after - before);
  });
}

/** Mean altitude between successive edges, along straight lines between points. */
function means(distance, altitude, edges) {
  const once = range(distance.length).filter((i) => i === distance.length - 1 || distance[i + 1] > distance[i]);
  const [places, heights] = [once.map((i) => distance[i]), once.map((i) => altitude[i])];
  const all = [...new Set([...places, ...edges])].sort((a, b) => a - b);
  const values = all.map((place) => at(place, places, heights));
  const summed = [0];
  for (let i = 1; i < all.length; i++) summed.push(summed[i - 1] + ((all[i] - all[i - 1]) * (values[i] + values[i - 1])) / 2);
  const reached = edges.map((edge) => at(edge, all, summed));
  return reached.slice(1).map((value, i) => (value - reached[i]) / (edges[i + 1] - edges[i]));
}

export const climb = (route) => sum(route.climbs);
