// The part of the page that plans a run on a course.

import { Planner, usualStart } from "./athlete/plan.js";
import { course } from "./athlete/route.js";
import { draw, kilometres } from "./chart.js";
import { readCourse } from "./readers/files.js";
import { STEP } from "./runs/grid.js";
import { InputError } from "./runs/input_error.js";
import * as words from "./words.js";

const at = (id) => document.getElementById(id);

export class Planning {
  /** What is planned, from `Planner`; null before. */
  shown = null;
  #course = null;

  /**
   * @param {object} model from `model.load`.
   * @param {function(): Athlete} athlete whom the plan is for.
   * @param {function(function)} inTurn does a task when the page is free, and says what went wrong.
   */
  constructor(model, athlete, inTurn) {
    Object.assign(this, { model, athlete });
    at("plan-form").addEventListener("submit", (event) => {
      event.preventDefault();
      inTurn(() => this.make());
    });
    at("course").addEventListener("change", () => {
      const [file] = at("course").files;
      if (file) inTurn(() => this.open(file));
    });
    at("even").addEventListener("change", () => this.#course && inTurn(() => this.make()));
  }

  /** Opens the file of a course. */
  async open(file) {
    at("course").value = "";
    try {
      await this.take(await readCourse(file));
    } catch (error) {
      throw error instanceof InputError ? new InputError(`${file.name}: ${error.message}.`) : error;
    }
  }

  /** Takes a course, its name and points. */
  async take({ name, points }) {
    this.#course = { name, route: course(points) };
    at("course-name").textContent = name;
    await this.make();
  }

  /** Fills in the usual pace where none was given, and plans anew what is shown. */
  changed(speed) {
    if (speed && !at("pace").value) at("pace").value = words.pace(speed);
  }

  /** Plans. */
  async make() {
    if (!this.#course) throw new InputError("Choose a course first: a GPX track or route, or a run along it.");
    const athlete = this.athlete();
    const { name, route } = this.#course;
    at("pace").value ||= "6:00";
    const speed = words.speedOf(at("pace").value);
    if (Number.isNaN(speed))
      throw new InputError("Expected a pace of minutes and seconds a kilometre from 2:00 to 30:00, such as 5:30.");
    const limit = at("limit").valueAsNumber || 0;
    at("status").textContent = "Trying paces ...";
    const even = at("even").checked ? "effort" : "pace";
    const begin = usualStart(athlete, Date.now() / 1000);
    const planner = new Planner(route, athlete, this.model.predict, even, begin);
    const planned = { ...(await planner.at(speed)), even, limit };
    const answers = await this.#answers(planner, planned);
    this.shown = { ...planned, name, hasAltitude: route.hasAltitude, distance: this.#distance(planned) };
    const sentences = [...words.plan({ ...route, name }, planned, answers), ...planned.warnings];
    at("plan-words").replaceChildren(
      ...sentences.map((text) => Object.assign(document.createElement("li"), { textContent: text })),
    );
    this.#table(planned);
    this.paint();
  }

  /** What else may be run, see `words.plan`. */
  async #answers(planner, { tooHard, limit, even }) {
    const found = { possible: tooHard ? await planner.under(Infinity) : null };
    if (!limit) return found;
    Object.assign(found, { under: await planner.under(limit), wholly: await planner.under(limit, true) });
    if (found.under.end === "slowest" && even === "pace" && planner.route.hasAltitude) {
      const { route, athlete, predict, start } = planner;
      found.byEffort = await new Planner(route, athlete, predict, "effort", start).under(limit);
    }
    return found;
  }

  /** m from the start at each step, in its middle. */
  #distance({ speed }) {
    let total = 0;
    return Array.from(speed, (each) => (total += each * STEP) - (each * STEP) / 2);
  }

  #table({ kilometres: rows }) {
    const cells = (texts) => {
      const row = document.createElement("tr");
      row.append(...texts.map((text) => Object.assign(document.createElement("td"), { textContent: text })));
      return row;
    };
    at("kilometres").replaceChildren(
      ...rows.map(({ end, length, seconds, climb, levels: [rate, low, high] }) => {
        const hills = this.#course.route.hasAltitude ? Math.round(climb) : "–";
        return cells([+(end / 1000).toFixed(1), words.pace(length / seconds), hills, Math.round(rate), words.pair(low, high)]);
      }),
    );
    at("plan-table").hidden = false;
  }

  /** The picture. */
  paint() {
    if (!this.shown) return;
    const { distance, predicted, low, high, altitude, hasAltitude, limit } = this.shown;
    const what = { x: distance, labels: kilometres, line: predicted, low, high, name: "expected", limit: limit ? [limit] : [] };
    draw(
      at("plan-chart"),
      { ...what, ground: hasAltitude && altitude },
      `Expected heart rate along ${this.shown.name}, with the band that it should lie in; the table below has it by kilometre.`,
    );
  }
}
