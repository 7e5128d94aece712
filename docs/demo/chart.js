// Pictures: heart rate over time or distance, with altitude beneath.

import { highest, lowest, measured } from "./runs/numbers.js";

const NAMESPACE = "http://www.w3.org/2000/svg";
const LEFT = 36; // pixels, as all here; for the labels, as style.css has it for the slider
const RIGHT = 12;
const TOP = 24;
const PULSE = 220; // height of the part for heart rate
const GAP = 32;
const GROUND = 70; // height of the part for altitude
const LABEL = 64; // between two labels below
const LETTER = 7; // width of a letter of a label, or a little more
const SIZES = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000];
const MINUTES = [1, 2, 5, 10, 15, 20, 30, 60, 120, 240, 480, 1440];
const KILOMETRES = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100];
const MONTHS = [1, 2, 3, 6, 12, 24, 60, 120];

/** A time in the run as a person reads it, from s. */
export function clock(seconds) {
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, Math.floor(seconds) % 60];
  const two = (value) => String(value).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** Labels below for a time in s from 0. */
export function minutes(low, high, most) {
  const every = MINUTES.find((each) => (high - low) / 60 / each <= most) ?? MINUTES.at(-1);
  return stepped(high / 60, every, (minute) => (every < 60 ? `${minute} min` : `${minute / 60} h`), 60);
}

/** Labels below for a distance in m from 0. */
export function kilometres(low, high, most) {
  const every = KILOMETRES.find((each) => high / 1000 / each <= most) ?? KILOMETRES.at(-1);
  return stepped(high / 1000, every, (km) => `${+km.toFixed(1)} km`, 1000);
}

function stepped(last, every, text, unit) {
  return Array.from({ length: Math.floor(last / every + 1e-9) + 1 }, (_, i) => ({
    at: i * every * unit,
    text: text(i * every),
  }));
}

