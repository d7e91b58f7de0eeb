import { AT, RECENT_ROWS, WINDOW_ROWS } from './layout.ts';
import { learnJump } from './scales.ts';

/** Means of about 8 rows and of about an hour of one-minute rows; the drift against yesterday as the latter. */
const FAST_WEIGHT = 2 / (8 + 1);
const SLOW_WEIGHT = 2 / (60 + 1);
/** the level before a window is a mean of so many windows */
const WINDOW_MEMORY = 4;
/** share of the distance from an extreme to the mean that is forgotten in a week */
const RANGE_FORGET = 0.1;

/** The first value is all that is known. */
export function beginLevels(state: Float64Array, timestampMs: number, value: number): void {
  state[AT.firstMs] = timestampMs;
  for (const place of [AT.fast, AT.slow, AT.last, AT.level, AT.low, AT.high]) state[place] = value;
  state.fill(value, AT.windowLevel, AT.windowLevel + WINDOW_ROWS.length);
}

/** Learns the levels from one row, and counts it. O(1). */
export function learnLevels(
  state: Float64Array,
  value: number,
  yesterday: number,
  lastWeek: number,
  rowsPerWeek: number,
): void {
  learnJump(state, value);
  state[AT.last] = value;
  state[AT.fast] = state[AT.fast]! + FAST_WEIGHT * (value - state[AT.fast]!);
  state[AT.slow] = state[AT.slow]! + SLOW_WEIGHT * (value - state[AT.slow]!);
  for (let window = 0; window < WINDOW_ROWS.length; window++) {
    const place = AT.windowLevel + window;
    state[place] = state[place]! + (value - state[place]!) / (WINDOW_MEMORY * WINDOW_ROWS[window]!);
  }
  learnDrift(state, AT.dayDrift, value - yesterday);
  learnDrift(state, AT.weekDrift, value - lastWeek);
  const seen = state[AT.rows]!;
  const weight = 1 / Math.min(seen + 1, rowsPerWeek);
  state[AT.level] = state[AT.level]! + weight * (value - state[AT.level]!);
  const level = state[AT.level]!;
  state[AT.spread] = state[AT.spread]! + weight * (Math.abs(value - level) - state[AT.spread]!);
  const forget = RANGE_FORGET / rowsPerWeek;
  state[AT.high] = Math.max(value, state[AT.high]! - (state[AT.high]! - level) * forget);
  state[AT.low] = Math.min(value, state[AT.low]! + (level - state[AT.low]!) * forget);
  state[AT.recent + (seen % RECENT_ROWS)] = value;
  state[AT.rows] = seen + 1;
}

function learnDrift(state: Float64Array, place: number, difference: number): void {
  if (!Number.isNaN(difference)) state[place] = state[place]! + SLOW_WEIGHT * (difference - state[place]!);
}
