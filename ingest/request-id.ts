/** A request id as four words: a UUID is its own 128 bits, any other text its hash. Filled in place, so nothing is allocated. */
export interface RequestId {
  w0: number;
  w1: number;
  w2: number;
  w3: number;
  /** dictionary number of an id that is not a UUID, else 0 */
  text: number;
}

export const newRequestId = (): RequestId => ({ w0: 0, w1: 0, w2: 0, w3: 0, text: 0 });

export const UUID_LENGTH = 36;
/** Longest id kept as text; a longer one is cut (its hash is of the whole). */
const MAX_ID_TEXT = 128;

/** Value of two hexadecimal digits by their two bytes, -1 for anything else. */
const HEX_PAIR = new Int16Array(1 << 16).fill(-1);
for (const high of '0123456789abcdefABCDEF') {
  for (const low of '0123456789abcdefABCDEF') {
    HEX_PAIR[(high.charCodeAt(0) << 8) | low.charCodeAt(0)] = Number.parseInt(high + low, 16);
  }
}

const DASH = 0x2d;

/** Reads the UUID at `at` into `id`; false, with `id` undefined, if none is there. There must be 36 bytes. About 25 ns. */
export function readUuid(view: DataView, at: number, id: RequestId): boolean {
  if (view.getUint8(at + 8) !== DASH || view.getUint8(at + 13) !== DASH) return false;
  if (view.getUint8(at + 18) !== DASH || view.getUint8(at + 23) !== DASH) return false;
  const a = hex4(view, at);
  const b = hex4(view, at + 4);
  const c = hex4(view, at + 9);
  const d = hex4(view, at + 14);
  const e = hex4(view, at + 19);
  const f = hex4(view, at + 24);
  const g = hex4(view, at + 28);
  const h = hex4(view, at + 32);
  if ((a | b | c | d | e | f | g | h) < 0) return false;
  id.w0 = ((a << 16) | b) >>> 0;
  id.w1 = ((c << 16) | d) >>> 0;
  id.w2 = ((e << 16) | f) >>> 0;
  id.w3 = ((g << 16) | h) >>> 0;
  id.text = 0;
  return true;
}

/** Four hexadecimal digits as a number, negative if one is not a digit. */
function hex4(view: DataView, at: number): number {
  return (HEX_PAIR[view.getUint16(at)]! << 8) | HEX_PAIR[view.getUint16(at + 2)]!;
}

/** Reads UUIDs from bytes where the same one comes again and again: a repetition is compared, not read. */
export class UuidBytes {
  /** the UUID read last */
  readonly id: RequestId = newRequestId();
  #at = -1;

  /** As `readUuid`. About 5 ns for the UUID of the call before. */
  read(view: DataView, at: number): boolean {
    if (this.#at >= 0 && isSame(view, at, this.#at)) return true;
    this.#at = readUuid(view, at, this.id) ? at : -1;
    return this.#at >= 0;
  }

  /** The next `read` is of other bytes. */
  forget(): void {
    this.#at = -1;
  }
}

function isSame(view: DataView, at: number, known: number): boolean {
  for (let i = 0; i < 32; i += 8) if (view.getFloat64(at + i) !== view.getFloat64(known + i)) return false;
  return view.getUint32(at + 32) === view.getUint32(known + 32);
}

const scratch = new DataView(new ArrayBuffer(UUID_LENGTH));

/** In place of an id's text: the words hold all of it, so that a million ids of a trace take no room in the dictionary. */
export const IN_WORDS = { hex16: '{hex16}', hex32: '{hex32}' } as const;
/** In place of an id's text: the record names no id, the words only tell it from others. */
export const UNNAMED = '{unnamed}';
const HEX = /^[0-9a-f]+$/;

/** The id as its log wrote it; empty if it named none. `text` is what its dictionary number stands for. */
export function requestIdText(text: string, w0: number, w1: number, w2: number, w3: number): string {
  if (text === UNNAMED) return '';
  if (text === IN_WORDS.hex16) return hexOf(w0, w1);
  if (text === IN_WORDS.hex32) return hexOf(w0, w1, w2, w3);
  if (text !== '') return text;
  return (w0 | w1 | w2 | w3) === 0 ? '' : uuidText(w0, w1, w2, w3);
}

/** Makes an id from what a record says, for one that names none: the same record again has the same. */
export function setUnnamedId(id: RequestId, record: string, intern: (text: string) => number): void {
  hashInto(id, record);
  id.text = intern(UNNAMED);
}

/** Reads any text into `id`; `intern` numbers the text of an id that is not a UUID. Empty text = no id. */
export function setRequestId(id: RequestId, text: string, intern: (text: string) => number): void {
  if (text.length === UUID_LENGTH) {
    for (let i = 0; i < UUID_LENGTH; i++) scratch.setUint8(i, text.charCodeAt(i) > 127 ? 0 : text.charCodeAt(i));
    if (readUuid(scratch, 0, id)) return;
  }
  clearRequestId(id);
  if (text === '') return;
  if ((text.length === 32 || text.length === 16) && HEX.test(text)) {
    const word = (at: number) => Number.parseInt(text.slice(at, at + 8), 16);
    id.w0 = word(0);
    id.w1 = word(8);
    if (text.length === 32) {
      id.w2 = word(16);
      id.w3 = word(24);
    }
    id.text = intern(text.length === 32 ? IN_WORDS.hex32 : IN_WORDS.hex16);
    return;
  }
  hashInto(id, text);
  id.text = intern(text.slice(0, MAX_ID_TEXT));
}

function hashInto(id: RequestId, text: string): void {
  let [w0, w1, w2, w3] = [0x811c9dc5, 0x9e3779b9, 0x85ebca6b, 0xc2b2ae35];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    w0 = Math.imul(w0 ^ code, 0x01000193);
    w1 = Math.imul(w1 ^ code, 0x5bd1e995) ^ (w0 >>> 13);
    w2 = Math.imul(w2 ^ code, 0x1b873593) ^ (w1 >>> 15);
    w3 = Math.imul(w3 ^ code, 0xcc9e2d51) ^ (w2 >>> 11);
  }
  id.w0 = w0 >>> 0;
  id.w1 = w1 >>> 0;
  id.w2 = w2 >>> 0;
  id.w3 = w3 >>> 0;
}

export function copyRequestId(from: RequestId, to: RequestId): void {
  to.w0 = from.w0;
  to.w1 = from.w1;
  to.w2 = from.w2;
  to.w3 = from.w3;
  to.text = from.text;
}

export function clearRequestId(id: RequestId): void {
  id.w0 = 0;
  id.w1 = 0;
  id.w2 = 0;
  id.w3 = 0;
  id.text = 0;
}

export const hasRequestId = (id: RequestId): boolean => (id.w0 | id.w1 | id.w2 | id.w3) !== 0;

/** The words back as text, for people and tests. */
export function uuidText(w0: number, w1: number, w2: number, w3: number): string {
  const hex = hexOf(w0, w1, w2, w3);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

const hexOf = (...words: readonly number[]): string => words.map((word) => word.toString(16).padStart(8, '0')).join('');
