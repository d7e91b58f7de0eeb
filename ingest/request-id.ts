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

/** Value of a hexadecimal digit by its byte, 255 for anything else. */
export const HEX = new Uint8Array(256).fill(255);
for (let digit = 0; digit < 16; digit++) {
  const char = digit.toString(16);
  HEX[char.charCodeAt(0)] = digit;
  HEX[char.toUpperCase().charCodeAt(0)] = digit;
}

const DASH = 0x2d;

/** Reads the UUID at `at` into `id`; false, with `id` undefined, if none is there. `at + 36` must be inside `bytes`. About 25 ns. */
export function readUuid(bytes: Uint8Array, at: number, id: RequestId): boolean {
  if (bytes[at + 8] !== DASH || bytes[at + 13] !== DASH || bytes[at + 18] !== DASH || bytes[at + 23] !== DASH) return false;
  const a = hex4(bytes, at);
  const b = hex4(bytes, at + 4);
  const c = hex4(bytes, at + 9);
  const d = hex4(bytes, at + 14);
  const e = hex4(bytes, at + 19);
  const f = hex4(bytes, at + 24);
  const g = hex4(bytes, at + 28);
  const h = hex4(bytes, at + 32);
  if ((a | b | c | d | e | f | g | h) < 0) return false;
  id.w0 = ((a << 16) | b) >>> 0;
  id.w1 = ((c << 16) | d) >>> 0;
  id.w2 = ((e << 16) | f) >>> 0;
  id.w3 = ((g << 16) | h) >>> 0;
  id.text = 0;
  return true;
}

/** Four hexadecimal digits as a number, negative if one is not a digit. */
function hex4(bytes: Uint8Array, at: number): number {
  const p = HEX[bytes[at]!]!;
  const q = HEX[bytes[at + 1]!]!;
  const r = HEX[bytes[at + 2]!]!;
  const s = HEX[bytes[at + 3]!]!;
  return (p | q | r | s) > 15 ? -1 : (p << 12) | (q << 8) | (r << 4) | s;
}

const scratch = new Uint8Array(UUID_LENGTH);

/** Reads any text into `id`; `intern` numbers the text of an id that is not a UUID. Empty text = no id. */
export function setRequestId(id: RequestId, text: string, intern: (text: string) => number): void {
  if (text.length === UUID_LENGTH) {
    for (let i = 0; i < UUID_LENGTH; i++) scratch[i] = text.charCodeAt(i) > 127 ? 0 : text.charCodeAt(i);
    if (readUuid(scratch, 0, id)) return;
  }
  clearRequestId(id);
  if (text === '') return;
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
  id.text = intern(text.slice(0, MAX_ID_TEXT));
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
  const hex = [w0, w1, w2, w3].map((word) => word.toString(16).padStart(8, '0')).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
