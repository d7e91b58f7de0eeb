import { TAIL_CELLS } from '../../models/statistical/peaks-tail.ts';
import { INTERVAL_CELLS } from './interval.ts';
import { ONCE_CELLS } from './once.ts';

/** What is watched of a metric; each has a scale, and a tail for either side. */
export const STATISTICS = ['row', 'rows10', 'rows120', 'range'] as const;
export type Statistic = (typeof STATISTICS)[number];
export const ROW = 0;
export const RANGE = 3;
/** rows of the windows of statistics 1 and 2 */
export const WINDOW_ROWS = [10, 120] as const;
/** parts of a day that have their own width of noise */
export const DAY_PARTS = 96;
/** twice the longest window, and the row before */
export const RECENT_ROWS = 241;

/** Places in the state of a metric, in doubles. */
export const AT = layout({
  rows: 1, // values seen
  fast: 1, // mean of about 8 rows
  slow: 1, // mean of about an hour of one-minute rows
  last: 1,
  dayDrift: 1, // level against yesterday
  weekDrift: 1,
  jump: 1, // typical change between rows that differ
  jumps: 1,
  level: 1, // mean of the last week
  spread: 1, // mean distance from it
  low: 1, // lowest and highest value, slowly forgotten
  high: 1,
  firstMs: 1, // where slots are counted from
  windowLevel: WINDOW_ROWS.length, // mean before a window
  scale: STATISTICS.length, // typical distance from what was expected
  partWidth: DAY_PARTS, // the same for this part of the day
  recent: RECENT_ROWS, // newest values, a ring
  interval: INTERVAL_CELLS,
  once: ONCE_CELLS,
  tails: 2 * STATISTICS.length * TAIL_CELLS,
});

function layout<Name extends string>(cells: Record<Name, number>): Record<Name | 'end', number> {
  let next = 0;
  const places: Record<string, number> = {};
  for (const [name, count] of Object.entries<number>(cells)) {
    places[name] = next;
    next += count;
  }
  return { ...places, end: next } as Record<Name | 'end', number>;
}

/** Where the tail of a statistic lies: of values above what is expected, or below. */
export function tailAt(statistic: number, below: boolean): number {
  return AT.tails + (2 * statistic + (below ? 1 : 0)) * TAIL_CELLS;
}
