import { type ByteReader, type ByteWriter, WireError } from './wire-bytes.ts';

/**
 * How the values of a column are written, the present ones only, in the order of the fragments. The writer takes the
 * first that fits; a reader knows them all.
 */
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
const unzigzag = (value: number): number => (value % 2 === 0 ? value / 2 : -(value + 1) / 2);
/** Zigzag doubles: beyond this the result would not be exact. */
const LARGEST_DIFFERENCE = 2 ** 51;

export interface ColumnShape {
  /** a value that is not written: NaN, 0 or NONE */
  readonly absent: number;
  /** what to try before the general encodings */
  readonly prefer: 'palette' | 'delta' | 'relative' | 'raw32' | 'varint';
}

/** Writes values[0 .. n). Nothing at all, and false, where every value is absent. `references` are for `relative`. */
export function writeColumn(
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
    if (!Number.isSafeInteger(value) || Object.is(value, -0) || !(Math.abs(difference) < LARGEST_DIFFERENCE)) {
      out.length = start;
      return false;
    }
    if (!Number.isInteger(difference)) {
      out.length = start;
      return false;
    }
    out.varint(zigzag(difference));
    before = value;
  }
  return true;
}

/** Fills values[0 .. n) from a column of `writeColumn`. @throws {WireError} MALFORMED */
export function readColumn(
  from: ByteReader,
  values: Float64Array,
  n: number,
  absent: number,
  references: Float64Array,
): void {
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
      value += unzigzag(from.varint());
      return value;
    };
  }
  if (encoding === Encoding.relative) return (reference) => reference - unzigzag(from.varint());
  if (encoding === Encoding.raw32) return () => bytes.readUInt32LE(from.skip(4));
  if (encoding === Encoding.raw64) return () => bytes.readDoubleLE(from.skip(8));
  throw new WireError('MALFORMED', `no such encoding, ${encoding}`);
}

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
