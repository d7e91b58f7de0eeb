import { upperTailSurprise } from '../../models/statistical/student.ts';
import { logMoments } from '../baseline.ts';
import type { WindowView } from '../window-view.ts';
import { ownTail, USUAL_Z } from './own-tail.ts';
import type { Finding, SignalName } from './signal.ts';

/** How the mean of a log2 quantity is judged: where its history lies, and its effect floors. */
export interface LogMeanRule {
  readonly signal: SignalName;
  readonly tail: number; // in TAIL
  readonly moments: number; // page offset of [n, sum, squares, between, weight]
  readonly count: number; // in Q
  readonly sum: number; // in Q
  /** variance of one call and between blocks, before there is history, log2² */
  readonly variancePrior: number;
  readonly betweenPrior: number;
  /** least ratio of geometric means by horizon; NaN = horizon not used */
  readonly ratio: readonly number[];
  readonly support: number;
  readonly unit: string;
  /** what `observed` is shown in: value = 2^log2 × scale */
  readonly scale: number;
  /** log2 offset expected at this time of day */
  readonly offset: (view: WindowView) => number;
  /** a ratio that is enough whatever the horizon's floor; `expected` is log2 */
  readonly enough?: (view: WindowView, expected: number) => number;
}

/** Means of short windows stray more than 15-minute means: between-window variance by horizon, relative to 15 minutes. */
export const BETWEEN = [1.6, 1.3, 1, 0.8, 0.7];

/**
 * The mean of log2(x) of a window against its past: noise shrinks with n down to the variance between windows, tails are
 * Student's with as many degrees of freedom as the history earns. Up only. Assumes one population: cold starts and
 * timeouts are left out by the caller.
 */
export function logMean(view: WindowView, rule: LogMeanRule): Finding | null {
  const moments = logMoments(view.page, view.base + rule.moments, rule.variancePrior, rule.betweenPrior);
  if (moments === null) return null;
  const expected = moments.mean + rule.offset(view);
  const freedom = view.freedom();
  let best = -1;
  let bestRaw = 0;
  let bestSpread = 0;
  for (let h = 0; h < 5; h++) {
    const n = view.get(h, rule.count);
    if (!(n >= 1) || Number.isNaN(rule.ratio[h]!)) continue;
    const shift = view.get(h, rule.sum) / n - expected;
    const variance = moments.variance * (1 / n + 1 / moments.n) + moments.between * BETWEEN[h]!;
    if (shift <= 0 || shift * shift <= USUAL_Z * USUAL_Z * variance) continue;
    const spread = Math.sqrt(variance);
    const raw = upperTailSurprise(shift / spread, freedom);
    view.note(rule.tail, raw);
    if (
      raw <= bestRaw ||
      n < rule.support ||
      shift < Math.log2(view.floor(floorOf(view, rule, h, expected)) * Math.sqrt(view.caution))
    )
      continue;
    best = h;
    bestRaw = raw;
    bestSpread = spread;
  }
  return best < 0 ? null : finding(view, rule, best, bestRaw, expected, bestSpread, freedom);
}

function floorOf(view: WindowView, rule: LogMeanRule, h: number, expected: number): number {
  return Math.min(rule.ratio[h]!, rule.enough?.(view, expected) ?? Number.POSITIVE_INFINITY);
}

function finding(
  view: WindowView,
  rule: LogMeanRule,
  h: number,
  raw: number,
  expected: number,
  spread: number,
  freedom: number,
): Finding {
  const n = view.get(h, rule.count);
  const shift = view.get(h, rule.sum) / n - expected;
  const show = (log2: number) => 2 ** log2 * rule.scale;
  const parameters = { mean: expected, spread, freedom, scale: rule.scale };
  return {
    signal: rule.signal,
    direction: 'up',
    horizon: h,
    score: view.calibrated(rule.tail, raw),
    observed: show(expected + shift),
    low: show(expected - 2.8 * spread),
    mid: show(expected),
    high: show(expected + 2.8 * spread),
    unit: rule.unit,
    ratio: 2 ** shift,
    support: n,
    model: { kind: 'student-log2', tail: 'upper', ...parameters, ...ownTail(view, rule.tail) },
    rule: `×${(2 ** shift).toFixed(2)} passes the floor of ×${floorOf(view, rule, h, expected).toFixed(2)} for ${view.minutesOf(h)} min, over ${n} calls (at least ${rule.support})`,
    drivers: [],
  };
}
