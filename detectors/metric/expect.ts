import { AT, RANGE, RECENT_ROWS, ROW, WINDOW_ROWS } from './layout.ts';
import type { WeekRing } from './week-ring.ts';

/** Of two differences the smaller one; NaN = none. */
function nearer(a: number, b: number): number {
  return Math.abs(b) < Math.abs(a) ? b : a;
}

/** Sum of `rows` values, the newest of which is `back` rows behind `value`, the row in hand. */
function recentSum(state: Float64Array, value: number, back: number, rows: number): number {
  const seen = state[AT.rows]!;
  let place = (seen - back) % RECENT_ROWS; // of the row in hand: not written yet
  let sum = 0;
  for (let i = 0; i < rows; i++) {
    sum += back + i === 0 ? value : state[AT.recent + place]!;
    place = place === 0 ? RECENT_ROWS - 1 : place - 1;
  }
  return sum;
}

/**
 * How far the row and the windows that end with it are from the nearest of what could be expected: the last value, the
 * mean of minutes and of an hour, yesterday and a week ago at this time of day (moved to the level of now). Best of all:
 * only what none of them foresaw is a surprise. Writes one signed difference per statistic; 0 = as expected.
 */
export function compare(
  state: Float64Array,
  week: WeekRing | null,
  value: number,
  slot: number,
  yesterday: number,
  lastWeek: number,
  gaps: Float64Array,
): void {
  let gap = nearer(value - state[AT.fast]!, value - state[AT.last]!);
  gap = nearer(gap, value - state[AT.slow]!);
  gap = nearer(gap, value - yesterday - state[AT.dayDrift]!);
  if (week !== null) gap = nearer(gap, value - week.atYesterday(slot)); // what begins at the same minute every day
  gaps[ROW] = nearer(gap, value - lastWeek - state[AT.weekDrift]!);
  for (let window = 0; window < WINDOW_ROWS.length; window++) {
    gaps[1 + window] = windowGap(state, week, value, slot, window);
  }
  const { low, high } = AT;
  gaps[RANGE] = value > state[high]! ? value - state[high]! : value < state[low]! ? value - state[low]! : 0;
}

function windowGap(state: Float64Array, week: WeekRing | null, value: number, slot: number, window: number): number {
  const rows = WINDOW_ROWS[window]!;
  if (state[AT.rows]! < 2 * rows) return 0;
  const mean = windowMean(state, value, window);
  let gap = nearer(mean - recentSum(state, value, rows, rows) / rows, mean - state[AT.windowLevel + window]!);
  if (week !== null) gap = nearer(gap, mean - week.yesterdayWindow(slot, rows) - state[AT.dayDrift]!);
  return gap;
}

/** Mean of a window that ends with the row in hand. */
export function windowMean(state: Float64Array, value: number, window: number): number {
  const rows = WINDOW_ROWS[window]!;
  return recentSum(state, value, 0, rows) / rows;
}
