// An exported model, run by ONNX Runtime Web within the page.

import { complete } from "./athlete/kept.js";
import { POSSIBLE, around } from "./athlete/interval.js";
import { STEP } from "./runs/grid.js";
import { clip } from "./runs/numbers.js";
import * as ort from "./vendor/ort.wasm.bundle.min.mjs";

/**
 * Loads `model.onnx` and `model.onnx.json`, which lie beside the page.
 *
 * @returns {Promise<{description: object, raw: function, predict: function}>} the JSON; `raw([{run, known}], share)` gives
 *   beats/min of each step of runs (from `grid.resample`) if the model's correction counts for that share; and
 *   `predict(run, athlete)` gives `{predicted, low, high, known}` of a person.
 */
export async function load() {
  ort.env.wasm.numThreads = 1; // more need headers that a plain server does not send
  const description = await (await get("model.onnx.json")).json();
  if (description.step_seconds !== STEP || description.streaming || !description.states) {
    throw new Error("The model beside this page is none for whole runs, or of another version; build the page anew.");
  }
  description.population = complete(description.population);
  const session = await ort.InferenceSession.create(await (await get("model.onnx")).arrayBuffer());
  const raw = (items, share) => infer(session, description, items, share);
  return { description, raw, predict: (run, athlete) => predict(raw, run, athlete) };
}

async function get(name) {
  const answer = await fetch(new URL(name, import.meta.url));
  if (!answer.ok) throw new Error(`${name} is missing beside this page (${answer.status}); build the page anew.`);
  return answer;
}

/** A run's prediction with its interval, none of it above the maximum that the person has told. */
async function predict(raw, run, athlete) {
  const known = athlete.predict({ ...run, start: athlete.assumedStart(run.start) });
  const [predicted] = await raw([{ run, known }], known.shrinkage);
  const most = athlete.told.max_heart_rate?.value ?? POSSIBLE[1];
  const [low, high] = around(predicted, known.deviation, known.limits);
  const below = (values) => values.map((value) => Math.min(value, most));
  return { predicted: below(predicted), low: below(low), high: below(high), known };
}

/** Beats/min of each step of some runs, with what is known before each; of one length, as their ends are repeated. */
async function infer(session, description, items, share) {
  const longest = Math.max(...items.map(({ run }) => run.speed.length));
  const given = items.map(({ run, known }) => valuesOf(run, known, share));
  const inputs = description.inputs.map(({ name, shape: [, ...shape] }) => {
    if (!(name in given[0])) throw new Error(`The model takes ${name}, which this page does not know; build the page anew.`);
    const sizes = shape.map((size) => size ?? longest);
    const each = sizes.reduce((all, size) => all * size, 1);
    const step = shape[0] === null ? each / longest : each;
    const values = new Float32Array(items.length * each);
    given.forEach(({ [name]: from }, row) => {
      values.set(from, row * each);
      for (let place = from.length; place < each; place++)
        values[row * each + place] = name === "valid" ? 0 : values[row * each + place - step];
    });
    return [name, new ort.Tensor("float32", values, [items.length, ...sizes])];
  });
  const { heart_rate } = await session.run(Object.fromEntries(inputs));
  const found = items.map(({ run }, row) =>
    heart_rate.data.slice(row * longest, row * longest + run.speed.length).map((rate) => clip(rate, POSSIBLE)),
  );
  heart_rate.dispose();
  return found;
}

function valuesOf(run, known, share) {
  const steps = run.speed.length;
  return {
    time: run.speed.map((_, t) => STEP * t),
    speed: run.speed,
    altitude: run.altitude,
    valid: new Float32Array(steps).fill(1),
    known_heart_rate: new Float32Array(steps).fill(NaN),
    expected: Float32Array.from(known.expected.flat()),
    delay: new Float32Array(1),
    course: Float32Array.from(known.course),
    history: Float32Array.from(known.history),
    trust: Float32Array.of(share),
  };
}
