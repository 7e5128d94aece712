// What a person has given so far, and what follows from it: their state, their last run and their fitness.

import { Athlete } from "./athlete/athlete.js";
import * as fitness from "./athlete/fitness.js";
import { Network } from "./athlete/network.js";
import { breathe } from "./readers/files.js";
import { content, distinct } from "./runs/duplicates.js";
import { leftOut, resample } from "./runs/grid.js";
import { InputError } from "./runs/input_error.js";

const SEVERAL = "another recording of the same run";
const USUAL = 1000 / 360; // m/s, at which fitness is read where no run says what is usual
const TOGETHER = 16; // runs that the model predicts at once, which is several times as quick

/** What is kept of a workout: the run on the grid, without which it cannot be predicted, and why it is not learnt from. */
function prepared(workout) {
  const { sport } = workout;
  const reason = leftOut(workout);
  if (sport !== "running") return { sport, reason };
  try {
    const run = { ...resample(workout), content: content(workout) };
    return { sport, run, reason };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { sport, reason, problem: `${workout.name}: ${error.message}.` };
  }
}

/** One recording of each run, in the order in which they ended. */
const inOrder = (runs) => distinct(runs).sort((a, b) => a.end - b.end);

/** Counts how often each reason occurs. */
export class Counter extends Map {
  add(reason, count = 1) {
    if (count) this.set(reason, (this.get(reason) ?? 0) + count);
  }
}

export class Session {
  /**
   * @param {object} model from `model.load`.
   * @param {Athlete} [known] the person's state before these runs, from their file.
   */
  constructor(model, known) {
    Object.assign(this, { model, known, workouts: [], skipped: new Counter() });
  }

  /** Adds what `files.read` has found. */
  add({ workouts, skipped }) {
    workouts.forEach((workout) => this.workouts.push(prepared(workout)));
    skipped.forEach((reason) => this.skipped.add(reason));
  }

  /** The state before the runs of this session. */
  begin() {
    return this.known?.copy() ?? new Athlete(this.model.description);
  }

  /**
   * Learns from all runs in order, and predicts the last one from those before it.
   *
   * @param {function(number, number)} onRun told how many of how many runs are learnt.
   * @returns {Promise<object>} `athlete` after all runs; `last`, the run with its prediction, null if there is none; `refused`,
   *   why it is not predicted; `line`, the fitness after each run; `speed` in m/s at which that is read; `added`, how many runs
   *   were learnt, and `left`, a counter of why the others were not.
   */
  async follow(onRun = () => {}) {
    const left = new Counter(this.skipped);
    const usable = this.workouts.filter(({ reason }) => !reason).map(({ run }) => run);
    const runs = inOrder(usable);
    this.workouts.forEach(({ reason }) => reason && left.add(reason));
    left.add(SEVERAL, usable.length - runs.length);
    const athlete = this.begin();
    const diary = { views: [], facts: [], runs: [], waiting: [] };
    let [last, refused] = [this.#last(), ""];
    const found = { added: 0 };
    let done = 0;
    const learn = async (part) => {
      for (const run of part) {
        const answer = this.learn(athlete, run, diary);
        if (diary.waiting.length === TOGETHER) await this.settle(athlete, diary);
        if (answer === "added") found.added += 1;
        else left.add(answer === "known" ? "known already" : "older than the last one known");
        onRun(++done, runs.length);
        await breathe();
      }
      await this.settle(athlete, diary);
    };
    const begin = last ? athlete.assumedStart(last.start) : Infinity;
    await learn(runs.filter(({ end }) => end <= begin));
    if (last && athlete.ends.at(-1) > last.start) {
      refused = `${last.name}: what is known of you has learnt from it or from later runs, so it would not be a prediction.`;
      last = null;
    }
    if (last) {
      const [earlier, before] = [athlete.count, athlete.ends.at(-1)];
      last = { ...last, ...(await this.model.predict(last, athlete)), earlier, before };
    }
    await learn(runs.filter(({ end }) => end > begin));
    return { athlete, last, refused, left, ...found, ...this.#fitness(athlete, diary) };
  }

  /** Learns from a run, but for how far the model helps; what the state was after it is added to a diary. */
  learn(athlete, run, diary) {
    const known = athlete.predict(run);
    const answer = athlete.update(run);
    if (answer !== "added") return answer;
    diary.views.push(fitness.view(athlete));
    diary.facts.push(known.facts);
    diary.runs.push(run);
    diary.waiting.push({ run, known });
    return answer;
  }

  /** Learns how far the model would have helped with the runs that wait for that. */
  async settle(athlete, diary) {
    const { fingerprint } = this.model.description;
    if (diary.waiting.length && athlete.network.name !== fingerprint) athlete.network = new Network(fingerprint);
    const predicted = diary.waiting.length ? await this.model.raw(diary.waiting, 1) : [];
    diary.waiting.forEach(({ run, known }, i) =>
      athlete.network.update(run.heartRate, known.filtered, known.deviation, predicted[i]),
    );
    diary.waiting = [];
  }

  /** The line of fitness; at least where the person stands now. */
  #fitness(athlete, diary) {
    const views = diary.views.length ? diary.views : athlete.count ? [fitness.view(athlete)] : [];
    if (!views.length) return { line: [], speed: NaN };
    const speed = diary.runs.length ? fitness.usualSpeed(diary.runs) : USUAL;
    const read = fitness.reader(athlete, speed, fitness.usualCourse(athlete, diary.facts));
    return { speed, line: fitness.withHindsight(athlete, views).map(read) };
  }

  /** The run that came last, whatever its heart rate; one of unknown date only if there is no other. */
  #last() {
    const runs = this.workouts.map(({ run }) => run).filter(Boolean);
    const dated = distinct(runs.filter(({ start }) => !Number.isNaN(start))).sort((a, b) => a.start - b.start);
    return dated.at(-1) ?? runs.at(-1) ?? null;
  }

  /** How much has been given so far, for `whyNothing`. */
  get given() {
    return { workouts: this.workouts.length, skipped: new Map(this.skipped) };
  }

  /** Why there is no run in what was given since then, undefined if there is one. */
  whyNothing({ workouts, skipped }) {
    const added = this.workouts.slice(workouts);
    if (added.some(({ run }) => run)) return undefined;
    const problem = added.map((each) => each.problem).find(Boolean);
    if (problem) return new InputError(problem);
    const what = new Counter();
    added.forEach(({ sport }) => what.add(`${sport || "unnamed"} workout`));
    this.skipped.forEach((count, reason) => what.add(reason, count - (skipped.get(reason) ?? 0)));
    const named = [...what].map(([each, count]) => `${count} ${each}`).join(", ");
    return new InputError(`Found no run outdoors${named ? `, but ${named}` : ""}; give the recording of a run with positions.`);
  }
}
