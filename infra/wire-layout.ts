import { F, NONE, U } from '../ingest/fragment.ts';

/** The format of fragment blocks that is written; docs/wire.md has every byte. Readers of earlier majors: wire-major-1.ts. */
export const MAJOR = 2;
export const MINOR = 1;
/** What a block says it is that has nothing but what every reader of the major knows: no log groups. */
export const LEAST_MINOR = 0;
/** "TF" */
export const MAGIC = [0x54, 0x46] as const;
/** magic, major, minor, u32 fragments, u32 bytes of the columns */
export const HEADER_BYTES = 12;
/** CRC-32 of everything before it, at the end */
export const CHECKSUM_BYTES = 4;

/** Column numbers: the doubles of a fragment (`F`) as they are, its words (`U`) from here on. */
export const WORDS = 64;
/** A request id is one column of 16 bytes, under the number of its first word. */
export const ID = WORDS + U.id0;

/** A few bytes may claim many fragments: this bounds what reading them allocates, 7 MB. */
export const MAX_FRAGMENTS = 65_536;

/** How the values of a column are written. 1 to 4 are the bytes of an offset. */
export const Encoding = {
  /** all the same: zigzag varint */
  integer: 0,
  /** zigzag varint base, varint scale, then (value - base) / scale in so many bytes each */
  offsets8: 1,
  offsets16: 2,
  offsets24: 3,
  offsets32: 4,
  /** u8 values - 1, the values as varints, then the number of a value in one byte each */
  palette: 5,
  /** f64 each */
  doubles: 6,
  /** all the same: f64 */
  double: 7,
  /** 16 bytes each */
  ids: 8,
} as const;
export const ENCODING_BITS = 0x3f;
/** In fragments of kind report the value is subtracted from the fragment's time. Column `a` only. */
export const FROM_TIME = 0x40;
/** A bit a fragment comes first, 1 = has a value; the others have the column's absent value. */
export const HAS_ABSENT = 0x80;

/** How the bytes of a text are meant; the low bits of its head. */
export const TextForm = {
  utf8: 0,
  /** half a surrogate pair has no UTF-8, and two texts that differ must stay two */
  utf16: 1,
  /** a prefix, then UTF-8 */
  prefixed: 2,
  /** a prefix, then bytes that are meant as lower-case hexadecimal digits */
  prefixedHex: 3,
} as const;
export type TextForm = (typeof TextForm)[keyof typeof TextForm];

/** A text takes two bytes or more, so this bounds how much larger texts are than the block they come in. */
export const MAX_PREFIX_BYTES = 128;

/** Columns that hold numbers of texts. */
export const IS_TEXT: readonly boolean[] = Array.from({ length: U.stride }, (_, column) =>
  ([U.fn, U.version, U.text, U.idText, U.stream, U.logGroup] as number[]).includes(column),
);

/** The value of a double that is not written. */
export const absentDouble = (column: number): number => (column === F.weight ? 1 : Number.NaN);
/** The value of a word that is not written. */
export const absentWord = (column: number): number =>
  column === U.memorySizeKib || column === U.memoryUsedKib ? NONE : 0;
