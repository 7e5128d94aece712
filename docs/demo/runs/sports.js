// The sport that a device, a service or a title names, as hrkeras.workouts.readers.sports finds it, whose words build.py takes.

import { ALONE, PATTERNS, INDOOR, ON_TREADMILL, PLACES, SILENT, UNFOLDED, VAGUE } from "./sports_table.js";

const MAX_TEXT = 200; // characters that are searched
const [RUNNING, INDOOR_RUNNING, OTHER] = ["running", "indoor running", "other"];
const pattern = (source, flags = "") => new RegExp(source, `u${flags}`);
const WORDS = Object.entries(PATTERNS).map(([sport, source]) => [sport, source]);

/** Words in lower case, without accents and separated by single spaces. */
export function folded(text) {
  const apart = text.slice(0, MAX_TEXT).replace(/(?<=[a-z])(?=[A-Z])/g, " ");
  const plain = apart
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll("ß", "ss")
    .replace(/(?![\u3099\u309a])\p{Mn}/gu, "");
  const same = Array.from(plain.normalize("NFC"), (letter) => UNFOLDED[letter] ?? letter).join("");
  return same.replace(/[^\p{L}\p{N}]+/gu, " ").trim();
}

function named(plain) {
  if (!/\p{L}/u.test(plain)) return "";
  const sport = WORDS.find(([, source]) => pattern(source).test(plain))?.[0] ?? "";
  const indoors = (sport === RUNNING && pattern(INDOOR).test(plain)) || (!sport && pattern(ON_TREADMILL).test(plain));
  return indoors ? INDOOR_RUNNING : sport;
}

/** The sport that the title of an activity names, empty if none. */
function ofTitle(title) {
  const plain = folded(title).replace(pattern(PLACES, "g"), " ");
  let rest = plain;
  for (const [sport, source] of WORDS) {
    if (sport === RUNNING) break;
    rest = rest.replace(pattern(source, "g"), " ");
  }
  return named(pattern(PATTERNS[RUNNING]).test(rest) ? rest : plain);
}

/** The normalised name of a sport; an unknown one in lower case, "other" or empty if it names none. */
export function name(text) {
  const plain = text.trim().toLowerCase();
  const found = ALONE[plain] ?? named(folded(text));
  if (found) return found;
  const all = plain
    .replaceAll("_", " ")
    .split(/\s+/)
    .filter((word) => word && word !== "generic");
  const words = all.filter((word, i) => !all.includes(word, i + 1)); // "training cardio_training"
  const telling = words.filter((word) => !/^\d+$/.test(word));
  if (SILENT.includes(folded(words.join(" ")))) return "";
  return !telling.length || VAGUE.includes(folded(telling.join(" "))) ? OTHER : telling.join(" ");
}

/** The sport that a track's type or title names, empty if none. */
export const ofTrack = (recorded, title) => name(recorded) || ofTitle(title);

/** The sport of an activity by its name in the recording, else by titles, the most reliable first; else a run. */
export function ofActivity(recorded, titles) {
  const sport = name(recorded);
  if (sport !== "" && sport !== OTHER) return sport;
  return titles.map(ofTitle).find(Boolean) ?? (sport === OTHER ? OTHER : RUNNING);
}
