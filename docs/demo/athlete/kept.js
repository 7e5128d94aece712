// A person's file: what `hrkeras update` writes and reads, so that phone and command line have one state.

import { InputError } from "../runs/input_error.js";
import { Athlete, PERSON, SHAPE } from "./athlete.js";
import { Interval } from "./interval.js";
import { Network } from "./network.js";

const [WITHOUT_PERSON, VERSION] = [3, 4];
const MAX_COUNT = 1_000_000; // runs
const OFFSET = "utc_offset_of_last_run"; // s; of a run that this page adds it is not known
const ABOUT =
  "What the runs of one person tell hrkeras of how their heart rate follows effort: sums and dates, no positions. " +
  "hrkeras update adds runs; hrkeras predict --athlete reads it.";
const ANEW = "make one with `hrkeras update NEW.json RUNS --model MODEL.keras`";
const BEFORE = { person: [2.6, 184], person_prior: [0.03, 20], effort_noise: 0.1 }; // of a population that lacks these

/**
 * The person in a file.
 *
 * @param {string} text of the file.
 * @param {object} description the JSON beside the exported model.
 * @throws {InputError} if it is something else, or does not fit the model.
 */
export function load(text, description) {
  const kept = parsed(text);
  check(kept, description);
  const athlete = new Athlete(description);
  const { name, trust, band } = kept.network;
  const whole = kept.covariance.map((lower) =>
    lower.map((row, i) => Float64Array.from(lower, (other, k) => (k <= i ? row[k] : other[i]))),
  );
  Object.assign(athlete, {
    weights: kept.weights.map((each) => Float64Array.from(each)),
    covariance: whole,
    misses: kept.misses,
    starts: kept.starts,
    ends: kept.ends,
    count: kept.runs,
    records: kept.records.map((row) => Object.fromEntries(row.map((value, i) => [kept.record[i], value ?? NaN]))),
    interval: new Interval(kept.band.hours, kept.band.tails),
    network: new Network(String(name ?? ""), trust, new Interval(band.hours, band.tails)),
    told: kept.told ?? {},
    offset: { of: kept.starts.at(-1), seconds: kept[OFFSET] },
  });
  if (kept.version === WITHOUT_PERSON) add(athlete);
  return athlete;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new InputError("it is no JSON; give the file that `hrkeras update` or this page has written");
  }
}

/** Adds what is believed of the person to a state that knows weights alone; nothing of it goes with these. */
function add(athlete) {
  const { person, person_prior } = athlete.population;
  athlete.weights = athlete.weights.map((weights) => Float64Array.of(...weights, ...person));
  athlete.covariance = athlete.covariance.map((rows) => {
    const size = rows.length + PERSON;
    const wider = rows.map((row) => Float64Array.of(...row, ...Array(PERSON).fill(0)));
    return [...wider, ...person_prior.map((value, i) => new Float64Array(size).fill(0).with(size - PERSON + i, value))];
  });
}

/** The text of the file that holds a person. */
export function save(athlete) {
  const { description, population, starts, records, covariance, network, interval, told, offset } = athlete;
  const day = (start) =>
    start === undefined ? null : `${new Date(1000 * start).toISOString().slice(0, 16).replace("T", " ")} UTC`;
  const plain = (values) => values.map((row) => Array.from(row));
  const content = {
    ...{ about: ABOUT, version: VERSION, runs: athlete.count },
    ...{ first_run_remembered: day(starts[0]), last_run: day(starts.at(-1)) },
    ...{ population, states: description.states, weights: plain(athlete.weights) },
    covariance: covariance.map((rows) => rows.map((row, i) => Array.from(row.slice(0, i + 1)))),
    ...{ misses: athlete.misses, starts, ends: athlete.ends, record: description.record },
    records: records.map((each) => description.record.map((name) => (Number.isFinite(each[name]) ? each[name] : null))),
    band: { hours: interval.hours, tails: interval.tails },
    network: {
      name: network.name,
      trust: { products: network.products, squares: network.squares },
      band: { hours: network.interval.hours, tails: network.interval.tails },
    },
    ...(Object.keys(told).length ? { told } : {}),
    ...(offset?.seconds !== undefined && offset.of === starts.at(-1) ? { [OFFSET]: offset.seconds } : {}),
  };
  return `${JSON.stringify(content, null, 1)}\n`;
}

/** Sees to it that a file is a person's state and starts where the model's athletes start. */
function check(kept, { states, record, population }) {
  const known = [WITHOUT_PERSON, VERSION].includes(kept?.version);
  if (!known || String(kept.states) !== String(states) || String(kept.record) !== String(record)) {
    throw new InputError(`expected what \`hrkeras update\` of the model's version writes; ${ANEW}`);
  }
  const size = states.length + (kept.version === VERSION ? PERSON : 0);
  const runs = Math.min(kept.runs, SHAPE.kept);
  const moments = (kept.starts ?? []).flatMap?.((start, i) => [start, kept.ends?.[i]]) ?? [];
  const fits =
    Number.isInteger(kept.runs) &&
    kept.runs >= 0 &&
    kept.runs <= MAX_COUNT &&
    kept.population instanceof Object &&
    (kept.population.differences ?? []).every?.(Array.isArray) &&
    shaped(kept.weights, [SHAPE.filters, size]) &&
    shaped(kept.misses, [2, SHAPE.kinds, SHAPE.memories, SHAPE.bins]) &&
    shaped(kept.starts, [runs]) &&
    shaped(kept.ends, [runs]) &&
    moments.every((moment, i) => !i || moment >= moments[i - 1]) &&
    shaped(kept.records, [runs, record.length], true) &&
    shaped([kept.network?.trust?.products, kept.network?.trust?.squares], [2]) &&
    kept.network.trust.squares > 0 &&
    [kept.band, kept.network.band].every(isInterval) &&
    (kept.told === undefined || kept.told instanceof Object) &&
    (kept[OFFSET] === undefined || shaped(kept[OFFSET], [])) &&
    kept.covariance?.length === SHAPE.filters &&
    kept.covariance.every((rows) => rows?.length === size && rows.every((row, i) => shaped(row, [i + 1]) && row[i] > 0));
  if (!fits) throw new InputError(`its numbers are damaged; ${ANEW}`);
  const [own, wanted] = [kept.population, population].map(complete);
  const other = Object.keys(wanted).some((name) => name !== "source" && String(own[name]) !== String(wanted[name]));
  if (other) throw new InputError(`it starts from another population than the model was trained with; ${ANEW}`);
}

function isInterval(band) {
  const { hours, tails } = new Interval();
  const numbers = shaped(band?.hours, [hours.length]) && shaped(band?.tails, [tails.length]);
  return (
    numbers &&
    band.hours.every((each) => each >= 0) &&
    band.hours.some((each) => each > 0) &&
    band.tails.every((each) => each > 0 && each < 0.5)
  );
}

/** A population in full: those written before the person's numbers were known learn nothing from them. */
export function complete(population) {
  if ("person" in population) return population;
  const differences = (population.differences ?? []).map((each) => [...each, ...Array(PERSON).fill(0)]);
  return { ...BEFORE, ...population, differences };
}

/** Whether nested lists of numbers (and nulls, if some may be unknown) have a shape. */
function shaped(values, [size, ...rest], unknown = false) {
  if (size === undefined) return (Number.isFinite(values) && Math.abs(values) < 1e10) || (unknown && values === null);
  return Array.isArray(values) && values.length === size && values.every((each) => shaped(each, rest, unknown));
}
