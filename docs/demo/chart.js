// The picture: predicted and measured heart rate over time, altitude beneath.

import { STEP } from "./run.js";

const NAMESPACE = "http://www.w3.org/2000/svg";
const LEFT = 36; // pixels, as all here; for the labels, as style.css has it for the slider
const RIGHT = 12;
const TOP = 22;
const PULSE = 240; // height of the part for heart rate
const GAP = 32;
const GROUND = 80; // height of the part for altitude
const LABEL = 60; // between two labels of the time
const MINUTES = [1, 2, 5, 10, 15, 20, 30, 60, 120, 240, 480, 1440, 2880];
const SIZES = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000];

/** A time in the run as a person reads it, from s. */
export function clock(seconds) {
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, Math.floor(seconds) % 60];
  const two = (value) => String(value).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/**
 * Draws a run into an element, as wide as that is.
 *
 * @param {HTMLElement} place is emptied first.
 * @param {object} run from `run.read`, with what is predicted, beats/min of each step.
 * @param {string} label what the picture says, for those who cannot see it.
 * @returns {{show: function(number), at: function(number): number}} show marks a step; at finds the one at an x on the screen.
 */
export function draw(place, run, label) {
  const { predicted } = run;
  const width = Math.max(place.clientWidth, 200);
  const height = TOP + PULSE + (run.hasAltitude ? GAP + GROUND : 0) + 20;
  const svg = element("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label });
  const last = Math.max(predicted.length - 1, 1);
  const x = (step) => LEFT + (step / last) * (width - LEFT - RIGHT);
  const beats = scale([...predicted, ...run.heartRate], TOP, PULSE, 20);
  beats.marks.forEach((value) => mark(svg, width, beats.y(value), value));
  write(svg, 0, 12, "beats/min");
  let bottom = TOP + PULSE;
  if (run.hasAltitude) {
    bottom += GAP + GROUND;
    const metres = scale(run.altitude, bottom - GROUND, GROUND, 20);
    metres.marks.forEach((value) => mark(svg, width, metres.y(value), value));
    const ridge = line(run.altitude, x, metres.y);
    svg.append(element("path", { d: `${ridge}L${x(run.altitude.length - 1)} ${bottom}L${x(0)} ${bottom}Z`, class: "ground" }));
    write(svg, 0, bottom - GROUND - 10, "altitude, m");
  }
  times(svg, x, last, bottom, width);
  legend(svg, width, run.heartRate.some(Number.isFinite));
  svg.append(element("path", { d: line(run.heartRate, x, beats.y), class: "measured" }));
  svg.append(element("path", { d: line(predicted, x, beats.y), class: "predicted" }));
  const cursor = svg.appendChild(element("line", { y1: TOP, y2: bottom, class: "cursor" }));
  const point = svg.appendChild(element("circle", { r: 4, class: "predicted" }));
  place.replaceChildren(svg);
  return {
    show(step) {
      set(cursor, { x1: x(step), x2: x(step) });
      set(point, { cx: x(step), cy: beats.y(predicted[step]) });
    },
    at(screen) {
      const share = (screen - svg.getBoundingClientRect().left - LEFT) / (width - LEFT - RIGHT);
      return Math.round(Math.min(Math.max(share, 0), 1) * (predicted.length - 1));
    },
  };
}

/** Where values lie within a height, and round numbers among them. */
function scale(values, top, height, least) {
  const finite = values.filter(Number.isFinite);
  const [low, high] = finite.reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [Infinity, -Infinity]);
  const size = SIZES.find((each) => Math.max(high - low, least) / each <= height / 40) ?? SIZES.at(-1);
  const begin = Math.floor(low / size) * size;
  const end = Math.max(Math.ceil(high / size) * size, begin + least);
  const marks = Array.from({ length: Math.floor((end - begin) / size) + 1 }, (_, i) => begin + i * size);
  return { marks, y: (value) => top + height * (1 - (value - begin) / (end - begin)) };
}

/** A path through values; a gap where one is missing. */
function line(values, x, y) {
  const parts = Array.from(values, (value, step) => {
    if (Number.isNaN(value)) return "";
    return `${step && Number.isFinite(values[step - 1]) ? "L" : "M"}${x(step).toFixed(1)} ${y(value).toFixed(1)}`;
  });
  return parts.join("");
}

function times(svg, x, last, bottom, width) {
  const minutes = (last * STEP) / 60;
  const every = MINUTES.find((each) => (minutes / each) * LABEL <= width - LEFT - RIGHT) ?? MINUTES.at(-1);
  for (let minute = 0; minute <= minutes; minute += every) {
    const place = x((minute * 60) / STEP);
    svg.append(element("line", { x1: place, x2: place, y1: bottom, y2: bottom + 4, class: "grid" }));
    const text = every < 60 ? `${minute} min` : `${minute / 60} h`;
    write(svg, place, bottom + 17, text, place > width - 20 ? "end" : "middle");
  }
}

function legend(svg, width, measured) {
  if (measured) write(svg, width - RIGHT, 12, "measured", "end", "measured");
  write(svg, width - RIGHT - (measured ? 70 : 0), 12, "predicted", "end", "predicted");
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
