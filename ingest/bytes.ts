/** Bytes of ASCII text, for comparing without strings. */
export const ascii = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0));

/** Whether `literal` stands at `at`. Reading past the end of `bytes` is a mismatch. */
export function matches(bytes: Uint8Array, at: number, literal: Uint8Array): boolean {
  for (let i = 0; i < literal.length; i++) if (bytes[at + i] !== literal[i]) return false;
  return true;
}

/**
 * ASCII text of at least 8 characters to compare bytes with, 8 at a time: as doubles, because those are read and compared
 * without allocation, and equal doubles that are no zero and no NaN, which ASCII never is, are equal bytes. 2 ns + 1 ns per 8.
 */
export class Literal {
  readonly length: number;
  readonly #doubles: Float64Array;
  readonly #last: number;

  constructor(text: string) {
    const view = new DataView(ascii(text).buffer);
    this.length = text.length;
    this.#doubles = Float64Array.from({ length: text.length >> 3 }, (_, i) => view.getFloat64(i * 8, true));
    this.#last = view.getFloat64(text.length - 8, true);
  }

  /** Whether the text stands at `at`. There must be `length` bytes from there. */
  at(view: DataView, at: number): boolean {
    const doubles = this.#doubles;
    for (let i = 0; i < doubles.length; i++) if (view.getFloat64(at + i * 8, true) !== doubles[i]) return false;
    return view.getFloat64(at + this.length - 8, true) === this.#last;
  }
}

/** As `bytes.indexOf`, but with the search of Buffer, which is native: ten times as fast. */
export function indexOfByte(bytes: Uint8Array, byte: number, from: number): number {
  return Buffer.prototype.indexOf.call(bytes, byte, from);
}

export function lastIndexOfByte(bytes: Uint8Array, byte: number, from: number): number {
  return Buffer.prototype.lastIndexOf.call(bytes, byte, from);
}

export const Byte = {
  newline: 0x0a,
  carriageReturn: 0x0d,
  tab: 0x09,
  space: 0x20,
  quote: 0x22,
  comma: 0x2c,
  dot: 0x2e,
  zero: 0x30,
  nine: 0x39,
  colon: 0x3a,
  openBracket: 0x5b,
  backslash: 0x5c,
  closeBracket: 0x5d,
  openBrace: 0x7b,
  closeBrace: 0x7d,
} as const;

/** Two characters as `getUint16(at)` reads them, and four as `getUint32(at)` does. */
export const pair = (text: string): number => (text.charCodeAt(0) << 8) | text.charCodeAt(1);
export const quad = (text: string): number => pair(text) * 65536 + pair(text.slice(2));

/** The place of the first byte from `at` on that is no space. */
export function skipSpaces(view: DataView, at: number): number {
  let p = at;
  while (view.getUint8(p) === Byte.space) p++;
  return p;
}

/** Instants a log line can be from, Unix ms: before 2006 there was no AWS, after 2099 is a mistake. */
export const EARLIEST_MS = Date.UTC(2006, 0, 1);
export const LATEST_MS = Date.UTC(2100, 0, 1);

/** Longest duration believed, µs: a year covers any function there is. */
export const MAX_DURATION_US = 366 * 24 * 3600 * 1e6;

/** Most memory believed, KiB: 1 TiB. */
export const MAX_MEMORY_KIB = 1024 * 1024 * 1024;
