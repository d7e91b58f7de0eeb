/** The writer of block format 1, as it was: what the benchmark of format 2 is compared with. */

import { MAX_FRAGMENTS } from '../infra/wire-layout.ts';
import { type Dictionary, F, type FragmentBlock, NONE, U } from '../ingest/fragment.ts';
import { ByteWriter } from './wire-major-1-bytes.ts';

const MAJOR = 1;
const MINOR = 0;
const MAGIC = Buffer.from('TF', 'latin1');
const WORDS = 64;

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

const HAS_ABSENT = 0x80;
const PALETTE_AT_MOST = 256;

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0 && !Object.is(value, -0);
const zigzag = (value: number): number => (value >= 0 ? value * 2 : -value * 2 - 1);
/** Zigzag doubles: beyond this the result would not be exact. */
const LARGEST_DIFFERENCE = 2 ** 51;

interface ColumnShape {
  /** a value that is not written: NaN, 0 or NONE */
  readonly absent: number;
  /** what to try before the general encodings */
  readonly prefer: 'palette' | 'delta' | 'relative' | 'raw32' | 'varint';
}

/** Writes values[0 .. n). Nothing at all, and false, where every value is absent. `references` are for `relative`. */
function writeColumn(
  out: ByteWriter,
  values: Float64Array,
  n: number,
  shape: ColumnShape,
  references: Float64Array,
): boolean {
  const head = out.reserve(1);
  const bitmapBytes = (n + 7) >> 3;
  const bitmap = out.reserve(bitmapBytes);
  out.bytes.fill(0, bitmap, bitmap + bitmapBytes);
  const isNaNAbsent = Number.isNaN(shape.absent);
  let count = 0;
  for (let i = 0; i < n; i++) {
    const value = values[i]!;
    if (isNaNAbsent ? Number.isNaN(value) : value === shape.absent && !Object.is(value, -0)) continue;
    out.bytes[bitmap + (i >> 3)]! |= 1 << (i & 7);
    references[count] = references[i]!; // both lists close their gaps, in step
    values[count++] = value;
  }
  if (count === 0) {
    out.length = head;
    return false;
  }
  if (count === n) out.length = bitmap;
  const encoding = writeValues(out, values.subarray(0, count), shape, references);
  out.bytes[head] = encoding | (count === n ? 0 : HAS_ABSENT);
  return true;
}

function writeValues(out: ByteWriter, values: Float64Array, { prefer }: ColumnShape, references: Float64Array): number {
  if (prefer === 'palette' && writePalette(out, values)) return Encoding.palette;
  if (prefer === 'delta' && writeDifferences(out, values, null)) return Encoding.delta;
  if (prefer === 'relative' && writeDifferences(out, values, references)) return Encoding.relative;
  if (prefer === 'raw32') return writeRaw32(out, values);
  if (values.every(isCount)) return writeVarints(out, values);
  const start = out.reserve(values.length * 8);
  for (let i = 0; i < values.length; i++) out.bytes.writeDoubleLE(values[i]!, start + i * 8);
  return Encoding.raw64;
}

function writeRaw32(out: ByteWriter, values: Float64Array): number {
  const start = out.reserve(values.length * 4);
  for (let i = 0; i < values.length; i++) out.bytes.writeUInt32LE(values[i]!, start + i * 4);
  return Encoding.raw32;
}

const bitsFor = (count: number): number => (count <= 1 ? 0 : count <= 2 ? 1 : count <= 4 ? 2 : count <= 16 ? 4 : 8);

function writePalette(out: ByteWriter, values: Float64Array): boolean {
  const numbers = new Map<number, number>();
  for (const value of values) {
    if (numbers.has(value) && !Object.is(value, -0)) continue;
    if (numbers.size === PALETTE_AT_MOST || !isCount(value)) return false;
    numbers.set(value, numbers.size);
  }
  out.byte(numbers.size - 1);
  for (const value of numbers.keys()) out.varint(value);
  const bits = bitsFor(numbers.size);
  const length = (values.length * bits + 7) >> 3;
  const start = out.reserve(length);
  out.bytes.fill(0, start, start + length);
  for (let i = 0; bits > 0 && i < values.length; i++) {
    const bit = i * bits;
    out.bytes[start + (bit >> 3)]! |= numbers.get(values[i]!)! << (bit & 7);
  }
  return true;
}

/** Billed time comes in whole milliseconds, most sizes in whole KiB: dividing saves a byte each. */
const DIVISORS = [1_000_000, 1024, 1000];

function writeVarints(out: ByteWriter, values: Float64Array): number {
  const divisor = DIVISORS.find((candidate) => values.every((value) => value % candidate === 0)) ?? 1;
  out.varint(divisor);
  for (const value of values) out.varint(value / divisor);
  return Encoding.varint;
}

function writeDifferences(out: ByteWriter, values: Float64Array, references: Float64Array | null): boolean {
  const start = out.length;
  let before = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    const difference = references === null ? value - before : references[i]! - value;
    if (
      !Number.isSafeInteger(value) ||
      Object.is(value, -0) ||
      !Number.isInteger(difference) ||
      !(Math.abs(difference) < LARGEST_DIFFERENCE)
    ) {
      out.length = start;
      return false;
    }
    out.varint(zigzag(difference));
    before = value;
  }
  return true;
}

