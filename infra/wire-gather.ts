import { F, FragmentKind, NONE, U } from '../ingest/fragment.ts';

/** Beyond this a zigzag varint is not exact. */
const LARGEST_BASE = 2 ** 51;
const PALETTE_AT_MOST = 256;
const SLOTS = 1024;

type D = Float64Array;
type DoubleColumns = readonly [D, D, D, D, D, D, D, D];
type W = Uint32Array;
type WordColumns = readonly [W, W, W, W, W, W, W, W, W, W, W, W, W];

/**
 * One column on its way out: its present values one behind the other. Loops here run once a column and fragment and
 * cost 1 to 3 ns each; arrays are kept between blocks and grow with the largest.
 */
export class ColumnScratch {
  capacity = 0;
  /** 0, 1, 2 …: the rows of a block that is written whole */
  all = new Uint32Array(0);
  /** a block turned from rows into columns */
  doubleColumns: readonly Float64Array[] = [];
  wordColumns: readonly Uint32Array[] = [];
  /** which fragments have a value */
  present = new Uint32Array(0);
  doubles = new Float64Array(0);
  /** words, or differences of doubles to the first, mod 2^32 */
  words = new Uint32Array(0);
  /** `words` after scaling */
  scaled = new Uint32Array(0);
  /** number + 1 of a palette's value, 0 = free */
  readonly slots = new Uint16Array(SLOTS);
  readonly palette = new Uint32Array(PALETTE_AT_MOST);

  grow(n: number): void {
    if (n <= this.capacity) return;
    this.capacity = Math.max(n, this.capacity * 2, 64);
    this.all = new Uint32Array(this.capacity);
    for (let i = 0; i < this.capacity; i++) this.all[i] = i;
    this.doubleColumns = Array.from({ length: F.stride }, () => new Float64Array(this.capacity));
    this.wordColumns = Array.from({ length: U.stride }, () => new Uint32Array(this.capacity));
    this.present = new Uint32Array(this.capacity);
    this.doubles = new Float64Array(this.capacity);
    this.words = new Uint32Array(this.capacity);
    this.scaled = new Uint32Array(this.capacity);
  }
}

/** What `words` span: the value of the lowest, and by how much the highest is above it. */
export interface Span {
  base: number;
  /** the word that stands for `base` */
  low: number;
  range: number;
}

/**
 * Turns rows into columns, all at once: a row is a cache line, and reading it once a column costs more than the rest of
 * the work. The id words stay where they are.
 */
export function transpose(to: ColumnScratch, f: Float64Array, u: Uint32Array, rows: Uint32Array, n: number): void {
  transposeDoubles(to.doubleColumns, f, rows, n);
  transposeWords(to.wordColumns, u, rows, n);
}

function transposeDoubles(columns: readonly Float64Array[], f: Float64Array, rows: Uint32Array, n: number): void {
  const [time, durationUs, billedUs, initUs, a, b, c, weight] = columns as DoubleColumns;
  for (let i = 0; i < n; i++) {
    const at = rows[i]! * F.stride;
    time[i] = f[at]!;
    durationUs[i] = f[at + F.durationUs]!;
    billedUs[i] = f[at + F.billedUs]!;
    initUs[i] = f[at + F.initUs]!;
    a[i] = f[at + F.a]!;
    b[i] = f[at + F.b]!;
    c[i] = f[at + F.c]!;
    weight[i] = f[at + F.weight]!;
  }
}

function transposeWords(columns: readonly Uint32Array[], u: Uint32Array, rows: Uint32Array, n: number): void {
  const [kindFlags, fn, version, , , , , text, memorySizeKib, memoryUsedKib, idText, stream, logGroup] =
    columns as WordColumns;
  for (let i = 0; i < n; i++) {
    const at = rows[i]! * U.stride;
    kindFlags[i] = u[at]!;
    fn[i] = u[at + U.fn]!;
    version[i] = u[at + U.version]!;
    text[i] = u[at + U.text]!;
    memorySizeKib[i] = u[at + U.memorySizeKib]!;
    memoryUsedKib[i] = u[at + U.memoryUsedKib]!;
    idText[i] = u[at + U.idText]!;
    stream[i] = u[at + U.stream]!;
    logGroup[i] = u[at + U.logGroup]!;
  }
}

/** Puts the values of a column into `doubles`, but for those that are NaN; `keepsNaN`: all of them. Returns how many. */
export function gatherDoubles(to: ColumnScratch, column: number, n: number, keepsNaN: boolean): number {
  const { doubles, present } = to;
  const from = to.doubleColumns[column]!;
  let count = 0;
  for (let i = 0; i < n; i++) {
    const value = from[i]!;
    if (!keepsNaN && Number.isNaN(value)) continue;
    present[count] = i;
    doubles[count++] = value;
  }
  return count;
}

export function allAreOne(values: Float64Array, n: number): boolean {
  for (let i = 0; i < n; i++) if (values[i] !== 1) return false;
  return true;
}

/**
 * Column `a` with the start times of reports as time - start, in `doubles`. False where that would lose a bit, or
 * nothing is a report.
 */
