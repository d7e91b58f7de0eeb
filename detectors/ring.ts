import { guardMaximum } from './baseline.ts';
import type { CalendarMinute } from './calendar.ts';
import { cappedExcess, learnBlock, learnExcess } from './learn.ts';
import { CELL, EXTRA, P, Q, X } from './page.ts';

/** Tiers of the ring: minutes a cell, cells, and where they lie. The sum of all cells of a tier is the window of a horizon. */
export const TIERS = [
  { minutes: 1, cells: 5, at: P.t0 },
  { minutes: 5, cells: 3, at: P.t1 },
  { minutes: 15, cells: 4, at: P.t2 },
  { minutes: 60, cells: 4, at: P.t3 },
] as const;
/** Horizon h reads: 0 = the newest minute, 1 = tier 0 (5 min), 2 = tier 1 (11–15), 3 = tier 2 (46–60), 4 = tier 3 (181–240). */
export const HORIZON_MINUTES = [1, 5, 15, 60, 240] as const;
/** A function younger than this learns 5-minute blocks ten minutes behind, so that an hour of logs is already of use. */
const YOUNG_MINUTES = 120;

/** Place of a minute or block in its cycle of `size`; minutes before 2020 are negative. */
export function within(number: number, size: number): number {
  const rest = number % size;
  return rest < 0 ? rest + size : rest;
}

/** The calendar positions that a graded minute and the blocks it pushes out of the ring belong to. */
export interface GradeTime {
  readonly minute: number;
  readonly now: CalendarMinute;
  /** middle of the 5-minute block that ended 10 minutes ago, of the 15-minute block that ended 45 minutes ago */
  readonly block5: CalendarMinute;
  readonly block15: CalendarMinute;
  /** minute of the first event of the whole source */
  readonly sourceStart: number;
  /** every function learns ten minutes behind, as young ones do: only in the ablation bench */
  readonly learnsSoon?: boolean;
}

/** Makes room for `minute`: learns what leaves the ring and empties the cells it reuses. */
export function advance(page: Float32Array, base: number, time: GradeTime): void {
  const { minute } = time;
  clear(page, base + P.t0 + within(minute, 5) * CELL, CELL);
  if (within(minute, 5) !== 0) return;
  const firstSeen = page[base + P.firstSeen]!;
  const slot1 = within(minute / 5, 3);
  const x1 = base + P.x1 + slot1 * EXTRA;
  const young = (start: number) => time.learnsSoon === true || start - within(start, 15) - firstSeen < YOUNG_MINUTES;
  if (page[x1 + X.minutes]! > 0) {
    if (young(minute - 15) && page[x1 + X.taint] === 0) {
      learnBlock(page, base, base + P.t1 + slot1 * CELL, x1, time.block5);
    }
    clear(page, base + P.t1 + slot1 * CELL, CELL);
    clear(page, x1, EXTRA);
  }
  if (within(minute, 15) !== 0) return;
  const slot2 = within(minute / 15, 4);
  const x2 = base + P.x2 + slot2 * EXTRA;
  if (page[x2 + X.minutes]! > 0) {
    if (!young(minute - 60) && page[x2 + X.taint] === 0) {
      learnBlock(page, base, base + P.t2 + slot2 * CELL, x2, time.block15);
    }
    clear(page, base + P.t2 + slot2 * CELL, CELL);
    clear(page, x2, EXTRA);
  }
  if (minute % 60 === 0) advanceHour(page, base, minute, time.now.hour);
  if (minute % 1440 === 0) {
    page[base + P.unrest] = page[base + P.unrest]! * 0.87;
    page[base + P.unrest + 1] = page[base + P.unrest + 1]! * 0.87;
    page[base + P.gapCandidate] = page[base + P.gapCandidate]! * 0.97;
    if (minute % FORTNIGHT === 0) fadeHabits(page, base);
  }
}

