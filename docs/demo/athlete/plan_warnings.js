// Warnings of a planned run, where it goes beyond what is known of the person, as hrkeras.personal.planning.plan_warnings.

import { DAY } from "../runs/clock.js";
import { STEP, fastest } from "../runs/grid.js";
import { highest, lowest, mean, quantile, sum } from "../runs/numbers.js";
import { basis } from "./effort.js";

export const BEYOND = 1.1; // factor by which a plan may be harder or easier than the known runs without a warning
export const EARLY = 300; // s that the highest heart rate leaves out
const LONGER = 1.2; // times the longest run
const [STEEPER, LEAST_STEEPER] = [1.25, 10]; // times the climb per kilometre of the hilliest run, and m/km more than it
const SELDOM = 0.1; // share of the known runs
const RARE = 2; // standard deviations over runs of people, above which few run
const WALKING = 2; // m/s
const HOUR = 3600; // s, for which the threshold can be held
const LONG_AGO = 120; // days

/** A value of the records of known runs that have it. */
export const seen = ({ records }, name) => records.map((each) => each[name]).filter(Number.isFinite);

/** Values of a feature between which those of most people's runs lie. */
export function common({ description: { states, population } }, name) {
  const place = states.indexOf(name);
  return [-RARE, RARE].map((times) => population.centre[place] + times * population.scale[place]);
}

/** What is to be doubted about a plan, in sentences; it is from `Planner`, with what is predicted without a maximum. */
export function beyondKnown(plan, athlete) {
  const efforts = basis(plan.speed, plan.altitude);
  const days = (plan.start - athlete.ends.at(-1)) / DAY;
  const old = `The last run known of you was ${Math.round(days)} days before, and fitness changes in less: give newer runs.`;
  const record = mean(plan.speed) > fastest(STEP * plan.speed.length) ? ["The plan is faster than the world record."] : [];
  const found = [...ofEffort(plan, efforts, athlete), ...ofLength(plan, athlete), ...ofClimb(plan, efforts, athlete)];
  return [...found, ...(days > LONG_AGO ? [old] : []), ...record];
}

function ofEffort({ speed }, efforts, athlete) {
  const effort = efforts.mean_graded_speed.at(-1);
  const known = seen(athlete, "mean_effort");
  const [low, high] = known.length ? [lowest(known), highest(known)] : common(athlete, "mean_graded_speed");
  const found = [];
  if (effort > BEYOND * high || effort * BEYOND < low) {
    const much = Math.round(100 * Math.abs(effort / (effort > high ? high : low) - 1));
    const reference = known.length ? "any run known of you" : "what most people run";
    found.push(`The plan is ${much} % ${effort > high ? "harder" : "easier"} than ${reference}: this is a guess.`);
  }
  const usual = mean(speed);
  if (usual < Math.min(WALKING, known.length ? quantile(known, SELDOM) : low)) {
    found.push(
      `${(3.6 * usual).toFixed(1)} km/h is a walk, and its heart rate is predicted from runs, of which hardly any is so ` +
        "slow: it may well be lower, above all uphill.",
    );
  }
  return found;
}

function ofLength({ speed, unlimited, zones: { maximum, threshold } }, athlete) {
  const longest = Math.exp(highest(seen(athlete, "log_minutes")));
  const [seconds, minutes, found] = [STEP * speed.length, Math.round((STEP * speed.length) / 60), []];
  if (longest > 0 && seconds / 60 > LONGER * longest) {
    found.push(`The plan takes ${minutes} min and the longest run known ${Math.round(longest)}: what comes after is a guess.`);
  }
  const usual = mean(unlimited.map((rate) => Math.min(rate, maximum[0])));
  if (seconds > HOUR && usual > threshold[2]) {
    const [about, low, high] = threshold.map(Math.round);
    found.push(
      `A mean of ${Math.round(usual)} over ${minutes} min is above the threshold of about ${about} ` +
        `(${low}–${high}), which is held for an hour or so: plan a slower pace.`,
    );
  }
  return found;
}

function ofClimb({ hasAltitude }, efforts, athlete) {
  if (!hasAltitude) return [];
  const kilometres = (sum(efforts.speed_over_3) * STEP) / 1000;
  const climb = (500 * efforts.climbed.at(-1)) / (kilometres + 0.1);
  const known = seen(athlete, "climb_per_km");
  const most = Math.expm1(known.length ? highest(known) : common(athlete, "log_climb_per_km")[1]);
  if (climb <= Math.max(STEEPER * most, most + LEAST_STEEPER)) return [];
  const reference = known.length ? "the hilliest run known" : "all but few runs of people";
  return [
    `The course climbs ${Math.round(climb)} m in a kilometre and ${reference} ${Math.round(most)}: its heart rate is a guess.`,
  ];
}
