import { F, FragmentBlock } from './fragment.ts';
import { FRAGMENT_BYTES, type FragmentLog, PAGE } from './fragment-log.ts';

/** A stretch of the log: the fragments of one file. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/**
 * Fragments in the order in which they are taken to have arrived, a run at a time: after `next()` returned true, rows
 * `from` to `to` of `block` are the run, until the next call.
 */
export interface FragmentRuns {
  readonly block: FragmentBlock;
  readonly from: number;
  readonly to: number;
  next(): boolean;
}

/** One range as it stands, a page at a time. */
export class SequentialRuns implements FragmentRuns {
  block: FragmentBlock;
  from = 0;
  to = 0;
  readonly #log: FragmentLog;
  readonly #buffer: FragmentBlock;
  readonly #end: number;
  #index: number;

  constructor(log: FragmentLog, range: Range) {
    this.#log = log;
    this.#index = range.from;
    this.#end = range.to;
    this.#buffer = new FragmentBlock(log.dictionary, log.spilled ? PAGE : 0);
    this.block = this.#buffer;
  }

  next(): boolean {
    if (this.#index >= this.#end) return false;
    const row = this.#index % PAGE;
    const count = Math.min(PAGE - row, this.#end - this.#index);
    if (this.#log.inMemory(this.#index)) {
      this.block = this.#log.page(this.#index);
      this.from = row;
    } else {
      this.block = this.#buffer;
      this.from = 0;
      this.#log.copy(this.#index, count, this.#buffer);
    }
    this.to = this.from + count;
    this.#index += count;
    return true;
  }
}

/** What the buffers of all ranges of a merge may take together, bytes. */
const MERGE_BYTES = 64 * 1024 * 1024;

/**
 * Several ranges merged by time, the order inside each kept. A fragment's place is its time where its neighbours bear it
 * out, and that of its neighbours where they do not; of equals the earlier range comes first. So neither a straggler nor
 * an event from the future holds back the rest of its file.
 */
export class MergedRuns implements FragmentRuns {
  block: FragmentBlock;
  from = 0;
  to = 0;
  readonly #heap: Cursor[] = [];

  /** @param trust true = every range is in order of time already, so a fragment's time is its place */
  constructor(log: FragmentLog, ranges: readonly Range[], trust = false) {
    const rows = Math.floor(MERGE_BYTES / FRAGMENT_BYTES / ranges.length);
    const capacity = Math.min(1024, Math.max(32, rows));
    for (const [rank, range] of ranges.entries()) {
      const cursor = new Cursor(log, range, rank, capacity, trust);
      if (cursor.fill()) this.#heap.push(cursor);
    }
    for (let i = (this.#heap.length >> 1) - 1; i >= 0; i--) this.#sink(i);
    this.block = this.#heap[0]?.block ?? new FragmentBlock(log.dictionary, 0);
  }

  next(): boolean {
    const heap = this.#heap;
    let top = heap[0];
    if (top === undefined) return false;
    if (top.row === top.rows) {
      if (!top.fill()) {
        const last = heap.pop()!;
        if (heap.length === 0) return false;
        if (last !== top) heap[0] = last;
      }
      this.#sink(0);
      top = heap[0]!;
    }
    this.block = top.block;
    this.from = top.row;
    this.to = this.#advance(top);
    if (top.row < top.rows) this.#sink(0);
    return true;
  }

  /** Moves the first cursor on for as long as it stays the first, and returns the row behind the run. */
  #advance(top: Cursor): number {
    const left = this.#heap[1];
    const right = this.#heap[2];
    const rival = right !== undefined && left !== undefined && before(right, left) ? right : left;
    if (rival === undefined) top.row = top.rows;
    else {
      const limit = rival.keyMs();
      const wins = top.rank < rival.rank;
      do top.row++;
      while (top.row < top.rows && (top.keys[top.row]! < limit || (wins && top.keys[top.row]! === limit)));
    }
    return top.row;
  }

  #sink(at: number): void {
    const heap = this.#heap;
    const moving = heap[at]!;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, moving)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = moving;
  }
}

function before(a: Cursor, b: Cursor): boolean {
  const keyA = a.keyMs();
  const keyB = b.keyMs();
  return keyA < keyB || (keyA === keyB && a.rank < b.rank);
}

const AROUND = 2; // neighbours on each side that bear out a time

/** Reads one range through a small buffer, with the merge key of each row. */
class Cursor {
  readonly block: FragmentBlock;
  readonly keys: Float64Array;
  readonly rank: number;
  row = 0;
  rows = 0;
  readonly #log: FragmentLog;
  readonly #range: Range;
  readonly #capacity: number;
  readonly #trust: boolean;
  readonly #times: Float64Array; // AROUND rows before the buffer, the buffer, AROUND rows after
  #index: number;
  #lastKeyMs = Number.NEGATIVE_INFINITY;

  constructor(log: FragmentLog, range: Range, rank: number, capacity: number, trust: boolean) {
    this.#log = log;
    this.#range = range;
    this.rank = rank;
    this.#capacity = Math.min(capacity, Math.max(1, range.to - range.from));
    this.#trust = trust;
    this.#index = range.from;
    this.block = new FragmentBlock(log.dictionary, this.#capacity + AROUND);
    this.keys = new Float64Array(this.#capacity);
    this.#times = new Float64Array(this.#capacity + 2 * AROUND);
    this.#times.set([Number.NEGATIVE_INFINITY, BEFORE]);
  }

  /** Place of the current row. With the buffer used up that of the last one, which no later row can undercut. */
  keyMs(): number {
    return this.keys[this.row < this.rows ? this.row : this.rows - 1]!;
  }

  /** Loads the next rows; false at the end of the range. */
  fill(): boolean {
    const left = this.#range.to - this.#index;
    if (left <= 0) return false;
    const rows = Math.min(left, this.#capacity);
    const seen = Math.min(left, rows + AROUND);
    this.#times.copyWithin(0, this.rows, this.rows + AROUND);
    this.#log.copy(this.#index, seen, this.block);
    for (let i = 0; i < rows + AROUND; i++) {
      this.#times[AROUND + i] = i < seen ? this.block.f[i * F.stride]! : Number.POSITIVE_INFINITY;
    }
    this.#index += rows;
    this.row = 0;
    this.rows = rows;
    for (let i = 0; i < rows; i++) {
      const timeMs = this.#trust ? this.#times[AROUND + i]! : centralMs(this.#times, i);
      if (timeMs > this.#lastKeyMs) this.#lastKeyMs = timeMs;
      this.keys[i] = this.#lastKeyMs;
    }
    return true;
  }
}

/** Stands before the first time of a file beside a -∞, so that of the two neither pulls the median; +∞ stands behind the last. */
const BEFORE = Number.POSITIVE_INFINITY;

/** Median of the five times from `at` on; the middle one itself where it is in order, which is the usual case. */
function centralMs(times: Float64Array, at: number): number {
  const a = times[at]!;
  const b = times[at + 1]!;
  const c = times[at + 2]!;
  const d = times[at + 3]!;
  const e = times[at + 4]!;
  if ((a <= c || a === BEFORE) && (b <= c || b === BEFORE) && c <= d && c <= e) return c;
  return medianOfFive(a, b, c, d, e);
}

function medianOfFive(a: number, b: number, c: number, d: number, e: number): number {
  const low = Math.max(Math.min(a, b), Math.min(c, d));
  const high = Math.min(Math.max(a, b), Math.max(c, d));
  // of four, `low` and `high` are the inner two in some order: the smallest and the largest cannot be the median of five
  return Math.max(Math.min(low, high), Math.min(Math.max(low, high), e));
}
