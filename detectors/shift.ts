import { lowerSurprise, upperSurprise } from '../models/statistical/negative-binomial.ts';
import { driftOf } from './baseline.ts';
import { BAD, BAD_OF, BADS, CELL, P, Q } from './page.ts';
import { forgetTainted, TIERS, taint } from './ring.ts';
import type { Finding } from './signals/signal.ts';
import { referenceOf, renewReferences } from './slow.ts';
import { QUANTITIES } from './slow-quantities.ts';
import type { WindowView } from './window-view.ts';

/**
 * A level that has stayed for a day becomes the baseline, once; for a week the old one is remembered: traffic by the factor
 * between the two, the others by the references of the slow clock, which stand still meanwhile. What returns within that
 * week has its old model back at once, instead of an incident in reverse and days of learning anew.
 */

/** Offsets within `P.shift`: the minute a level was accepted (0 = none of late), and the factor of traffic. */
const SHIFT = { minute: 0, factor: 1 } as const;
const REMEMBERED_MINUTES = 7 * 1440;
/** What the past weighs beside a level that was accepted: a tenth, so that details are learnt within hours. */
const PAST = 0.1;
/** Calls of the last four hours that make a level. */
const LEVEL_CALLS = 30;
/** Less than this is no shift of traffic but its drift. */
const LEAST_FACTOR = 1.5;
/** Near the old level: within this part of it, or what chance makes of it. */
const NEAR = 0.4;
/** Calls due by the larger of the two levels that can tell them apart. */
const DUE = 30;
/** −log10 p of the new level before it is given up: an hour is looked at 2,000 times a week. */
const RETURNED = 4;
/** What the ring holds. */
const RING_MINUTES = 240;
/** Means lie this far apart at least, octaves, and a return covers three quarters of the way. */
const LEAST_APART = 0.43;
const WAY_BACK = 0.75;

/** Makes what the last four hours show the baseline. Call while the incident's windows are in the view. */
export function acceptLevel(view: WindowView): void {
  const { page, base, minute } = view;
  page[base + P.shift + SHIFT.minute] = minute;
  page[base + P.shift + SHIFT.factor] = shiftTraffic(view);
  const hour = page[base + P.durHour + view.time.now.hour]!;
  moveMean(page, base + P.dur, view.get(4, Q.dn), view.get(4, Q.ds), hour);
  moveMean(page, base + P.egr, view.get(4, Q.en), view.get(4, Q.es), 0);
  moveMean(page, base + P.mem, view.get(4, Q.mn), view.get(4, Q.ms), 0);
  moveRatio(page, base + P.cost, view.get(4, Q.cost), view.get(4, Q.n));
  moveRatio(page, base + P.bytes, view.get(4, Q.bytes), view.get(4, Q.en));
  for (let i = 0; i < BADS; i++) moveRatio(page, base + P.bad + 4 * i, view.get(4, BAD_OF[i]!), view.get(4, Q.n));
}

/** Traffic times a factor, all hours alike: the shape of days and weeks stays. Returns 1 where it has not shifted. */
function shiftTraffic(view: WindowView): number {
  const { page, base } = view;
  const n = view.get(4, Q.n);
  const due = view.expected(4);
  if (!(Math.max(n, due) >= LEVEL_CALLS) || n === 0 || !(due > 0)) return 1;
  const factor = n / due;
  if (factor < LEAST_FACTOR && factor > 1 / LEAST_FACTOR) return 1;
  scaleTraffic(page, base, factor * driftOf(page, base));
  // what it has reached before is no news, however long it has been less
  if (factor > 1) scaleGuards(page, base, factor);
  page[base + P.driftSum] = 0;
  page[base + P.driftExpected] = 0;
  // windows of the ring were due at the old level: at the new one they are as usual
  for (const { at, cells } of TIERS) {
    for (let i = 0; i < cells; i++) page[base + at + i * CELL + Q.mu] = page[base + at + i * CELL + Q.mu]! * factor;
  }
  return factor;
}

function scaleTraffic(page: Float32Array, base: number, factor: number): void {
  const scale = (from: number, count: number) => {
    for (let i = base + from; i < base + from + count; i++) page[i] = page[i]! * factor;
  };
  scale(P.profileSum, 48);
  scale(P.levelSum, 1);
  scale(P.fastSum, 1);
  for (let hour = 0; hour < 24; hour++) {
    const floor = base + P.floor15 + hour;
    if (page[floor]! > 0) page[floor] = page[floor]! * factor;
  }
}

/** The records of 1, 5 and 15 minutes of all hours. */
function scaleGuards(page: Float32Array, base: number, factor: number): void {
  for (let i = 0; i < 72; i++) page[base + P.guard1 + i] = page[base + P.guard1 + i]! * factor;
}

/** Offsets of moments: n, sum, squares of residuals. */
function moveMean(page: Float32Array, at: number, n: number, sum: number, offset: number): void {
  const mean = page[at + 1]! / page[at]!;
  for (let i = 0; i < 3; i++) page[at + i] = page[at + i]! * PAST;
  if (page[at]! > 0) page[at + 1] = page[at]! * (n >= LEVEL_CALLS ? sum / n - offset : mean);
}

function moveRatio(page: Float32Array, at: number, sum: number, n: number): void {
  for (let i = 0; i < 4; i++) page[at + i] = page[at + i]! * PAST;
  if (n >= LEVEL_CALLS) page[at] = (page[at + 1]! * sum) / n;
}

/** Whether a level was accepted of late, so that the one before is remembered. */
export function isShifted(page: Float32Array, base: number): boolean {
  return page[base + P.shift + SHIFT.minute] !== 0;
}

