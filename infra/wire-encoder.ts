import { F, type FragmentBlock, U } from '../ingest/fragment.ts';
import { crc32 } from './segment-log-format.ts';
import {
  allAreOne,
  ColumnScratch,
  gatherDifferences,
  gatherDoubles,
  gatherIds,
  gatherWords,
  makePalette,
  type Span,
  scaleBy1000,
  scaleBy1024,
  startsBeforeTime,
  transpose,
} from './wire-gather.ts';
import {
  absentWord,
  CHECKSUM_BYTES,
  Encoding,
  FROM_TIME,
  HAS_ABSENT,
  HEADER_BYTES,
  ID,
  IS_TEXT,
  LEAST_MINOR,
  MAGIC,
  MAJOR,
  MAX_FRAGMENTS,
  MINOR,
  WORDS,
} from './wire-layout.ts';
import { Output } from './wire-output.ts';
import { TextWriter } from './wire-text-writer.ts';

/** The most that a column takes besides its values: number, length, bases, a palette. */
const COLUMN_BYTES = 2048;
const BYTES_A_FRAGMENT = 17;

/** What may make the values of a column smaller: reading knows nothing of it. */
const SCALES: Readonly<Record<number, typeof scaleBy1000>> = {
  [F.billedUs]: scaleBy1000,
  [WORDS + U.memoryUsedKib]: scaleBy1024,
};
const HAS_PALETTE = new Set<number>([WORDS + U.kindFlags, WORDS + U.memorySizeKib]);

/**
 * Turns blocks of fragments into bytes (format 2). Keeps its buffers, and the bytes of the texts it has seen, for the
 * next block: one for a whole process will do. See docs/wire.md for cost.
 */
export class FragmentEncoder {
  readonly #out = new Output();
  readonly #scratch = new ColumnScratch();
  readonly #texts = new TextWriter();
  readonly #span: Span = { base: 0, low: 0, range: 0 };
  #u: Uint32Array = new Uint32Array(0);
  #rows: Uint32Array = new Uint32Array(0);
  #n = 0;
  #minor: number = LEAST_MINOR;
  /** bytes of a column's length: as few as can hold the longest */
  #lengthBytes = 1;

  /** Fragments `rows` of a block, all of them by default. @throws {RangeError} over `MAX_FRAGMENTS` */
  encode(block: FragmentBlock, rows?: Uint32Array): Uint8Array {
    const n = rows === undefined ? block.n : rows.length;
    if (n > MAX_FRAGMENTS) throw new RangeError(`${n} fragments in a block, at most ${MAX_FRAGMENTS}`);
    const out = this.#out;
    this.#scratch.grow(n);
    this.#u = block.u;
    this.#rows = rows ?? this.#scratch.all;
    this.#n = n;
    this.#minor = LEAST_MINOR;
    this.#lengthBytes = n <= 6 ? 1 : n <= 800 ? 2 : 4;
    out.length = HEADER_BYTES;
    this.#texts.begin(block.dictionary);
    transpose(this.#scratch, block.f, block.u, this.#rows, n);
    this.#writeColumns();
    const columnBytes = out.length - HEADER_BYTES;
    this.#texts.finish(out);
    return this.#sealed(n, columnBytes);
  }

  /** Kind and time come before all else: start times are read with their help. */
  #writeColumns(): void {
    if (this.#n === 0) return;
    this.#writeWords(U.kindFlags);
    for (let column = 0; column < F.stride; column++) this.#writeDoubles(column);
    this.#writeIds();
    for (let column = 1; column < U.stride; column++) {
      if (column < U.id0 || column > U.id3) this.#writeWords(column);
    }
  }

  #sealed(n: number, columnBytes: number): Uint8Array {
    const out = this.#out;
    const { bytes, view, length } = out;
    bytes[0] = MAGIC[0];
    bytes[1] = MAGIC[1];
    bytes[2] = MAJOR;
    bytes[3] = this.#minor;
    view.setUint32(4, n, true);
    view.setUint32(8, columnBytes, true);
    const sealed = Buffer.allocUnsafe(length + CHECKSUM_BYTES);
    sealed.set(bytes.subarray(0, length));
    sealed.writeUInt32LE(crc32(sealed.subarray(0, length)), length);
    return sealed;
  }

  #writeDoubles(column: number): void {
    const scratch = this.#scratch;
    const n = this.#n;
    const values = scratch.doubleColumns[column]!;
    if (column === F.weight && allAreOne(values, n)) return;
    if (column === F.a && startsBeforeTime(scratch, n)) {
      const starts = gatherDifferences(scratch, scratch.doubles, n, this.#span);
      if (starts > 0) {
        this.#writeSpan(column, starts, FROM_TIME);
        return;
      }
    }
    let count = gatherDifferences(scratch, values, n, this.#span);
    // an absent weight is 1, so one that is NaN is a value, and must not become a gap
    const isWeight = column === F.weight;
    if (count === 0 && !isWeight) return;
    if (count > 0 && !(isWeight && count < n)) {
      this.#writeSpan(column, count, 0);
      return;
    }
    count = gatherDoubles(scratch, column, n, isWeight);
    this.#writeRaw(column, count);
  }

  #writeWords(column: number): void {
    const scratch = this.#scratch;
    const count = IS_TEXT[column]
      ? this.#texts.number(scratch, column, this.#n, this.#span)
      : gatherWords(scratch, column, this.#n, absentWord(column), this.#span);
    if (count === 0) return;
    if (column === U.logGroup) this.#minor = MINOR;
    this.#writeSpan(WORDS + column, count, 0);
  }

  /** Begins a column and returns where its length is to go. */
  #begin(number: number, count: number, head: number): number {
    const out = this.#out;
    const { present } = this.#scratch;
    const n = this.#n;
    out.reserve(n * BYTES_A_FRAGMENT + COLUMN_BYTES);
    out.byte(number);
    const lengthAt = out.gap(this.#lengthBytes);
    out.byte(count < n ? head | HAS_ABSENT : head);
    if (count < n) {
      const bitmapBytes = (n + 7) >> 3;
      writeBitmap(present, count, out.bytes, out.length, bitmapBytes);
      out.length += bitmapBytes;
    }
    return lengthAt;
  }

  #end(lengthAt: number): void {
    this.#out.patch(lengthAt, this.#lengthBytes, this.#out.length - lengthAt - this.#lengthBytes);
  }