const WORD_SHAPES: readonly ColumnShape[] = Array.from({ length: U.logGroup }, (_, column) => ({
  absent: column === U.memorySizeKib || column === U.memoryUsedKib ? NONE : 0,
  prefer: column >= U.id0 && column <= U.id3 ? 'raw32' : column === U.memoryUsedKib ? 'varint' : 'palette',
}));

const DOUBLE_PREFERENCE: Readonly<Record<number, ColumnShape['prefer']>> = {
  [F.time]: 'delta',
  [F.weight]: 'palette',
};
/** `a` is a start time in most fragments: then close to the fragment's own time. */
const doubleShape = (column: number, isTime: boolean): ColumnShape => ({
  absent: column === F.weight ? 1 : Number.NaN,
  prefer: isTime ? 'relative' : (DOUBLE_PREFERENCE[column] ?? 'varint'),
});

/** Columns that hold numbers of the dictionary. */
const TEXT_COLUMNS = new Set<number>([U.fn, U.version, U.text, U.idText, U.stream]);

/** Numbers of a block's own dictionary: only the texts that its fragments use. */
class LocalTexts {
  readonly texts: string[] = [];
  readonly #numbers = new Map<number, number>([[0, 0]]);
  readonly #dictionary: Dictionary;

  constructor(dictionary: Dictionary) {
    this.#dictionary = dictionary;
  }

  number(id: number): number {
    let number = this.#numbers.get(id);
    if (number === undefined) {
      number = this.texts.push(this.#dictionary.text(id));
      this.#numbers.set(id, number);
    }
    return number;
  }
}

function looksLikeTimes(values: Float64Array, times: Float64Array, n: number): boolean {
  const near = 2 ** 31; // ms, 25 days: further apart, a difference is no shorter than the value
  let closer = 0;
  let known = 0;
  for (let i = 0; i < n; i++) {
    if (Number.isNaN(values[i]!)) continue;
    known++;
    if (Math.abs(times[i]! - values[i]!) < near && values[i]! > near) closer++;
  }
  return closer * 2 > known;
}

/**
 * Fragments `rows` of a block, all of them by default, as bytes that need nothing else to be read.
 * About 1 µs and 26 bytes a fragment. @throws {RangeError} over `MAX_FRAGMENTS`
 */
export function encodeMajor1(block: FragmentBlock, rows?: Uint32Array): Uint8Array {
  const n = rows === undefined ? block.n : rows.length;
  if (n > MAX_FRAGMENTS) throw new RangeError(`${n} fragments in a block, at most ${MAX_FRAGMENTS}`);
  const local = new LocalTexts(block.dictionary);
  const columns = new ByteWriter();
  const values = new Float64Array(n);
  const times = new Float64Array(n);
  const references = new Float64Array(n);
  for (let i = 0; i < n; i++) times[i] = block.f[(rows === undefined ? i : rows[i]!) * F.stride + F.time]!;
  let count = 0;
  const write = (number: number, shape: ColumnShape) => {
    references.set(times);
    if (writeTagged(columns, number, values, shape, references)) count++;
  };
  for (let column = 0; column < F.stride; column++) {
    for (let i = 0; i < n; i++) values[i] = block.f[(rows === undefined ? i : rows[i]!) * F.stride + column]!;
    write(column, doubleShape(column, column === F.a && looksLikeTimes(values, times, n)));
  }
  for (let column = 0; column < U.logGroup; column++) {
    const isText = TEXT_COLUMNS.has(column);
    for (let i = 0; i < n; i++) {
      const word = block.u[(rows === undefined ? i : rows[i]!) * U.stride + column]!;
      values[i] = isText ? local.number(word) : word;
    }
    write(WORDS + column, WORD_SHAPES[column]!);
  }
  return assemble(n, local.texts, count, columns);
}

function writeTagged(
  out: ByteWriter,
  number: number,
  values: Float64Array,
  shape: ColumnShape,
  references: Float64Array,
): boolean {
  const start = out.reserve(5); // number, and a length of fixed four bytes: it is known only afterwards
  if (!writeColumn(out, values, values.length, shape, references)) {
    out.length = start;
    return false;
  }
  const length = out.length - start - 5;
  out.bytes[start] = number;
  for (let i = 0; i < 4; i++) out.bytes[start + 1 + i] = ((length >>> (7 * i)) & 0x7f) | (i < 3 ? 0x80 : 0);
  return true;
}

function assemble(n: number, texts: readonly string[], count: number, columns: ByteWriter): Uint8Array {
  const out = new ByteWriter();
  MAGIC.copy(out.bytes, out.reserve(2));
  out.byte(MAJOR);
  out.byte(MINOR);
  out.varint(n);
  out.varint(texts.length);
  for (const text of texts) out.text(text);
  out.varint(count);
  const start = out.reserve(columns.length);
  columns.bytes.copy(out.bytes, start, 0, columns.length);
  return Uint8Array.prototype.slice.call(out.bytes, 0, out.length);
}