/** The factor of traffic that was accepted, in words; empty where traffic has not shifted. */
export function shiftText(page: Float32Array, base: number): string {
  const factor = page[base + P.shift + SHIFT.factor]!;
  return factor === 1 ? '' : ` (×${factor.toPrecision(2)} calls)`;
}

/** Whether so many calls in a horizon are as many as the old level had. */
function isNearOld(view: WindowView, horizon: number, factor: number): boolean {
  const old = view.expected(horizon) / factor;
  const chance = 3 * Math.sqrt(old + view.phi(horizon) * old * old);
  return Math.abs(view.get(horizon, Q.n) - old) <= Math.max(NEAR * old, chance);
}

/** A finding that only says that traffic is as it was before the shift. */
export function isReturn(view: WindowView, finding: Finding): boolean {
  const factor = view.page[view.base + P.shift + SHIFT.factor]!;
  if (factor === 0 || factor === 1 || !isShifted(view.page, view.base)) return false;
  const isOfTraffic = finding.signal === 'invocations' || finding.model.kind === 'gamma-sum';
  const direction = factor > 1 ? 'down' : 'up';
  if (!isOfTraffic || finding.direction !== direction) return false;
  // a long window still holds both levels: then the last quarter of an hour decides
  return isNearOld(view, finding.horizon, factor) || isNearOld(view, Math.min(2, finding.horizon), factor);
}

/**
 * Looks, every quarter of an hour, whether what had shifted is back, and gives it its old model then. What is back in
 * words; null = nothing is. After a week the new level is all there is.
 */
export function undoShift(view: WindowView): string | null {
  const { page, base, minute } = view;
  const age = minute - page[base + P.shift + SHIFT.minute]!;
  if (age < 60) return null;
  const back = [...(isTrafficBack(view) ? [restoreTraffic(view)] : []), ...restoreMeans(view)];
  if (back.length === 0 && age < REMEMBERED_MINUTES) return null;
  page[base + P.shift + SHIFT.minute] = 0;
  page[base + P.shift + SHIFT.factor] = 0;
  renewReferences(page, base);
  if (back.length > 0) {
    // windows of the level that has gone would be news by the old one
    taint(page, base, minute, minute - RING_MINUTES, minute);
    forgetTainted(page, base);
  }
  return back.length === 0 ? null : `${back.join(', ')}, after ${(age / 1440).toFixed(1)} days`;
}

function isTrafficBack(view: WindowView): boolean {
  const factor = view.page[view.base + P.shift + SHIFT.factor]!;
  if (factor === 1) return false;
  const horizon = Math.max(view.expected(3), view.expected(3) / factor) >= DUE ? 3 : 4;
  const due = view.expected(horizon);
  if (Math.max(due, due / factor) < DUE || !isNearOld(view, horizon, factor)) return false;
  const n = view.get(horizon, Q.n);
  const phi = view.phi(horizon);
  return (factor > 1 ? lowerSurprise(n, due, phi) : upperSurprise(n, due, phi)) >= RETURNED;
}

function restoreTraffic({ page, base }: WindowView): string {
  const factor = page[base + P.shift + SHIFT.factor]!;
  scaleTraffic(page, base, 1 / factor);
  if (factor > 1) scaleGuards(page, base, 1 / factor);
  page[base + P.driftSum] = 0;
  page[base + P.driftExpected] = 0;
  return 'traffic';
}

interface Mean {
  readonly moments: number;
  readonly count: number;
  readonly sum: number;
  /** the amount a call that goes with it */
  readonly ratio: number | null;
}

/** As QUANTITIES. */
const MEANS: readonly Mean[] = [
  { moments: P.dur, count: Q.dn, sum: Q.ds, ratio: P.cost },
  { moments: P.egr, count: Q.en, sum: Q.es, ratio: P.bytes },
  { moments: P.mem, count: Q.mn, sum: Q.ms, ratio: null },
];
const ERRORS_QUANTITY = 3;

function restoreMeans(view: WindowView): string[] {
  const { page, base } = view;
  const back: string[] = [];
  for (const [i, { moments, count, sum, ratio }] of MEANS.entries()) {
    const old = referenceOf(page, base, i);
    const level = QUANTITIES[i]!.level(page, base);
    const n = view.get(3, count);
    if (old === null || level === null || n < LEVEL_CALLS || Math.abs(level - old) < LEAST_APART) continue;
    const offset = i === 0 ? page[base + P.durHour + view.time.now.hour]! : 0;
    const way = (level - (view.get(3, sum) / n - offset)) / (level - old);
    if (way < WAY_BACK || way > 2 - WAY_BACK) continue;
    page[base + moments + 1] = page[base + moments]! * old;
    if (ratio !== null) page[base + ratio] = page[base + ratio]! * 2 ** (old - level);
    back.push(QUANTITIES[i]!.signal);
  }
  return restoreErrors(view) ? [...back, 'errors'] : back;
}

function restoreErrors(view: WindowView): boolean {
  const { page, base } = view;
  const old = referenceOf(page, base, ERRORS_QUANTITY);
  const level = QUANTITIES[ERRORS_QUANTITY]!.level(page, base);
  if (old === null || level === null || level - old < 1) return false;
  const due = view.get(4, Q.n) * 2 ** level;
  if (lowerSurprise(view.get(4, Q.err), due, 0.1) < RETURNED) return false;
  const errors = base + P.bad + 4 * BAD.err;
  page[errors] = Math.max(0, (page[errors + 1]! + 100) * 2 ** old - 0.5);
  return true;
}
