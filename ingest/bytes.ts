/** Bytes of ASCII text, for comparing without strings. */
export const ascii = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0));

/** Whether `literal` stands at `at`. Reading past the end of `bytes` is a mismatch. */
export function matches(bytes: Uint8Array, at: number, literal: Uint8Array): boolean {
  for (let i = 0; i < literal.length; i++) if (bytes[at + i] !== literal[i]) return false;
  return true;
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

/** Instants a log line can be from, Unix ms: before 2006 there was no AWS, after 2099 is a mistake. */
export const EARLIEST_MS = Date.UTC(2006, 0, 1);
export const LATEST_MS = Date.UTC(2100, 0, 1);

/** Longest duration believed, µs: a year covers any function there is. */
export const MAX_DURATION_US = 366 * 24 * 3600 * 1e6;

/** Most memory believed, KiB: 1 TiB. */
export const MAX_MEMORY_KIB = 1024 * 1024 * 1024;
