// The page: takes files, learns and predicts, and shows what follows.

import { dates, draw, minutes } from "./chart.js";
import { load as loadModel } from "./model.js";
import { load as person, save } from "./athlete/kept.js";
import { zones } from "./athlete/zones.js";
import { Planning } from "./planning.js";
import { breathe, isPerson, read } from "./readers/files.js";
import { STEP } from "./runs/grid.js";
import { InputError } from "./runs/input_error.js";
import { range } from "./runs/numbers.js";
import { Session } from "./session.js";
import * as store from "./store.js";
import * as words from "./words.js";

const at = (id) => document.getElementById(id);
const say = (text) => (at("status").textContent = text);
const fail = (text) => (at("error").textContent = text);
const list = (place, texts) =>
  place.replaceChildren(...texts.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
const READY = "Ready for your runs.";
let work = Promise.resolve(); // one after the other
let waiting = 0; // tasks
let session = null;
let picture = null;
/** What is on the page, from `Session.follow`; with the last run's name and prediction as before there were several. */
export let shown = null;
export let planning = null;

say("Loading the model ...");
const ready = begin();
ready.then(
  () => say(READY),
  (error) => fail(`The model could not be loaded. ${error.message}`),
);
if ("serviceWorker" in navigator) navigator.serviceWorker.register("sw.js").catch(() => {}); // else only offline is lost
at("files").addEventListener("change", () => {
  give(at("files").files);
  at("files").value = ""; // so that the same file can be chosen again
});
for (const kind of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    event.preventDefault();
    at("drop").classList.toggle("over", kind === "dragover");
    if (kind === "drop") give(event.dataTransfer.files);
  });
}
at("moment").addEventListener("input", () => point(at("moment").valueAsNumber));
at("run-chart").addEventListener("pointermove", (event) => point(picture.at(event.clientX)));
at("keep").addEventListener("change", () => inTurn(keep));
at("save").addEventListener("click", download);
new ResizeObserver(() => shown && paint()).observe(document.querySelector("main"));

async function begin() {
  const model = await loadModel();
  session = new Session(model);
  planning = new Planning(
    model,
    () => shown?.athlete ?? session.begin(),
    (task) => inTurn(task),
  );
  const kept = await store.load();
  at("keep").checked = kept !== undefined;
  if (kept !== undefined) {
    try {
      know(person(kept, model.description));
    } catch (error) {
      fail(`What this browser has kept cannot be used: ${error.message}.`);
    }
  }
  at("plan").hidden = at("keeping").hidden = false;
}

/** Begins anew from what is known of the person. */
function know(athlete) {
  session = new Session(session.model, athlete);
  at("known").textContent = words.known(athlete);
  at("known").hidden = !athlete.count;
}

function give(files) {
  const given = [...files];
  if (given.length) inTurn(() => take(given));
}

/** Does a task after those before it, and says what went wrong. */
function inTurn(task) {
  waiting += 1;
  document.querySelector("main").ariaBusy = "true";
  work = work.then(async () => {
    fail("");
    try {
      await ready;
      await task();
      say("");
    } catch (error) {
      say("");
      fail(error instanceof InputError ? error.message : `This page failed (${error.message}); reload it or try another file.`);
    }
    at("progress").hidden = true;
    waiting -= 1;
    if (!waiting) document.querySelector("main").ariaBusy = "false";
  });
  return work;
}

function progress(done, all) {
  at("progress").hidden = false;
  at("progress").value = all ? Math.min(done / all, 1) : 0;
}

/** Reads files and shows what follows. */
async function take(files) {
  const persons = files.filter(isPerson);
  if (persons.length > 1) throw new InputError(`Expected one person's file, found ${persons.length}; give one.`);
  const runs = files.filter((file) => !isPerson(file));
  if (persons.length) know(await named(persons[0], async (file) => person(await file.text(), session.model.description)));
  const before = session.given;
  const courses = await readAll(runs);
  if (courses.length) await planning.take(courses.at(-1));
  const nothing = runs.length && session.whyNothing(before);
  if (!nothing || persons.length) await follow();
  if (nothing && !courses.length) throw nothing;
}

