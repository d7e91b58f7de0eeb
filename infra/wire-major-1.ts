import { type Dictionary, F, FragmentBlock, NONE, U } from '../ingest/fragment.ts';
import { ByteReader, WireError } from './wire-bytes.ts';
import { absentDouble, absentWord, IS_TEXT, MAX_FRAGMENTS, WORDS } from './wire-layout.ts';

/**
 * Reads blocks of format 1, which is no longer written:
 *
 *     "TF" | u8 major | u8 minor | varint fragments
 *     varint texts, each: varint 2 × bytes (+ 1 = UTF-16, else UTF-8) | bytes        text 0 is '' and not written
 *     varint columns, each: u8 number | varint bytes | bytes
 *
 * A column whose values are all unknown is not written. Numbers are those of format 2. A column is a head (encoding,
 * and HAS_ABSENT), a bitmap of the present values if some are not, and those in the order of the fragments.
 */
const MINOR = 0;
const HEADER_BYTES = 4;
const HAS_ABSENT = 0x80;
/** Words of a fragment that the format has. */
const WORD_COLUMNS = 12;

const Encoding = {
  /** u8 count - 1, the values as varints; then the number of each value, 0, 1, 2, 4 or 8 bits, low bits first */
  palette: 0,
  /** varint divisor, then value / divisor as varints */
  varint: 1,
  /** zigzag varints of the differences, the first from 0 */
  delta: 2,
  /** zigzag varints of reference - value; the reference is the fragment's time */
  relative: 3,
  /** u32 each */
  raw32: 4,
  /** f64 each */
  raw64: 5,
} as const;

/** `bytes` begin with magic and major 1. About 1 µs a fragment. @throws {WireError} MALFORMED */
export function readMajor1(bytes: Buffer, dictionary: Dictionary): FragmentBlock {
  const from = new ByteReader(bytes, HEADER_BYTES);
  const n = from.varint();
  if (n > MAX_FRAGMENTS) throw new WireError('MALFORMED', `${n} fragments in a block, at most ${MAX_FRAGMENTS}`);
  const ids = readTexts(from, dictionary);
  const block = new FragmentBlock(dictionary, n);
  block.n = n;
  readColumns(from, block, ids, bytes[3]! > MINOR);
  if (from.at !== from.end) throw new WireError('MALFORMED', 'bytes behind the last column');
  return block;
}

/** Number in the block → number in `dictionary`. */
function readTexts(from: ByteReader, dictionary: Dictionary): number[] {
  const count = from.varint();
  if (count > from.end - from.at) throw new WireError('MALFORMED', 'the block ends early'); // a byte each at least
  const ids = [0];
  for (let i = 0; i < count; i++) ids.push(dictionary.id(from.text()));
  return ids;
}

function fillUnknown(block: FragmentBlock): void {
  block.f.fill(Number.NaN);
  for (let i = 0; i < block.n; i++) {
    block.f[i * F.stride + F.weight] = 1;
    block.u[i * U.stride + U.memorySizeKib] = NONE;
    block.u[i * U.stride + U.memoryUsedKib] = NONE;
  }
}

function readColumns(from: ByteReader, block: FragmentBlock, ids: readonly number[], isNewer: boolean): void {
  fillUnknown(block);
  const { n } = block;
  const values = new Float64Array(n);
  const times = new Float64Array(n).fill(Number.NaN);
  const seen = new Set<number>();
  for (let left = from.varint(); left > 0; left--) {
    const number = from.byte();
    const length = from.varint();
    const start = from.skip(length);
    const isWord = number >= WORDS;
    const column = isWord ? number - WORDS : number;
    if (column >= (isWord ? WORD_COLUMNS : F.stride)) {
      if (isNewer) continue;
      throw new WireError('MALFORMED', `no such column, ${number}`);
    }
    if (seen.has(number)) throw new WireError('MALFORMED', `column ${number} comes twice`);
    seen.add(number);
    const absent = isWord ? absentWord(column) : absentDouble(column);
    readColumn(new ByteReader(from.bytes, start, start + length), values, n, absent, times);
    if (number === F.time) times.set(values);
    if (isWord) storeWords(block, column, values, IS_TEXT[column] ? ids : null);
    else for (let i = 0; i < n; i++) block.f[i * F.stride + column] = values[i]!;
  }
}

function storeWords(block: FragmentBlock, column: number, values: Float64Array, ids: readonly number[] | null): void {
  for (let i = 0; i < block.n; i++) {
    const value = values[i]!;
    const word = ids === null ? value : ids[value];
    if (word === undefined || word >>> 0 !== word) throw new WireError('MALFORMED', 'a word is out of range');
    block.u[i * U.stride + column] = word;
  }
}

/** Fills values[0 .. n) from a column of `writeColumn`. @throws {WireError} MALFORMED */
function readColumn(from: ByteReader, values: Float64Array, n: number, absent: number, references: Float64Array): void {
  const head = from.byte();
  const bitmap = head & HAS_ABSENT ? from.skip((n + 7) >> 3) : -1;
  const { bytes } = from;
  const isPresent = (i: number) => bitmap === -1 || ((bytes[bitmap + (i >> 3)]! >> (i & 7)) & 1) === 1;
  const next = valueReader(from, head & ~HAS_ABSENT, n);
  for (let i = 0; i < n; i++) values[i] = isPresent(i) ? next(references[i]!) : absent;
  if (from.at !== from.end) throw new WireError('MALFORMED', 'a column is longer than its values');
}

function valueReader(from: ByteReader, encoding: number, n: number): (reference: number) => number {
  const { bytes } = from;
  if (encoding === Encoding.palette) return paletteReader(from, n);
  if (encoding === Encoding.varint) {
    const divisor = from.varint();
    return () => from.varint() * divisor;
  }
  if (encoding === Encoding.delta) {
    let value = 0;
    return () => {
      value += from.zigzag();
      return value;
    };
  }
  if (encoding === Encoding.relative) return (reference) => reference - from.zigzag();
  if (encoding === Encoding.raw32) return () => bytes.readUInt32LE(from.skip(4));
  if (encoding === Encoding.raw64) return () => bytes.readDoubleLE(from.skip(8));
  throw new WireError('MALFORMED', `no such encoding, ${encoding}`);
}

const bitsFor = (count: number): number => (count <= 1 ? 0 : count <= 2 ? 1 : count <= 4 ? 2 : count <= 16 ? 4 : 8);

/** The numbers follow for the present values only, so their bits are read as they are needed. */
function paletteReader(from: ByteReader, n: number): () => number {
  const count = from.byte() + 1;
  const palette = Float64Array.from({ length: count }, () => from.varint());
  const bits = bitsFor(count);
  if (bits === 0) return () => palette[0]!;
  const start = from.skip(Math.min((n * bits + 7) >> 3, from.end - from.at));
  let i = 0;
  return () => {
    const bit = i++ * bits;
    const at = start + (bit >> 3);
    const number = at < from.end ? (from.bytes[at]! >> (bit & 7)) & ((1 << bits) - 1) : count;
    if (number >= count) throw new WireError('MALFORMED', 'no such value in the palette');
    return palette[number]!;
  };
}
