// Files in a zip, read in place: only the part asked for is loaded, and unpacked piece by piece by the browser.

import { InputError } from "../runs/input_error.js";

const END = 0x06054b50; // signatures
const END_64 = 0x07064b50;
const ENTRY = 0x02014b50;
const MAX_TAIL = 65_557; // bytes from the end within which the end record begins
const MAX_DIRECTORY = 64 * 2 ** 20; // bytes
const MAX_RATIO = 200; // real recordings shrink by 5 to 40; a bomb by 1,000
const RATIO_FROM = 64 * 2 ** 20; // bytes above which the ratio is checked
const DAMAGED = "the zip file is cut off or damaged; fetch it anew";

/**
 * @typedef {object} Member a file in a zip.
 * @property {string} name path in the zip.
 * @property {number} size bytes that it unpacks to, as the zip says.
 * @property {function(): ReadableStream} stream its bytes, unpacked.
 */

/** Whether a file begins as a zip does. */
export const isZip = async (file) => (await file.slice(0, 2).text()) === "PK";

/**
 * The files in a zip, in the order of their position.
 *
 * @param {Blob} file
 * @param {function(number)} onBytes told how many bytes of the zip were read.
 * @returns {Promise<Member[]>}
 * @throws {InputError} if it is damaged.
 */
export async function members(file, onBytes = () => {}) {
  const { begin, size } = await directory(file);
  if (size > MAX_DIRECTORY || begin + size > file.size) throw new InputError(DAMAGED);
  const view = await viewOf(file, begin, begin + size);
  const found = [];
  const budget = { unpacked: 0, most: Math.max(RATIO_FROM, MAX_RATIO * file.size) };
  for (let place = 0; place + 46 <= view.byteLength && view.getUint32(place, true) === ENTRY;) {
    const [nameSize, extraSize, noteSize] = [28, 30, 32].map((offset) => view.getUint16(place + offset, true));
    if (place + 46 + nameSize + extraSize > view.byteLength) throw new InputError(DAMAGED);
    const name = new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset + place + 46, nameSize));
    const entry = {
      name: name.replaceAll("\\", "/"),
      flags: view.getUint16(place + 8, true),
      method: view.getUint16(place + 10, true),
      ...sizes(view, place, place + 46 + nameSize, extraSize),
    };
    if (!name.endsWith("/")) found.push({ ...entry, stream: () => stream(file, entry, budget, onBytes) });
    place += 46 + nameSize + extraSize + noteSize;
  }
  return found.sort((a, b) => a.begin - b.begin);
}

async function viewOf(file, begin, end) {
  return new DataView(await file.slice(begin, end).arrayBuffer());
}

/** Where the directory is. */
async function directory(file) {
  const from = Math.max(0, file.size - MAX_TAIL);
  const tail = await viewOf(file, from, file.size);
  let place = tail.byteLength - 22;
  while (place >= 0 && tail.getUint32(place, true) !== END) place -= 1;
  if (place < 0) throw new InputError(DAMAGED);
  const [size, begin] = [tail.getUint32(place + 12, true), tail.getUint32(place + 16, true)];
  if (begin !== 0xffffffff && size !== 0xffffffff) return { begin, size };
  if (place < 20 || tail.getUint32(place - 20, true) !== END_64) throw new InputError(DAMAGED);
  const at = Number(tail.getBigUint64(place - 12, true)); // of the record for zips of over 4 GB
  const record = await viewOf(file, at, at + 56);
  if (record.byteLength < 56) throw new InputError(DAMAGED);
  return { size: Number(record.getBigUint64(40, true)), begin: Number(record.getBigUint64(48, true)) };
}

/** Sizes and place of a file, which of large ones stand in an extra field. */
function sizes(view, place, extra, extraSize) {
  const found = {
    packed: view.getUint32(place + 20, true),
    size: view.getUint32(place + 24, true),
    begin: view.getUint32(place + 42, true),
  };
  for (let at = extra; at + 4 <= extra + extraSize; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) !== 1) continue;
    let next = at + 4;
    for (const name of ["size", "packed", "begin"]) {
      if (found[name] !== 0xffffffff || next + 8 > extra + extraSize) continue;
      found[name] = Number(view.getBigUint64(next, true));
      next += 8;
    }
  }
  return found;
}

/** The bytes of a file in the zip, unpacked; what unpacks to far more than the zip has bytes is refused. */
async function* stream(file, entry, budget, onBytes) {
  if (entry.flags & 1) throw new InputError("the zip is encrypted; unpack it with its password and give the files");
  if (![0, 8].includes(entry.method))
    throw new InputError("the zip is packed in a way that browsers do not know; unpack it and give the files");
  const head = await viewOf(file, entry.begin, entry.begin + 30);
  if (head.byteLength < 30) throw new InputError(DAMAGED);
  const begin = entry.begin + 30 + head.getUint16(26, true) + head.getUint16(28, true);
  if (begin + entry.packed > file.size) throw new InputError(DAMAGED);
  const packed = counted(file.slice(begin, begin + entry.packed).stream(), onBytes);
  try {
    for await (const bytes of pieces(entry.method ? packed.pipeThrough(new DecompressionStream("deflate-raw")) : packed)) {
      budget.unpacked += bytes.length;
      if (budget.unpacked > budget.most) {
        throw new InputError(
          `it unpacks to more than ${MAX_RATIO} times its size, which no export does; unpack it and give the files`,
        );
      }
      yield bytes;
    }
  } catch (error) {
    throw error instanceof InputError ? error : new InputError(DAMAGED);
  }
}

const counted = (bytes, onBytes) =>
  bytes.pipeThrough(new TransformStream({ transform: (chunk, out) => (onBytes(chunk.length), out.enqueue(chunk)) }));

/** The pieces of a stream; not every browser can loop over one. */
export async function* pieces(readable) {
  const reader = readable.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** All bytes of a stream of pieces, at most so many. */
export async function whole(parts, most) {
  const kept = [];
  let size = 0;
  for await (const bytes of parts) {
    size += bytes.length;
    if (size > most)
      throw new InputError(`it has more than ${most / 2 ** 20} MB, where a day's run has 30; give a smaller file`);
    kept.push(bytes);
  }
  return new Uint8Array(await new Blob(kept).arrayBuffer());
}
