// The page: takes files, predicts, and says in words what the picture shows.

import { Athlete } from "./athlete.js";
import { clock, draw } from "./chart.js";
import { mean, sum } from "./effort.js";
import { load } from "./model.js";
import { InputError, MAX_BYTES, STEP, read } from "./run.js";

const at = (id) => document.getElementById(id);
const say = (text) => (at("status").textContent = text);
const fail = (text) => (at("error").textContent = text);
const model = load();
let work = Promise.resolve(); // one after the other
let run = null;
let athlete = null; // of the person, from what `hrkeras update` has written
let picture = null;
/** What is on the page: a run, its name, whose it is, and its predicted heart rate in beats/min of each step. */
export let shown = null;

say("Loading the model ...");
model.then(
  () => say("Ready for a GPX file."),
  (error) => fail(`The model could not be loaded. ${error.message}`),
);
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
at("chart").addEventListener("pointermove", (event) => point(picture.at(event.clientX)));
new ResizeObserver(() => shown && paint()).observe(at("chart"));

function give(files) {
  const given = [...files];
  if (given.length) work = work.then(() => take(given));
}

/** Reads files and predicts; where it cannot it says why and leaves what is shown. */
async function take(files) {
  fail("");
  try {
    const { description, predict } = await model;
    const tracks = files.filter((file) => !file.name.toLowerCase().endsWith(".json"));
    if (tracks.length > 1) throw new InputError(`Expected the GPX file of one run, found ${tracks.length} files; give one at a time.`);
    for (const file of files) {
      say(`Reading ${file.name} ...`);
      if (file === tracks[0]) run = { name: file.name, ...(await opened(file, read)) };
      else athlete = await opened(file, (text) => new Athlete(description, JSON.parse(text)));
    }
    if (!run) return say("Your earlier runs are known; now give the GPX file of a run.");
    say("Predicting ...");
    await new Promise((resolve) => setTimeout(resolve)); // so that this is seen
    const whose = athlete ?? new Athlete(description);
    if (whose.ends.at(-1) > run.start) {
      throw new InputError(
        `The person's file has learnt from ${run.name} itself or from later runs, so it would not be a prediction: ` +
          "give a run that came later, or reload the page and give the run alone.",
      );
    }
    shown = { ...run, predicted: await predict(run, whose), earlier: whose.count };
    tell();
    paint();
    say("");
  } catch (error) {
    say("");
    fail(error instanceof InputError ? error.message : `This page failed (${error.message}); reload it or try another file.`);
  }
}

/** What a file holds. */
async function opened(file, parse) {
  try {
    if (file.size > MAX_BYTES) {
      throw new InputError(`it has more than ${MAX_BYTES / 2 ** 20} MB, where a day's run has 30; give a smaller file`);
    }
    return parse(await file.text());
  } catch (error) {
    const reason = error instanceof SyntaxError ? "it is no JSON; give the file that `hrkeras update` has written" : error.message;
    throw new InputError(`${file.name}: ${reason}.`);
  }
}

/** The sentences. */
function tell() {
  const { name, predicted, heartRate, speed, sport, hasAltitude, earlier } = shown;
  const highest = Math.max(...predicted);
  const kilometres = (sum(speed) * STEP) / 1000;
  const length = `${kilometres.toFixed(1)} km in ${clock(speed.length * STEP)}`;
  at("summary").textContent =
    `${name}, ${length}. Predicted heart rate: ${Math.round(mean(predicted))} beats/min on average, ` +
    `${Math.round(highest)} at most, at ${clock(predicted.indexOf(highest) * STEP)}.`;
  const notes = [
    earlier
      ? `Predicted from what ${earlier} earlier runs tell of the person.`
      : "Nothing is known of the person, so this is what is usual for people in general; one's own may lie well off it.",
  ];
  const measured = [...heartRate.keys()].filter((step) => Number.isFinite(heartRate[step]));
  if (measured.length) {
    const average = Math.round(mean(measured.map((step) => heartRate[step])));
    const miss = mean(measured.map((step) => Math.abs(heartRate[step] - predicted[step]))).toFixed(1);
    notes.push(`Measured: ${average} beats/min on average; the prediction, which did not look at it, is off by ${miss} on average.`);
  }
  if (!hasAltitude) notes.push("The file has no altitude, so the run is taken as flat.");
  if (sport && !/run|jog|跑|^9$/i.test(sport)) notes.push(`The file calls it "${sport}"; the model knows runs only.`);
  at("notes").replaceChildren(
    ...notes.map((text) => Object.assign(document.createElement("li"), { textContent: text })),
  );
  at("moment").max = predicted.length - 1;
  at("moment").value = 0;
  at("result").hidden = false;
}

/** The picture. */
function paint() {
  picture = draw(at("chart"), shown, "Predicted heart rate over the time of the run; the slider below reads it out.");
  point(at("moment").valueAsNumber);
}

/** Marks a step and says what is so there. */
function point(step) {
  const { predicted, heartRate, altitude, hasAltitude, speed } = shown;
  picture.show(step);
  const parts = [`predicted ${Math.round(predicted[step])} beats/min`];
  if (Number.isFinite(heartRate[step])) parts.push(`measured ${Math.round(heartRate[step])}`);
  parts.push(speed[step] > 0.5 ? `${clock(1000 / speed[step])} min/km` : "standing");
  if (hasAltitude) parts.push(`altitude ${Math.round(altitude[step])}\u00a0m`);
  at("moment").value = step;
  at("moment").setAttribute("aria-valuetext", `${clock(step * STEP)}: ${parts.join(", ")}`);
  at("readout").textContent = `At ${clock(step * STEP)}: ${parts.join(", ")}.`;
}
