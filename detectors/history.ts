import { CELL, EPOCH_MINUTE, P, Q } from './page.ts';
import { TIERS, within } from './ring.ts';
import type { SignalName } from './signals/signal.ts';
import type { WindowView } from './window-view.ts';

/** How a signal went of late: windows that follow each other, oldest first, shorter towards the present. */
export interface SignalHistory {
  readonly unit: string;
  /** minute since the epoch of pages at which the newest window ends */
  readonly endMinute: number;
  /** length of each window */
  readonly minutes: readonly number[];
  /** 3 figures each; null = nothing known, or nothing that a value could be of */
  readonly values: readonly (number | null)[];
}

const NOTHING = new Float64Array(CELL);

interface Line {
  readonly unit: string;
  /** from the sums of a window, as `quantities` names them */
  readonly value: (sums: Float64Array, minutes: number) => number;
}

const share = (quantity: number, what: string): Line => ({
  unit: `share of calls ${what}`,
  value: (sums) => Math.min(1, sums[quantity]! / sums[Q.n]!),
});
const CALLS: Line = { unit: 'calls a minute', value: (sums, minutes) => sums[Q.n]! / minutes };
/** A typical warm call: the mean of logarithms. */
const DURATION: Line = { unit: 'ms', value: (sums) => 2 ** (sums[Q.ds]! / sums[Q.dn]!) / 1000 };

/** One quantity a signal, whichever of its tests found it: what was said at first can be compared with what is said later. */
const LINES: Readonly<Partial<Record<SignalName, Line>>> = {
  invocations: CALLS,
  silence: CALLS,
  duration: DURATION,
  pattern: DURATION,
  errors: share(Q.err, 'failed'),
  error_type: share(Q.err, 'failed'),
  timeouts: share(Q.tmo, 'timed out'),
  oom: share(Q.oom, 'out of memory'),
  access: share(Q.acc, 'denied'),
  cold_starts: share(Q.cold, 'started cold'),
  cost: { unit: 'USD an hour', value: (sums, minutes) => (sums[Q.cost]! * 60e-6) / minutes },
  egress: { unit: 'bytes a minute', value: (sums, minutes) => sums[Q.bytes]! / minutes },
  memory: { unit: 'MiB', value: (sums) => 2 ** (sums[Q.ms]! / sums[Q.mn]!) / 1024 },
};

/**
 * The last three to four hours of one function from its ring, which keeps minutes of the last five and longer windows of
 * the hours before: the shorter ones are taken out of the longer ones that hold them. A window that is not over stands at
 * the end. Null for signals without a number. About 5 µs; at most 17 windows.
 */
export function historyOf(view: WindowView, graded: number, signal: SignalName): SignalHistory | null {
  const line = LINES[signal];
  if (line === undefined || Number.isNaN(graded)) return null;
  const minutes: number[] = [];
  const values: (number | null)[] = [];
  const add = (sums: Float64Array, length: number) => {
    const isKnown = sums[Q.n]! > 0 || sums[Q.mu]! > 0;
    const value = isKnown ? line.value(sums, length) : Number.NaN;
    minutes.push(length);
    values.push(Number.isFinite(value) ? Number(value.toPrecision(3)) : null);
  };
  const firstSeen = view.page[view.base + P.firstSeen]!;
  for (const { from, to, sums } of windowsOf(view, graded))
    if (to > firstSeen) add(sums, to - Math.max(from, firstSeen));
  if (view.minute > graded) {
    if (view.minute > graded + 1) add(NOTHING, view.minute - graded - 1); // not over either, and not looked at
    add(view.sums.subarray(0, CELL), 1);
  }
  const end = Math.max(graded, view.minute) + 1 + EPOCH_MINUTE;
  return minutes.length < 2 ? null : { unit: line.unit, endMinute: end, minutes, values };
}

interface RingWindow {
  readonly from: number;
  readonly to: number;
  readonly sums: Float64Array;
}

/** What the ring holds, cut so that nothing is in two windows; oldest first. Minutes since the epoch of pages. */
function windowsOf({ page, base }: WindowView, graded: number): RingWindow[] {
  const windows: RingWindow[] = [];
  let until = graded + 1;
  for (const { minutes, cells, at } of TIERS) {
    const newest = Math.floor(graded / minutes);
    const finer = windows.slice();
    let oldest = until;
    for (let block = newest; block > newest - cells; block--) {
      const from = block * minutes;
      const to = Math.min(until, from + minutes);
      if (from >= until) continue;
      const cell = base + at + within(block, cells) * CELL;
      const sums = Float64Array.from(page.subarray(cell, cell + CELL));
      for (const window of finer) if (window.from >= from && window.from < from + minutes) subtract(sums, window.sums);
      windows.unshift({ from, to, sums });
      oldest = from;
    }
    until = oldest;
  }
  return windows;
}

/** Sums are Float32: what is left of equal ones may fall below nothing. */
function subtract(sums: Float64Array, part: Float64Array): void {
  for (let q = 0; q < sums.length; q++) sums[q] = Math.max(0, sums[q]! - part[q]!);
}
