import { P } from '../page.ts';
import { ALARM, LEAST_SLACK, referenceOf, S } from '../slow.ts';
import { QUANTITIES } from '../slow-quantities.ts';
import type { WindowView } from '../window-view.ts';
import type { Finding } from './signal.ts';

const HOURS_4 = 4;

/** Which quantity has crept furthest beyond its floor, as its place in QUANTITIES; -1 = none. */
export function crept(view: WindowView): number {
  let worst = -1;
  let most = 1;
  for (let i = 0; i < QUANTITIES.length; i++) {
    const excess = view.page[view.base + P.slow + S.sum + i]! < ALARM ? 0 : excessOf(view, i);
    if (excess >= most) {
      most = excess;
      worst = i;
    }
  }
  return worst;
}

/** How far a quantity's level is above its reference, as a multiple (in octaves) of its floor; 0 where it does not matter. */
export function excessOf({ page, base }: WindowView, index: number): number {
  const { floor, level: levelOf, matters } = QUANTITIES[index]!;
  const reference = referenceOf(page, base, index);
  const level = levelOf(page, base);
  if (reference === null || level === null || !matters(page, base, level, reference)) return 0;
  return (level - reference) / Math.log2(floor);
}

/**
 * A quantity that grew slowly: its level of the last days against the weeks before. In control the sum of a CUSUM with
 * slack k exceeds h with a probability of about exp(−2kh) (Siegmund, "Sequential analysis", 1985, for independent normal
 * residuals; cut ones exceed it less often). Hours are not independent: the floor and a day's persistence carry the weight.
 */
export function slowFinding(view: WindowView, index: number): Finding {
  const { page, base } = view;
  const { signal, unit, scale, floor, level: levelOf } = QUANTITIES[index]!;
  const sum = page[base + P.slow + S.sum + index]!;
  const level = levelOf(page, base)!;
  const reference = referenceOf(page, base, index)!;
  const show = (log2: number) => 2 ** log2 * scale;
  const half = 0.5 * Math.log2(floor);
  const times = 2 ** (level - reference);
  return {
    signal,
    direction: 'up',
    horizon: HOURS_4,
    score: (2 * LEAST_SLACK * sum) / Math.LN10,
    observed: show(level),
    low: show(reference - half),
    mid: show(reference),
    high: show(reference + half),
    unit,
    ratio: times,
    support: Math.round(sum),
    model: { kind: 'cusum', sum, slack: LEAST_SLACK },
    rule: `×${times.toFixed(2)} passes the floor of ×${floor} for what grows slowly, and some ${Math.floor(sum)} hours (at least ${ALARM}) were beyond half of it`,
    drivers: [
      'compared with the weeks before: a mean with a half-life of four weeks',
      ...toCeiling(view, index, level, reference),
    ],
  };
}

/** When memory is full at the pace it has had since the sums began to rise. */
function toCeiling({ page, base, minute }: WindowView, index: number, level: number, reference: number): string[] {
  const sizeKib = page[base + P.memoryKib]!;
  const since = page[base + P.slow + S.since]!;
  const days = (minute - since) / 1440;
  if (QUANTITIES[index]!.signal !== 'memory' || !(sizeKib > 0) || since === 0 || days < 1) return [];
  const perDay = (2 ** level - 2 ** reference) / days;
  const left = (sizeKib - 2 ** level) / perDay;
  return left > 0
    ? [`at this pace it is full, and calls run out of memory, in some ${left.toFixed(left < 3 ? 1 : 0)} days`]
    : [];
}
