// An exported model, run by ONNX Runtime Web within the page.

import { STEP } from "./run.js";
import * as ort from "./vendor/ort.wasm.bundle.min.mjs";

/**
 * Loads `model.onnx` and `model.onnx.json`, which lie beside the page.
 *
 * @returns {Promise<{description: object, predict: function(object, Athlete): Promise<Float32Array>}>} the JSON, and what
 *   predicts beats/min of each step of a run (from `run.read`) of a person.
 */
export async function load() {
  ort.env.wasm.numThreads = 1; // more need headers that a plain server does not send
  const description = await (await get("model.onnx.json")).json();
  if (description.step_seconds !== STEP || description.streaming || !description.states) {
    throw new Error("The model beside this page is none for whole runs, or of another version; build the page anew.");
  }
  const session = await ort.InferenceSession.create(await (await get("model.onnx")).arrayBuffer());
  return { description, predict: (run, athlete) => predict(session, description, run, athlete) };
}

async function get(name) {
  const answer = await fetch(new URL(name, import.meta.url));
  if (!answer.ok) throw new Error(`${name} is missing beside this page (${answer.status}); build the page anew.`);
  return answer;
}

async function predict(session, description, run, athlete) {
  const steps = run.speed.length;
  const known = athlete.predict(run);
  const values = {
    time: run.speed.map((_, t) => STEP * t),
    speed: run.speed,
    altitude: run.altitude,
    valid: new Float32Array(steps).fill(1),
    known_heart_rate: new Float32Array(steps).fill(NaN),
    expected: Float32Array.from(known.expected.flat()),
    delay: new Float32Array(1),
    course: Float32Array.from(known.course),
    history: Float32Array.from(known.history),
    trust: Float32Array.of(athlete.trust),
  };
  const inputs = description.inputs.map(({ name, shape: [, ...shape] }) => {
    if (!(name in values)) throw new Error(`The model takes ${name}, which this page does not know; build the page anew.`);
    return [name, new ort.Tensor("float32", values[name], [1, ...shape.map((size) => size ?? steps)])];
  });
  return (await session.run(Object.fromEntries(inputs))).heart_rate.data;
}
