/** Cells in the state of a metric. */
export const ONCE_CELLS = 2;
const PEAK = 0;
const ROWS_SINCE = 1;

/** Rows for which what was said is not said again. */
export const MUTED_ROWS = 200;
/** unless it is now so much more surprising */
const LOUDER = 1.25;
/** what is quieter than this mutes nothing */
const WORTH_SAYING = 3.5;

/**
 * An alert is said once: passes a surprise, or 0 while a recent one covers it. Knows no bar, so that any bar may be laid
 * on its output. Limit: within the muted rows, a surprise that is louder but by less than a quarter is lost, also to a
 * bar that lies between the two.
 */
export function sayOnce(state: Float64Array, offset: number, surprise: number): number {
  const rows = state[offset + ROWS_SINCE]! + 1;
  state[offset + ROWS_SINCE] = rows;
  if (rows > MUTED_ROWS) state[offset + PEAK] = 0;
  if (surprise <= state[offset + PEAK]! * LOUDER) return 0;
  if (surprise > WORTH_SAYING) {
    state[offset + PEAK] = surprise;
    state[offset + ROWS_SINCE] = 0;
  }
  return surprise;
}
