import type { Faults } from './emulator.ts';

export interface DayPlan {
  readonly hours: number;
  readonly groups: number;
  readonly faults: Faults;
  /** requests a second that we think we may make */
  readonly rate: number;
  readonly kills: number;
  readonly seed: number;
  /** log lines a second of group `index` at an hour of the day */
  readonly trafficOf: (index: number, hour: number) => number;
  /** how far the wall clock of the poller is ahead of the truth so many minutes after the start, ms; it is right unless told */
  readonly wrongByMs?: (minute: number) => number;
  /** answers say what time it is */
  readonly tellsTime?: boolean;
}

export interface Ledger {
  readonly written: number;
  /** taken once by the parser */
  readonly taken: number;
  /** taken again after a kill, from the last kept position on: dropped further on */
  readonly repeated: number;
  /** taken twice for no such reason */
  readonly twice: number;
  /** in a group that was deleted before it could be read */
  readonly deleted: number;
  /** never taken */
  readonly missing: number;
  readonly requests: number;
  readonly throttled: number;
  readonly duplicates: number;
  readonly kills: number;
  readonly recreated: number;
  /** how long events that came in time waited from being readable to being taken: 50 and 99 of a hundred, ms */
  readonly waitMs: readonly [number, number];
  /** events older than the clock said when they were taken */
  readonly late: number;
}

const { imul } = Math;

/** Numbers from 0 to 1, the same for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e37_79b9) >>> 0;
    let mixed = imul(state ^ (state >>> 16), 0x21f0_aaad);
    mixed = imul(mixed ^ (mixed >>> 15), 0x735a_2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 4_294_967_296;
  };
}