/** Reads all files into the session; returns the courses among them. */
async function readAll(files) {
  const [sizes, courses, wrong] = [files.reduce((total, { size }) => total + size, 0), [], []];
  let done = 0;
  for (const [number, file] of files.entries()) {
    say(files.length > 1 ? `Reading ${number + 1} of ${files.length} files ...` : `Reading ${file.name} ...`);
    try {
      const found = await named(file, () => read(file, (bytes) => progress((done += bytes), sizes)));
      session.add(found);
      courses.push(...found.courses);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      wrong.push(error.message);
    }
    await breathe();
  }
  if (wrong.length === files.length && wrong.length) throw new InputError(wrong[0]);
  if (wrong.length) fail(`${wrong.length} of ${files.length} files cannot be used. ${wrong.slice(0, 3).join(" ")}`);
  return courses;
}

/** Does something with a file; what is wrong with it is said with its name. */
async function named(file, what) {
  try {
    return await what(file);
  } catch (error) {
    if (error instanceof DOMException) throw new InputError(`${file.name}: it cannot be read; give files, not a folder.`);
    throw error instanceof InputError ? new InputError(`${file.name}: ${error.message}.`) : error;
  }
}

/** Learns from all that was given, and shows it. */
async function follow() {
  say("Learning ...");
  shown = await session.follow((done, all) => {
    say(`Learning from run ${done} of ${all} ...`);
    progress(done, all);
  });
  if (shown.refused) fail(shown.refused);
  tell();
  paint();
  if (at("keep").checked) await keep();
}

/** The sentences. */
function tell() {
  const { last, line, speed, athlete } = shown;
  at("run").hidden = !last;
  if (last) {
    const { summary, notes } = words.lastRun(last);
    at("summary").textContent = summary;
    list(at("notes"), notes);
    at("moment").max = last.predicted.length - 1;
    at("moment").value = 0;
  }
  at("fitness").hidden = !line.length;
  if (line.length) list(at("fitness-words"), [...words.fitness(line, speed), words.limits(zones(athlete))]);
  list(at("learnt"), words.learnt(shown));
  at("save").disabled = !athlete.count;
  planning.changed(speed);
}

/** The pictures. */
function paint() {
  const { last, line } = shown;
  if (last) {
    const { predicted, low, high, heartRate, altitude, hasAltitude } = last;
    picture = draw(
      at("run-chart"),
      {
        ...{
          x: range(predicted.length).map((step) => STEP * step),
          labels: minutes,
          line: predicted,
          low,
          high,
          measured: heartRate,
        },
        ground: hasAltitude && altitude,
      },
      "Predicted heart rate over the time of the run, with the band that it should lie in; the slider below reads it out.",
    );
    point(at("moment").valueAsNumber);
  }
  at("fitness-chart").hidden = line.length < 2;
  if (line.length > 1) {
    const column = (name) => line.map((each) => each[name]);
    draw(
      at("fitness-chart"),
      {
        x: column("start"),
        labels: dates,
        line: column("value"),
        low: column("low"),
        high: column("high"),
        name: "at this pace",
        dots: line.length < 30,
      },
      `Heart rate at ${words.pace(shown.speed)} min/km on the flat after each of ${line.length} runs, described above.`,
    );
  }
  planning.paint();
}

/** Marks a step of the last run and says what is so there. */
function point(step) {
  const { last } = shown;
  const text = words.atStep(last, step);
  picture.show(step);
  at("moment").value = step;
  at("moment").setAttribute("aria-valuetext", text);
  at("readout").textContent = `At ${text}.`;
}

/** Keeps what is known in this browser, or forgets it. */
async function keep() {
  const athlete = shown?.athlete ?? session.known;
  if (!at("keep").checked) return store.forget();
  try {
    if (athlete?.count) await store.keep(save(athlete));
    navigator.storage?.persist?.();
  } catch {
    at("keep").checked = false;
    throw new InputError("This browser keeps nothing here, as in a private window; save me.json instead.");
  }
}

function download() {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([save(shown.athlete)], { type: "application/json" }));
  link.download = "me.json";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
