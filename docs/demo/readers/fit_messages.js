// The messages of FIT files, Garmin's binary format; chained files, checksums and compressed times as hrkeras reads them.

import { InputError } from "../runs/input_error.js";

const MAX_MESSAGES = 2_000_000; // a day of running has some 200,000
const [COMPRESSED, DEFINITION, DEVELOPER] = [0x80, 0x40, 0x20]; // bits of a message's first byte
const TIMESTAMP = 253; // number of this field in every message
const FIT_EPOCH = 631_065_600; // 1989-12-31 UTC, s since 1970
const EARLIEST_CLOCK = 0x10000000; // a time below it counts from the device's start
const STRING = 7;
// by number of the base type: bytes, name of the method that reads it, and the value that means "none"
const BASE_TYPES = {
  ...{ 0: [1, "Uint8", 0xff], 1: [1, "Int8", 0x7f], 2: [1, "Uint8", 0xff], 3: [2, "Int16", 0x7fff], 4: [2, "Uint16", 0xffff] },
  ...{ 5: [4, "Int32", 0x7fffffff], 6: [4, "Uint32", 0xffffffff], 8: [4, "Float32", NaN], 9: [8, "Float64", NaN] },
  ...{ 10: [1, "Uint8", 0], 11: [2, "Uint16", 0], 12: [4, "Uint32", 0], 13: [1, "Uint8", 0xff] },
};
const DAMAGED = "it is a damaged FIT file; export the run anew";
const CUT_OFF = "it is a FIT file that is cut off; fetch it anew from the watch";

const CRC = Uint16Array.from({ length: 256 }, (_, crc) => {
  for (let bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (crc & 1 ? 0xa001 : 0);
  return crc;
});

function checksum(data, begin, end) {
  let crc = 0;
  for (let i = begin; i < end; i++) crc = (crc >> 8) ^ CRC[(crc ^ data[i]) & 0xff];
  return crc;
}

/** The bodies of the FIT files chained in one; of what follows the first, damage ends the reading. */
export function bodies(data) {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const found = [];
  for (let place = 0; place < data.length;) {
    try {
      const end = place + body(data, view, place);
      found.push({ begin: place + data[place], end });
      place = end + 2;
    } catch (error) {
      if (!found.length) throw error;
      break;
    }
  }
  return found.map(({ begin, end }) => new DataView(data.buffer, data.byteOffset + begin, end - begin));
}

/** Bytes of the file that begins at a place, without its checksum. */
function body(data, view, place) {
  if (String.fromCharCode(...data.subarray(place + 8, place + 12)) !== ".FIT")
    throw new InputError("it is not FIT; export the run anew");
  const [head, size] = [data[place], view.getUint32(place + 4, true)];
  const end = place + head + size;
  if ((head !== 12 && head < 14) || !size) throw new InputError(DAMAGED);
  if (end + 2 > data.length) throw new InputError(CUT_OFF);
  const wrong = head >= 14 && ![0, checksum(data, place, place + 12)].includes(view.getUint16(place + 12, true));
  if (wrong || view.getUint16(end, true) !== checksum(data, place, end)) throw new InputError(DAMAGED);
  return head + size;
}

/** The layout of the messages with one local number. */
class Definition {
  constructor(number, little, fields, own) {
    Object.assign(this, { number, little, fields: new Map(), developer: [] });
    let begin = 1; // behind the first byte
    for (const [field, size, base] of fields) {
      if (!this.fields.has(field)) this.fields.set(field, { begin, size, base: base & 0x1f });
      begin += size;
    }
    for (const [field, size, developer] of own) {
      this.developer.push({ key: `${developer} ${field}`, begin, size });
      begin += size;
    }
    this.size = begin;
    const stamp = this.fields.get(TIMESTAMP);
    this.stamp = stamp?.size === 4 ? stamp : null;
  }
}

/** A message with data. */
export class Message {
  constructor(view, place, definition, time) {
    Object.assign(this, { view, place, definition, time, number: definition.number });
  }

  /** All numbers in a field, also those that mean "none". */
  values(number) {
    const field = this.definition.fields.get(number);
    const type = field && BASE_TYPES[field.base];
    if (!type) return [];
    return Array.from({ length: Math.floor(field.size / type[0]) }, (_, i) => this.#read(field.begin + i * type[0], type[1]));
  }

  /** The number in a field, undefined if it has none. */
  value(number) {
    const field = this.definition.fields.get(number);
    return field && this.at(field);
  }

  /** The number at a place in the message, undefined if there is none. */
  at({ begin, size, base }) {
    const type = BASE_TYPES[base];
    if (type?.[0] !== size) return undefined;
    const value = this.#read(begin, type[1]);
    return value === type[2] || Number.isNaN(value) ? undefined : value;
  }

  #read(begin, kind) {
    return this.view[`get${kind}`](this.place + begin, this.definition.little);
  }

  /** The bytes of a field. */
  bytes(number) {
    const { begin, size } = this.definition.fields.get(number) ?? { begin: 0, size: 0 };
    return new Uint8Array(this.view.buffer, this.view.byteOffset + this.place + begin, size);
  }

  text(number) {
    if (this.definition.fields.get(number)?.base !== STRING) return "";
    return new TextDecoder().decode(this.bytes(number)).split("\0")[0].trim();
  }
}

/** The messages with data of one FIT file. */
export function* messages(view) {
  const definitions = {};
  let [last, count] = [0, 0];
  for (let place = 0; place < view.byteLength; count++) {
    if (count === MAX_MESSAGES) throw new InputError(`it has over ${MAX_MESSAGES} messages; give a single run`);
    const first = view.getUint8(place);
    const local = first & COMPRESSED ? (first >> 5) & 3 : first & 0x0f;
    if ((first & (COMPRESSED | DEFINITION)) === DEFINITION) {
      place += define(view, place, first, (definition) => (definitions[local] = definition));
      continue;
    }
    const definition = definitions[local];
    if (!definition || place + definition.size > view.byteLength) throw new InputError(DAMAGED);
    let time = NaN;
    if (first & COMPRESSED)
      time = last += ((first & 0x1f) - (last % 32) + 32) % 32; // its lowest five bits are told
    else if (definition.stamp) {
      const stamp = view.getUint32(place + definition.stamp.begin, definition.little);
      if (stamp !== 0xffffffff) time = last = stamp;
    }
    yield new Message(view, place, definition, seconds(time));
    place += definition.size;
  }
}

function define(view, place, first, found) {
  if (place + 6 > view.byteLength) throw new InputError(DAMAGED);
  const little = view.getUint8(place + 2) === 0;
  const triples = (begin) => {
    const count = begin <= view.byteLength ? view.getUint8(begin - 1) : 0;
    if (begin + 3 * count > view.byteLength) throw new InputError(DAMAGED);
    return Array.from({ length: count }, (_, i) => [0, 1, 2].map((byte) => view.getUint8(begin + 3 * i + byte)));
  };
  const fields = triples(place + 6);
  const behind = place + 6 + 3 * fields.length;
  const own = first & DEVELOPER ? triples(behind + 1) : [];
  found(new Definition(view.getUint16(place + 3, little), little, fields, own));
  return behind - place + (first & DEVELOPER ? 1 + 3 * own.length : 0);
}

/** A time of the FIT epoch in s since 1970; one that counts from the device's start stays as it is. */
export const seconds = (clock) => (clock >= EARLIEST_CLOCK ? clock + FIT_EPOCH : clock);
