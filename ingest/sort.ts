import { F, FragmentBlock } from './fragment.ts';
import { FragmentLog, PAGE, type PageFile } from './fragment-log.ts';
import { type FragmentRuns, MergedRuns, type Range } from './order.ts';

/** Fragments sorted at once where the log does not fit in memory: 116 MiB. */
const BATCH = 1 << 20;

/** Everything in order of time, as often as it is wanted. */
export interface Sorted {
  runs(): FragmentRuns;
  /** Gives the files back. The runs are gone then. */
  close(): void;
}

/**
 * All fragments of the log in order of time, those of one time in the order they were read; one without a time comes
 * first. A log in memory is read through a sorted index (12 bytes a fragment); a larger one is sorted in batches into
 * files made by `openFile` and merged from there.
 */
export function sortByTime(log: FragmentLog, openFile: () => PageFile, batch = BATCH): Sorted {
  if (!log.spilled) {
    const index = sortedIndex(log, 0, log.length);
    return { runs: () => new IndexedRuns(log, index), close: () => {} };
  }
  const sorted = new FragmentLog(log.dictionary, 0, openFile);
  const ranges: Range[] = [];
  for (let from = 0; from < log.length; from += batch) {
    const to = Math.min(log.length, from + batch);
    appendSorted(log, from, to, sorted);
    ranges.push({ from, to });
  }
  return { runs: () => new MergedRuns(sorted, ranges, true), close: () => sorted.close() };
}

/** A log in memory in the order of an index; neighbours in the log make one run. */
class IndexedRuns implements FragmentRuns {
  block: FragmentBlock;
  from = 0;
  to = 0;
  readonly #log: FragmentLog;
  readonly #index: Uint32Array;
  #at = 0;

  constructor(log: FragmentLog, index: Uint32Array) {
    this.#log = log;
    this.#index = index;
    this.block = log.page(0);
  }

  next(): boolean {
    if (this.#at === this.#index.length) return false;
    let index = this.#index[this.#at++]!;
    this.block = this.#log.page(index);
    this.from = index % PAGE;
    this.to = this.from + 1;
    while (this.to < PAGE && this.#index[this.#at] === index + 1) {
      index++;
      this.#at++;
      this.to++;
    }
    return true;
  }
}

function appendSorted(log: FragmentLog, from: number, to: number, sorted: FragmentLog): void {
  const batch = new FragmentLog(log.dictionary, Number.POSITIVE_INFINITY, () => {
    throw new RangeError('a batch stays in memory');
  });
  for (let index = from; index < to; index += PAGE) {
    const page = new FragmentBlock(log.dictionary, PAGE);
    page.n = Math.min(PAGE, to - index);
    log.copy(index, page.n, page);
    batch.append(page);
  }
  let out = new FragmentBlock(log.dictionary, PAGE);
  for (const index of sortedIndex(batch, 0, to - from)) {
    batch.copy(index, 1, out, out.n++);
    if (out.n < PAGE) continue;
    sorted.append(out);
    out = new FragmentBlock(log.dictionary, PAGE);
  }
  sorted.append(out);
}

const DIGIT_BITS = 16;
const DIGITS = 1 << DIGIT_BITS;

/** Numbers of the fragments `from` to `to` in order of time: radix sort, stable, O(n), about 40 ns a fragment. In memory only. */
function sortedIndex(log: FragmentLog, from: number, to: number): Uint32Array {
  const n = to - from;
  const times = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const timeMs = log.page(from + i).f[((from + i) % PAGE) * F.stride]!;
    if (timeMs > 0) times[i] = timeMs; // else 0, NaN too: the bits of doubles sort as they do only from 0 up
  }
  const digits = new Uint16Array(times.buffer); // little-endian, as every machine that Node runs on but one (s390x)
  let index = Uint32Array.from({ length: n }, (_, i) => from + i);
  let spare = new Uint32Array(n);
  for (let digit = 0; digit < 64 / DIGIT_BITS; digit++) {
    if (pass(digits, digit, from, index, spare)) [index, spare] = [spare, index];
  }
  return index;
}

/** Sorts by one 16-bit digit from `index` into `into`; false, with nothing done, when all have the same digit. */
function pass(digits: Uint16Array, digit: number, from: number, index: Uint32Array, into: Uint32Array): boolean {
  const starts = new Uint32Array(DIGITS + 1);
  for (let i = digit; i < digits.length; i += 4) starts[digits[i]! + 1]!++;
  if (starts.includes(index.length, 1)) return false;
  for (let i = 1; i <= DIGITS; i++) starts[i]! += starts[i - 1]!;
  for (const number of index) into[starts[digits[4 * (number - from) + digit]!]!++] = number;
  return true;
}