/** An hour that has had no incident for a fortnight, or four weeks at most, is no habit any more. */
const FORTNIGHT = 14 * 1440;

function fadeHabits(page: Float32Array, base: number): void {
  for (let which = 0; which < 2; which++) {
    page[base + P.recurringBefore + which] = page[base + P.recurring + which]!;
    page[base + P.recurring + which] = 0;
  }
}

function advanceHour(page: Float32Array, base: number, minute: number, hour: number): void {
  const slot = within(minute / 60, 4);
  const cell = base + P.t3 + slot * CELL;
  const extra = base + P.x3 + slot * 3;
  if (page[extra]! >= 60 && page[extra + 1] === 0) {
    learnExcess(
      page,
      base + P.disp + 6,
      page[cell + Q.n]!,
      page[cell + Q.mu]!,
      HOUR_DECAY,
      2 * guardMaximum(page, base, P.guard15, hour),
    );
    let n = 0;
    let mu = 0;
    let whole = slot === 0;
    for (let i = 0; i < 4 && whole; i++) {
      n += page[base + P.t3 + i * CELL + Q.n]!;
      mu += page[base + P.t3 + i * CELL + Q.mu]!;
      whole = page[base + P.x3 + i * 3]! >= 60 && page[base + P.x3 + i * 3 + 1] === 0;
    }
    if (whole)
      learnExcess(page, base + P.disp + 8, n, mu, HOUR_DECAY ** 4, 4 * guardMaximum(page, base, P.guard15, hour));
  }
  clear(page, cell, CELL);
  clear(page, extra, 3);
}

const HOUR_DECAY = 0.5 ** (1 / 168);

/** Adds one graded minute (`sums`, of CELL quantities) to all tiers. `mu` = calls expected, NaN while unknown. */
export function fold(
  page: Float32Array,
  base: number,
  minute: number,
  sums: Float64Array | null,
  mu: number,
  hour: number,
): void {
  const slot1 = within(Math.floor(minute / 5), 3);
  const slot2 = within(Math.floor(minute / 15), 4);
  const slot3 = within(Math.floor(minute / 60), 4);
  const cell0 = base + P.t0 + within(minute, 5) * CELL;
  const cell1 = base + P.t1 + slot1 * CELL;
  const cell2 = base + P.t2 + slot2 * CELL;
  const cell3 = base + P.t3 + slot3 * CELL;
  if (sums !== null) {
    for (let i = 0; i < CELL; i++) {
      const value = sums[i]!;
      if (value === 0) continue;
      page[cell0 + i] = page[cell0 + i]! + value;
      page[cell1 + i] = page[cell1 + i]! + value;
      page[cell2 + i] = page[cell2 + i]! + value;
      page[cell3 + i] = page[cell3 + i]! + value;
    }
  }
  if (mu > 0) {
    page[cell0 + Q.mu] = mu;
    page[cell1 + Q.mu] = page[cell1 + Q.mu]! + mu;
    page[cell2 + Q.mu] = page[cell2 + Q.mu]! + mu;
    page[cell3 + Q.mu] = page[cell3 + Q.mu]! + mu;
  }
  extras(page, base, minute, base + P.x1 + slot1 * EXTRA, base + P.x2 + slot2 * EXTRA, cell0, cell1, mu, hour);
  const x3 = base + P.x3 + slot3 * 3;
  page[x3] = page[x3]! + 1;
}