export function startsBeforeTime(to: ColumnScratch, n: number): boolean {
  const { doubles } = to;
  const times = to.doubleColumns[F.time]!;
  const from = to.doubleColumns[F.a]!;
  const kinds = to.wordColumns[U.kindFlags]!;
  let reports = 0;
  for (let i = 0; i < n; i++) {
    let value = from[i]!;
    if ((kinds[i]! & 0xff) === FragmentKind.report && !Number.isNaN(value)) {
      const time = times[i]!;
      const difference = time - value;
      if (time - difference !== value || value === 0) return false;
      value = difference;
      reports++;
    }
    doubles[i] = value;
  }
  return reports > 0;
}

/** Puts the values of a word column that are not `absent` into `words`, and their span into `span`; returns how many. */
export function gatherWords(to: ColumnScratch, column: number, n: number, absent: number, span: Span): number {
  const { words, present } = to;
  const from = to.wordColumns[column]!;
  let count = 0;
  let low = NONE;
  let high = 0;
  for (let i = 0; i < n; i++) {
    const value = from[i]!;
    if (value === absent) continue;
    if (value < low) low = value;
    if (value > high) high = value;
    present[count] = i;
    words[count++] = value;
  }
  span.base = low;
  span.low = low;
  span.range = high - low;
  return count;
}

/** Finds the fragments with a request id; returns how many. */
export function gatherIds(to: ColumnScratch, u: Uint32Array, rows: Uint32Array, n: number): number {
  const { present } = to;
  let count = 0;
  for (let i = 0; i < n; i++) {
    const at = rows[i]! * U.stride + U.id0;
    if ((u[at]! | u[at + 1]! | u[at + 2]! | u[at + 3]!) !== 0) present[count++] = i;
  }
  return count;
}

/**
 * Values that are not NaN as differences to the first, in `words`, and their span. Returns how many, or -1 where one is
 * no integer, or is too far from the others, or is -0.
 */
export function gatherDifferences(to: ColumnScratch, from: Float64Array, n: number, span: Span): number {
  const { words, present } = to;
  let i = 0;
  while (i < n && Number.isNaN(from[i])) i++;
  if (i === n) return 0;
  const first = from[i]!;
  if (!(Math.abs(first) <= LARGEST_BASE) || Math.floor(first) !== first) return -1;
  let count = 0;
  let low = 0;
  let high = 0;
  for (; i < n; i++) {
    const value = from[i]!;
    const difference = (value - first) | 0;
    if (first + difference !== value) {
      if (Number.isNaN(value)) continue;
      return -1;
    }
    if (difference < low) low = difference;
    else if (difference > high) high = difference;
    present[count] = i;
    words[count++] = difference;
  }
  span.base = first + low;
  span.low = low >>> 0;
  span.range = high - low;
  if (Math.abs(span.base) > LARGEST_BASE) return -1;
  return span.base > 0 || first + high < 0 || !hasNegativeZero(from, n) ? count : -1;
}

function hasNegativeZero(values: Float64Array, count: number): boolean {
  for (let i = 0; i < count; i++) if (Object.is(values[i], -0)) return true;
  return false;
}

/** Whole milliseconds in µs. Fills `scaled` with (word - low) / 1000; false where one is no multiple. */
export function scaleBy1000(of: ColumnScratch, count: number, low: number): boolean {
  const { words, scaled } = of;
  for (let i = 0; i < count; i++) {
    const offset = (words[i]! - low) >>> 0;
    const quotient = (offset / 1000) >>> 0; // by a constant: the compiler multiplies
    if (Math.imul(quotient, 1000) >>> 0 !== offset) return false;
    scaled[i] = quotient;
  }
  return true;
}

/** Whole MiB in KiB. */
export function scaleBy1024(of: ColumnScratch, count: number, low: number): boolean {
  const { words, scaled } = of;
  for (let i = 0; i < count; i++) {
    const offset = (words[i]! - low) >>> 0;
    if ((offset & 1023) !== 0) return false;
    scaled[i] = offset >>> 10;
  }
  return true;
}

/** Numbers the different words: `palette` has them, `scaled` the number of each. 0 where there are over 256. */
export function makePalette(of: ColumnScratch, count: number): number {
  const { words, scaled, slots, palette } = of;
  slots.fill(0);
  let size = 0;
  let last = -1;
  let lastNumber = 0;
  for (let i = 0; i < count; i++) {
    const word = words[i]!;
    if (word === last) {
      scaled[i] = lastNumber;
      continue;
    }
    let slot = Math.imul(word, 0x9e3779b1) >>> 22;
    let number = slots[slot]!;
    while (number !== 0 && palette[number - 1] !== word) {
      slot = (slot + 1) % SLOTS;
      number = slots[slot]!;
    }
    if (number === 0) {
      if (size === PALETTE_AT_MOST) return 0;
      palette[size++] = word;
      slots[slot] = size;
      number = size;
    }
    last = word;
    lastNumber = number - 1;
    scaled[i] = lastNumber;
  }
  return size;
}
