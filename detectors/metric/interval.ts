/** Cells in the state of a metric. */
export const INTERVAL_CELLS = 20;
const GAPS = 0;
const SLOT_MS = 1;
const ODD_GAPS = 2;
const LAST_MS = 3;
const FIRST_GAP = 4;

/** the interval is the median of so many gaps between rows */
const GAPS_NEEDED = 16;
/** so many rows in a row that are off by half: the interval has changed */
const ODD_GAPS_ALLOWED = 64;
/** finer rows share the slot of a minute */
const SHORTEST_MS = 60_000;

/** What the newest row told. */
export type IntervalNews = 'learning' | 'known' | 'found';

/**
 * Learns the usual gap between rows from the stream itself. `found` = the interval is now known, or has changed.
 * Repeated timestamps and times that run backwards are no gaps.
 */
export function learnInterval(state: Float64Array, offset: number, timestampMs: number): IntervalNews {
  const known = state[offset + SLOT_MS]! > 0;
  const before = state[offset + LAST_MS]!;
  const gapMs = before === 0 ? 0 : timestampMs - before;
  if (before === 0 || gapMs > 0) state[offset + LAST_MS] = timestampMs;
  if (!(gapMs > 0)) return known ? 'known' : 'learning';
  if (known) {
    const ratio = Math.max(gapMs, SHORTEST_MS) / state[offset + SLOT_MS]!;
    state[offset + ODD_GAPS] = ratio > 1.8 || ratio < 0.55 ? state[offset + ODD_GAPS]! + 1 : 0;
    if (state[offset + ODD_GAPS]! < ODD_GAPS_ALLOWED) return 'known';
    state[offset + GAPS] = 0;
    state[offset + ODD_GAPS] = 0;
    state[offset + SLOT_MS] = 0;
  }
  const gaps = state[offset + GAPS]!;
  state[offset + FIRST_GAP + gaps] = gapMs;
  state[offset + GAPS] = gaps + 1;
  if (gaps + 1 < GAPS_NEEDED) return 'learning';
  const sorted = state.slice(offset + FIRST_GAP, offset + FIRST_GAP + GAPS_NEEDED).sort();
  state[offset + SLOT_MS] = Math.max(SHORTEST_MS, sorted[GAPS_NEEDED / 2]!);
  return 'found';
}

/** ms between rows; 0 = not known yet. */
export function slotMsOf(state: Float64Array, offset: number): number {
  return state[offset + SLOT_MS]!;
}

/** The newest time seen; 0 = none. */
export function lastMsOf(state: Float64Array, offset: number): number {
  return state[offset + LAST_MS]!;
}