  /** Integers close enough to each other. */
  #writeSpan(number: number, count: number, flags: number): void {
    const scratch = this.#scratch;
    const out = this.#out;
    const { base, low, range } = this.#span;
    let { words } = scratch;
    let from = low;
    let highest = range;
    let scale = 1;
    if (range > 0xff) {
      if (HAS_PALETTE.has(number) && this.#writePalette(number, count)) return;
      if (SCALES[number]?.(scratch, count, low)) {
        words = scratch.scaled;
        from = 0;
        scale = SCALES[number] === scaleBy1000 ? 1000 : 1024;
        highest = range / scale;
      }
    }
    const width = range === 0 ? 0 : highest <= 0xff ? 1 : highest <= 0xffff ? 2 : highest <= 0xffffff ? 3 : 4;
    const lengthAt = this.#begin(number, count, flags | width);
    out.zigzag(base);
    if (width > 0) {
      out.varint(scale);
      PACK[width]!(words, count, from, out);
      out.length += count * width;
    }
    this.#end(lengthAt);
  }

  #writePalette(number: number, count: number): boolean {
    const size = makePalette(this.#scratch, count);
    if (size === 0) return false;
    const { palette, scaled } = this.#scratch;
    const out = this.#out;
    const lengthAt = this.#begin(number, count, Encoding.palette);
    out.byte(size - 1);
    for (let i = 0; i < size; i++) out.varint(palette[i]!);
    pack8(scaled, count, 0, out);
    out.length += count;
    this.#end(lengthAt);
    return true;
  }

  /** Doubles that are no integers, or far apart. */
  #writeRaw(column: number, count: number): void {
    const { doubles } = this.#scratch;
    const out = this.#out;
    let same = 1;
    while (same < count && Object.is(doubles[same], doubles[0])) same++;
    const values = same === count ? 1 : count;
    const lengthAt = this.#begin(column, count, same === count ? Encoding.double : Encoding.doubles);
    const { view, length } = out;
    for (let i = 0; i < values; i++) view.setFloat64(length + i * 8, doubles[i]!, true);
    out.length = length + values * 8;
    this.#end(lengthAt);
  }

  #writeIds(): void {
    const u = this.#u;
    const rows = this.#rows;
    const { present } = this.#scratch;
    const count = gatherIds(this.#scratch, u, rows, this.#n);
    if (count === 0) return;
    const out = this.#out;
    const lengthAt = this.#begin(ID, count, Encoding.ids);
    const { view, length } = out;
    for (let i = 0; i < count; i++) {
      const from = rows[present[i]!]! * U.stride + U.id0;
      const to = length + i * 16;
      view.setUint32(to, u[from]!, true);
      view.setUint32(to + 4, u[from + 1]!, true);
      view.setUint32(to + 8, u[from + 2]!, true);
      view.setUint32(to + 12, u[from + 3]!, true);
    }
    out.length = length + count * 16;
    this.#end(lengthAt);
  }
}

/** Sets the bits of `present`, which ascend. Whole bytes at a time: a bit at a time, each would wait for the one before. */
function writeBitmap(present: Uint32Array, count: number, bytes: Uint8Array, at: number, length: number): void {
  let index = 0;
  let bits = 0;
  for (let i = 0; i < count; i++) {
    const row = present[i]!;
    if (row >> 3 !== index) {
      bytes[at + index] = bits;
      bits = 0;
      for (index++; index < row >> 3; index++) bytes[at + index] = 0;
    }
    bits |= 1 << (row & 7);
  }
  bytes[at + index] = bits;
  for (index++; index < length; index++) bytes[at + index] = 0;
}

type Pack = (words: Uint32Array, count: number, low: number, out: Output) => void;

function pack8(words: Uint32Array, count: number, low: number, out: Output): void {
  const { bytes, length } = out;
  for (let i = 0; i < count; i++) bytes[length + i] = words[i]! - low;
}

function pack16(words: Uint32Array, count: number, low: number, out: Output): void {
  const { view, length } = out;
  for (let i = 0; i < count; i++) view.setUint16(length + i * 2, words[i]! - low, true);
}

/** Two and one: three single bytes take longer. */
function pack24(words: Uint32Array, count: number, low: number, out: Output): void {
  const { bytes, view, length } = out;
  for (let i = 0; i < count; i++) {
    const offset = (words[i]! - low) >>> 0;
    view.setUint16(length + i * 3, offset, true);
    bytes[length + i * 3 + 2] = offset >>> 16;
  }
}

function pack32(words: Uint32Array, count: number, low: number, out: Output): void {
  const { view, length } = out;
  for (let i = 0; i < count; i++) view.setUint32(length + i * 4, words[i]! - low, true);
}

const PACK: readonly (Pack | null)[] = [null, pack8, pack16, pack24, pack32];
