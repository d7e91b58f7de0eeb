import { F, FragmentKind, U } from '../ingest/fragment.ts';
import { WireError } from './wire-bytes.ts';

/** Columns on their way in. Arrays are shared by all decoders (decoding never waits) and grow with the largest block. */
export class ScatterScratch {
  capacity = 0;
  /** 0, 1, 2 …: the rows of a column without gaps */
  all = new Uint32Array(0);
  /** rows that have a value */
  present = new Uint32Array(0);
  absent = new Uint32Array(0);
  offsets = new Uint32Array(0);

  grow(n: number): void {
    if (n <= this.capacity) return;
    this.capacity = Math.max(n, this.capacity * 2, 64);
    this.all = new Uint32Array(this.capacity);
    for (let i = 0; i < this.capacity; i++) this.all[i] = i;
    this.present = new Uint32Array(this.capacity);
    this.absent = new Uint32Array(this.capacity);
    this.offsets = new Uint32Array(this.capacity);
  }
}

/** Lists the rows with and without a bit of the bitmap at `at`; returns how many have. @throws {WireError} on a bit that is no row */
export function readBitmap(view: DataView, at: number, n: number, { present, absent }: ScatterScratch): number {
  let count = 0;
  let gaps = 0;
  for (let row = 0; row < n; row += 8) {
    const bits = view.getUint8(at + (row >> 3));
    const rows = Math.min(n - row, 8);
    if (bits >>> rows !== 0) throw new WireError('MALFORMED', 'a column has a value for no fragment');
    for (let bit = 0; bit < rows; bit++) {
      const isPresent = (bits >>> bit) & 1; // both are written, one counts: no branch to guess
      present[count] = row + bit;
      absent[gaps] = row + bit;
      count += isPresent;
      gaps += 1 - isPresent;
    }
  }
  return count;
}

/** `count` little-endian numbers of 1 to 4 bytes. */
export function unpack(view: DataView, at: number, count: number, width: number, offsets: Uint32Array): void {
  if (width === 1) for (let i = 0; i < count; i++) offsets[i] = view.getUint8(at + i);
  else if (width === 2) for (let i = 0; i < count; i++) offsets[i] = view.getUint16(at + i * 2, true);
  else if (width === 3) {
    for (let i = 0; i < count; i++) {
      const from = at + i * 3;
      offsets[i] = view.getUint16(from, true) | (view.getUint8(from + 2) << 16);
    }
  } else for (let i = 0; i < count; i++) offsets[i] = view.getUint32(at + i * 4, true);
}

export function fillDoubles(f: Float64Array, column: number, n: number, value: number): void {
  for (let at = column, end = n * F.stride; at < end; at += F.stride) f[at] = value;
}

export function fillWords(u: Uint32Array, column: number, n: number, value: number): void {
  for (let at = column, end = n * U.stride; at < end; at += U.stride) u[at] = value;
}

export function setDoubles(f: Float64Array, column: number, rows: Uint32Array, count: number, value: number): void {
  for (let i = 0; i < count; i++) f[rows[i]! * F.stride + column] = value;
}

export function setWords(u: Uint32Array, column: number, rows: Uint32Array, count: number, value: number): void {
  for (let i = 0; i < count; i++) u[rows[i]! * U.stride + column] = value;
}

/** Values that are base + offset × scale; so below. */
export interface Offsets {
  readonly offsets: Uint32Array;
  readonly rows: Uint32Array;
  readonly count: number;
  readonly base: number;
  readonly scale: number;
}

export function placeDoubles(f: Float64Array, column: number, from: Offsets): void {
  const { offsets, rows, count, base, scale } = from;
  for (let i = 0; i < count; i++) f[rows[i]! * F.stride + column] = base + offsets[i]! * scale;
}

/** Column `a`, in reports as what it is before the fragment's time. */
export function placeStarts(f: Float64Array, u: Uint32Array, from: Offsets): void {
  const { offsets, rows, count, base, scale } = from;
  for (let i = 0; i < count; i++) {
    const row = rows[i]!;
    const at = row * F.stride;
    const value = base + offsets[i]! * scale;
    f[at + F.a] = (u[row * U.stride]! & 0xff) === FragmentKind.report ? f[at]! - value : value;
  }
}

/** @throws {WireError} on a number that is no word */
export function placeWords(u: Uint32Array, column: number, from: Offsets): void {
  const { offsets, rows, count, base, scale } = from;
  let highest = 0;
  for (let i = 0; i < count; i++) {
    const word = base + offsets[i]! * scale;
    if (word > highest) highest = word;
    u[rows[i]! * U.stride + column] = word;
  }
  if (base < 0 || highest > 0xffffffff) throw new WireError('MALFORMED', 'a word is out of range');
}

/** Offsets are numbers in `palette`, or of texts. @throws {WireError} on one that is not there */
export function placeListed(u: Uint32Array, column: number, from: Offsets, list: Uint32Array, size: number): void {
  const { offsets, rows, count, base, scale } = from;
  for (let i = 0; i < count; i++) {
    const number = base + offsets[i]! * scale;
    if (number >= size) throw new WireError('MALFORMED', 'a column names a value that is not there');
    u[rows[i]! * U.stride + column] = list[number]!;
  }
}

export function placeIds(u: Uint32Array, view: DataView, at: number, rows: Uint32Array, count: number): void {
  for (let i = 0; i < count; i++) {
    const from = at + i * 16;
    const to = rows[i]! * U.stride + U.id0;
    u[to] = view.getUint32(from, true);
    u[to + 1] = view.getUint32(from + 4, true);
    u[to + 2] = view.getUint32(from + 8, true);
    u[to + 3] = view.getUint32(from + 12, true);
  }
}