function extras(
  page: Float32Array,
  base: number,
  minute: number,
  x1: number,
  x2: number,
  cell0: number,
  cell1: number,
  mu: number,
  hour: number,
): void {
  const n = page[cell0 + Q.n]!;
  page[x1 + X.minutes] = page[x1 + X.minutes]! + 1;
  page[x2 + X.minutes] = page[x2 + X.minutes]! + 1;
  if (n > page[x1 + X.max1]!) page[x1 + X.max1] = n;
  if (n > page[x2 + X.max1]!) page[x2 + X.max1] = n;
  if (mu > 0) {
    const known = n > 8 ? guardMaximum(page, base, P.guard1, hour) : 0;
    const excess = cappedExcess(n, mu, page[base + P.disp]!, page[base + P.disp + 1]!, known);
    page[x1 + X.q1] = page[x1 + X.q1]! + excess;
    page[x2 + X.q1] = page[x2 + X.q1]! + excess;
    page[x1 + X.m1] = page[x1 + X.m1]! + mu * mu;
    page[x2 + X.m1] = page[x2 + X.m1]! + mu * mu;
  }
  if (within(minute, 5) !== 4) return;
  const n5 = page[cell1 + Q.n]!;
  const mu5 = page[cell1 + Q.mu]!;
  if (n5 > page[x1 + X.max5]!) page[x1 + X.max5] = n5;
  if (n5 > page[x2 + X.max5]!) page[x2 + X.max5] = n5;
  if (!(mu5 > 0)) return;
  const known = n5 > 8 ? guardMaximum(page, base, P.guard5, hour) : 0;
  const excess = cappedExcess(n5, mu5, page[base + P.disp + 2]!, page[base + P.disp + 3]!, known);
  page[x1 + X.q5] = page[x1 + X.q5]! + excess;
  page[x2 + X.q5] = page[x2 + X.q5]! + excess;
  page[x1 + X.m5] = page[x1 + X.m5]! + mu5 * mu5;
  page[x2 + X.m5] = page[x2 + X.m5]! + mu5 * mu5;
}

/** Adds a late piece of `minute` to those tiers that still hold that minute; false when none does. */
export function foldLate(
  page: Float32Array,
  base: number,
  graded: number,
  minute: number,
  sums: Float64Array,
): boolean {
  let held = false;
  for (const { minutes, cells, at } of TIERS) {
    const block = Math.floor(minute / minutes);
    if (Math.floor(graded / minutes) - block >= cells) continue;
    const cell = base + at + within(block, cells) * CELL;
    for (let i = 0; i < CELL; i++) if (i !== Q.mu) page[cell + i] = page[cell + i]! + sums[i]!;
    held = true;
  }
  return held;
}

/** Marks every block from `from` to `to` (minutes) as covered by an incident: it will not be learnt. */
export function taint(page: Float32Array, base: number, graded: number, from: number, to: number): void {
  for (let block = Math.floor(from / 5); block <= Math.floor(to / 5); block++) {
    if (Math.floor(graded / 5) - block < 3) page[base + P.x1 + within(block, 3) * EXTRA + X.taint] = 1;
  }
  for (let block = Math.floor(from / 15); block <= Math.floor(to / 15); block++) {
    if (Math.floor(graded / 15) - block < 4) page[base + P.x2 + within(block, 4) * EXTRA + X.taint] = 1;
  }
  for (let block = Math.floor(from / 60); block <= Math.floor(to / 60); block++) {
    if (Math.floor(graded / 60) - block < 4) page[base + P.x3 + within(block, 4) * 3 + 1] = 1;
  }
}

/** Forgets the windows of an incident that is over: empties every tainted cell, so that long horizons see only calm. */
export function forgetTainted(page: Float32Array, base: number): void {
  clear(page, base + P.t0, 5 * CELL);
  for (let i = 0; i < 3; i++)
    if (page[base + P.x1 + i * EXTRA + X.taint] !== 0) clear(page, base + P.t1 + i * CELL, CELL);
  for (let i = 0; i < 4; i++)
    if (page[base + P.x2 + i * EXTRA + X.taint] !== 0) clear(page, base + P.t2 + i * CELL, CELL);
  for (let i = 0; i < 4; i++) if (page[base + P.x3 + i * 3 + 1] !== 0) clear(page, base + P.t3 + i * CELL, CELL);
}

function clear(page: Float32Array, from: number, count: number): void {
  for (let i = from; i < from + count; i++) page[i] = 0;
}
