import { cusumStep } from '../models/statistical/cusum.ts';
import { CELL, P } from './page.ts';
import { type GradeTime, within } from './ring.ts';
import { type HourResidual, QUANTITIES } from './slow-quantities.ts';

/**
 * The slow clock: what the baseline would follow. A quantity that grows by a per cent a day is never far from a mean of the
 * last days; against the weeks before it is. Once an hour each quantity's hour is compared with its reference, a mean with
 * a half-life of four weeks, by a one-sided CUSUM (Page, "Continuous inspection schemes", Biometrika 41, 1954).
 */

/** Offsets within `P.slow`: for each quantity its reference and its sum; what is open, and since when sums are above 0. */
export const S = { reference: 0, sum: 5, open: 10, since: 11 } as const;

/** Hours that make a first reference, their plain mean: a week, so that each hour of it is in. */
export const WARMUP_HOURS = 168;
/** Weight of a new hour in the reference: half-life of four weeks. A ramp is then followed some 40 days behind. */
const FOLLOW = 1 - 0.5 ** (1 / 672);
/** While the sum is above this, the reference follows at a quarter of its pace: what may be a leak is hardly learnt. */
const SUSPICIOUS = 6;
const SUSPICIOUS_PACE = 0.25;
/** An hour counts for one at most, so that a day of hours beyond the slack is the least that can be said. */
export const ALARM = 24;
/** And no more than another day is remembered, so that what is over is over within days. */
const SUM_AT_MOST = 48;
/** Slack of at least half a standard deviation of an hour: finds a shift of one fastest. */
export const LEAST_SLACK = 0.5;

/** Slack of the test, in standard deviations of an hour. */
export function slackOf({ halfShift }: HourResidual): number {
  return Math.max(LEAST_SLACK, halfShift);
}

/** Whether the hour that just ended can be used: whole, and covered by no incident. */
function isClean(page: Float32Array, base: number, slot: number): boolean {
  return page[base + P.x3 + slot * 3]! >= 60 && page[base + P.x3 + slot * 3 + 1] === 0;
}

/**
 * Takes the hour that ended with this minute into references and sums; call at the first minute of an hour, after
 * `advance`. Returns false when the hour is not to be used. About 0.5 µs an hour.
 */
export function takeHour(page: Float32Array, base: number, time: GradeTime): boolean {
  const slot = within(time.minute / 60 - 1, 4);
  if (!isClean(page, base, slot)) return false;
  const cell = base + P.t3 + slot * CELL;
  let isAnyUp = false;
  for (let i = 0; i < QUANTITIES.length; i++) {
    const quantity = QUANTITIES[i]!;
    const level = quantity.level(page, base);
    if (level === null) continue;
    const reference = base + P.slow + S.reference + i;
    const sum = base + P.slow + S.sum + i;
    if (page[reference] === 0) begin(page, reference, sum, level);
    const hour = quantity.hour(page, base, cell, time.block15, page[reference]!, level);
    if (hour === null) continue;
    if (page[sum]! < 0) warmUp(page, reference, sum, level);
    else step(page, reference, sum, level, hour);
    if (page[sum]! > 0) isAnyUp = true;
  }
  const since = base + P.slow + S.since;
  if (page[base + P.slow + S.open] === 0) page[since] = isAnyUp ? page[since]! || time.minute - 60 : 0;
  return true;
}

function begin(page: Float32Array, reference: number, sum: number, level: number): void {
  page[reference] = level || Number.EPSILON; // 0 says that there is none
  page[sum] = -WARMUP_HOURS;
}

/** A sum below 0 counts the hours that are missing from the first week. */
function warmUp(page: Float32Array, reference: number, sum: number, level: number): void {
  const hours = WARMUP_HOURS + page[sum]! + 1;
  page[reference] = page[reference]! + (level - page[reference]!) / hours || Number.EPSILON;
  page[sum] = page[sum]! + 1;
}

function step(page: Float32Array, reference: number, sum: number, level: number, hour: HourResidual): void {
  const slack = slackOf(hour);
  page[sum] = Math.min(SUM_AT_MOST, cusumStep(page[sum]!, hour.residual, slack, slack + 1));
  const pace = page[sum]! > SUSPICIOUS ? FOLLOW * SUSPICIOUS_PACE : FOLLOW;
  page[reference] = page[reference]! + pace * (level - page[reference]!) || Number.EPSILON;
}

/** The reference of a quantity, log2; null in its first week. */
export function referenceOf(page: Float32Array, base: number, quantity: number): number | null {
  const reference = page[base + P.slow + S.reference + quantity]!;
  return reference === 0 || page[base + P.slow + S.sum + quantity]! < 0 ? null : reference;
}

/** What is now is the measure from now on. */
export function renewReferences(page: Float32Array, base: number): void {
  for (let i = 0; i < QUANTITIES.length; i++) {
    const level = QUANTITIES[i]!.level(page, base);
    if (referenceOf(page, base, i) === null || level === null) continue;
    page[base + P.slow + S.reference + i] = level || Number.EPSILON;
    page[base + P.slow + S.sum + i] = 0;
  }
  page[base + P.slow + S.since] = 0;
}