/** Labels below for dates in s since 1970: the beginnings of months, or days where there is less than a month or two. */
export function dates(low, high, most) {
  const day = (at) => new Date(1000 * at);
  const [year, month] = [day(low).getUTCFullYear(), day(low).getUTCMonth()];
  const every = MONTHS.find((each) => (high - low) / 86_400 / 30.4 / each <= most) ?? MONTHS.at(-1);
  const begin = every < 12 ? month - (month % every) : 0;
  const found = [];
  for (let i = 0; found.length <= most; i += every) {
    const at = Date.UTC(year, begin + i) / 1000;
    if (at > high) break;
    const first = !found.length ? { month: "short", year: "numeric" } : { month: "short" };
    const named = every < 12 && day(at).getUTCMonth() ? first : { year: "numeric" };
    if (at >= low) found.push({ at, text: day(at).toLocaleDateString("en", { ...named, timeZone: "UTC" }) });
  }
  if (found.length > 1) return found;
  return [...new Set([low, high])].map((at) => ({
    at,
    text: day(at).toLocaleDateString("en", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" }),
  }));
}

/**
 * Draws a picture into an element, as wide as that is.
 *
 * @param {HTMLElement} place is emptied first.
 * @param {object} what `x` of each value, `labels` below (one of the functions above), and beats/min: `line`, and where there
 *   are such `low` and `high` around it, `measured`, and a `limit`; `ground`, the altitude in m; `dots` draws the line's
 *   points; `name` of the line.
 * @param {string} label what the picture says, for those who cannot see it.
 * @returns {{show: function(number), at: function(number): number}} show marks a value; at finds the one at an x on the screen.
 */
export function draw(place, what, label) {
  const { x: along, line: values, low = [], high = [], measured: rates = [], limit = [], ground } = what;
  const width = Math.max(place.clientWidth, 200);
  const height = TOP + PULSE + (ground ? GAP + GROUND : 0) + 24;
  const svg = element("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label });
  const [first, last] = [along[0], along.at(-1)];
  const x = (at) => (last > first ? LEFT + ((at - first) / (last - first)) * (width - LEFT - RIGHT) : width / 2);
  const places = Array.from(along, x);
  const beats = scale([...values, ...low, ...high, ...rates, ...limit], TOP, PULSE, 20);
  if (low.length) svg.append(element("path", { d: band(low, high, places, beats.y), class: "band" }));
  beats.marks.forEach((value) => mark(svg, width, beats.y(value), value));
  write(svg, 0, 12, "beats/min");
  let bottom = TOP + PULSE;
  if (ground) {
    bottom += GAP + GROUND;
    const metres = scale(ground, bottom - GROUND, GROUND, 20);
    metres.marks.forEach((value) => mark(svg, width, metres.y(value), value));
    svg.append(
      element("path", {
        d: `${path(ground, places, metres.y)}L${places.at(-1)} ${bottom}L${places[0]} ${bottom}Z`,
        class: "ground",
      }),
    );
    write(svg, 0, bottom - GROUND - 10, "altitude, m");
  }
  below(svg, what.labels(first, last, (width - LEFT - RIGHT) / LABEL), x, bottom, width);
  for (const value of limit)
    svg.append(element("line", { x1: LEFT, x2: width - RIGHT, y1: beats.y(value), y2: beats.y(value), class: "limit" }));
  svg.append(element("path", { d: path(rates, places, beats.y), class: "measured" }));
  svg.append(element("path", { d: path(values, places, beats.y), class: "predicted" }));
  if (what.dots)
    places.forEach((at, i) => svg.append(element("circle", { cx: at, cy: beats.y(values[i]), r: 2.5, class: "predicted" })));
  legend(svg, width, [
    [what.name ?? "predicted", "predicted"],
    ...(measured(rates).length ? [["measured", "measured"]] : []),
    ...(limit.length ? [["limit", "limit"]] : []),
  ]);
  const cursor = element("line", { y1: TOP, y2: bottom, class: "cursor" });
  const point = element("circle", { r: 4, class: "predicted" });
  place.replaceChildren(svg);
  return {
    show(i) {
      svg.append(cursor, point);
      set(cursor, { x1: places[i], x2: places[i] });
      set(point, { cx: places[i], cy: beats.y(values[i]) });
    },
    at(screen) {
      const wanted = screen - svg.getBoundingClientRect().left;
      return places.reduce((best, at, i) => (Math.abs(at - wanted) < Math.abs(places[best] - wanted) ? i : best), 0);
    },
  };
}

/** Where values lie within a height, and round numbers among them. */
function scale(values, top, height, least) {
  const finite = measured(values);
  const [low, high] = [lowest(finite), highest(finite)];
  const size = SIZES.find((each) => Math.max(high - low, least) / each <= height / 40) ?? SIZES.at(-1);
  const begin = Math.floor(low / size) * size;
  const end = Math.max(Math.ceil(high / size) * size, begin + least);
  const marks = Array.from({ length: Math.floor((end - begin) / size) + 1 }, (_, i) => begin + i * size);
  return { marks, y: (value) => top + height * (1 - (value - begin) / (end - begin)) };
}

/** A path through values; a gap where one is missing. */
function path(values, places, y) {
  const parts = Array.from(values, (value, i) => {
    if (Number.isNaN(value)) return "";
    return `${i && Number.isFinite(values[i - 1]) ? "L" : "M"}${places[i].toFixed(1)} ${y(value).toFixed(1)}`;
  });
  return parts.join("");
}

const band = (low, high, places, y) =>
  `${path(low, places, y)}L${path(Array.from(high).reverse(), [...places].reverse(), y).slice(1)}Z`;

function below(svg, labels, x, bottom, width) {
  let free = 0; // where the last label ends
  for (const { at, text } of labels) {
    const [place, half] = [x(at), (text.length * LETTER) / 2];
    svg.append(element("line", { x1: place, x2: place, y1: bottom, y2: bottom + 4, class: "grid" }));
    const middle = Math.min(Math.max(place, half), width - half);
    if (middle - half < free) continue;
    write(svg, middle, bottom + 17, text, "middle");
    free = middle + half;
  }
}

function legend(svg, width, names) {
  let right = width - RIGHT;
  for (const [text, kind] of names.reverse()) {
    write(svg, right, 12, text, "end", kind);
    right -= text.length * LETTER + 10;
  }
}

function mark(svg, width, y, value) {
  svg.append(element("line", { x1: LEFT, x2: width - RIGHT, y1: y, y2: y, class: "grid" }));
  write(svg, LEFT - 6, y + 4, value, "end");
}

function write(svg, x, y, text, anchor = "start", kind = "") {
  const found = svg.appendChild(element("text", { x, y, "text-anchor": anchor, class: kind }));
  found.textContent = text;
}

const element = (name, attributes) => set(document.createElementNS(NAMESPACE, name), attributes);

function set(found, attributes) {
  for (const [name, value] of Object.entries(attributes)) found.setAttribute(name, value);
  return found;
}
