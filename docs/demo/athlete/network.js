// How far a network's correction of the state has helped with a person's runs, as hrkeras.athlete.shrinkage has it.

import { clip, mean } from "../runs/numbers.js";
import { Interval } from "./interval.js";

const SHRINKAGE = { start: 0.5, weight: 300, span: 100, furthest: 25 }; // (beats/min)^2, runs, beats/min

/** How far a network's correction counts for a person, and how wide its interval is. */
export class Network {
  constructor(
    name = "",
    { products, squares } = { products: SHRINKAGE.start * SHRINKAGE.weight, squares: SHRINKAGE.weight },
    interval = new Interval(),
  ) {
    Object.assign(this, { name, products, squares, interval });
  }

  get shrinkage() {
    return clip(this.products / this.squares, [0, 1]);
  }

  /** Learns from a finished run; `predicted` is with the whole correction. */
  update(heartRate, expected, deviations, predicted) {
    const share = this.shrinkage;
    this.interval.update(
      heartRate,
      expected.map((rate, i) => rate + share * (predicted[i] - rate)),
      deviations,
    );
    const steps = [...heartRate.keys()].filter((step) => Number.isFinite(heartRate[step]));
    if (!steps.length) return;
    const { start, weight, span, furthest } = SHRINKAGE;
    const corrections = steps.map((step) => predicted[step] - expected[step]);
    const residuals = steps.map((step) => clip(heartRate[step] - expected[step], [-furthest, furthest]));
    const keep = Math.exp(-1 / span);
    this.products =
      keep * this.products + (1 - keep) * start * weight + mean(corrections.map((each, i) => each * residuals[i]));
    this.squares = keep * this.squares + (1 - keep) * weight + mean(corrections.map((each) => each * each));
  }
}
