import { quantile, upperSurprise } from '../../models/statistical/negative-binomial.ts';
import { badShare } from '../baseline.ts';
import { P, Q } from '../page.ts';
import type { WindowView } from '../window-view.ts';
import { isUsual, ownTail } from './own-tail.ts';
import type { Finding, SignalName } from './signal.ts';

/** How a count of bad calls is judged: its prior and its effect floors. */
export interface BadCountRule {
  readonly signal: SignalName;
  readonly tail: number; // in TAIL
  readonly bad: number; // index in BAD
  readonly quantity: number; // in Q
  /** pooled prior: expected share, and the calls it counts as */
  readonly prior: number;
  readonly priorCalls: number;
  /** least bad calls in the window */
  readonly support: number;
  /** least multiple of the expected share, and least rise in share points, by horizon */
  readonly ratio: number;
  readonly rise: number;
  readonly horizons: readonly number[];
  readonly unit: string;
  /** calls beyond the expected ones may all be bad: a surge alone explains them (cold starts) */
  readonly discountSurge?: boolean;
}

/**
 * k bad calls of n against the share this function is used to: K ~ negative binomial with mean n × share, over-dispersed
 * as its own past, widened by how little is known of the share (gamma-Poisson predictive: 1 error of 2 calls is not 50 %).
 * Greenwood and Yule 1920; assumes the share is stable within a horizon.
 */
export function badCount(view: WindowView, rule: BadCountRule): Finding | null {
  if (view.get(4, rule.quantity) === 0 && view.get(0, rule.quantity) === 0) return null; // the longest window holds the others
  const { share, strength, phi } = badShare(view.page, view.base + P.bad + 4 * rule.bad, rule.prior, rule.priorCalls);
  const spread = (view.parts.dispersion ? phi : 0) + 1 / strength;
  let best = -1;
  let bestRaw = 0;
  for (const h of rule.horizons) {
    const k = badOf(view, rule, h);
    const calls = Math.max(view.get(h, Q.n), k);
    const mean = calls * share;
    if (!(k > 0) || isUsual(k, mean, spread)) continue;
    const raw = upperSurprise(k, mean, spread);
    view.note(rule.tail, raw);
    if (raw <= bestRaw || k < rule.support || k < view.floor(rule.ratio) * mean) continue;
    if (view.parts.floors && k < mean + rule.rise * calls) continue;
    best = h;
    bestRaw = raw;
  }
  return best < 0 ? null : finding(view, rule, best, bestRaw, share, spread);
}

/** Bad calls in a horizon, those that a surge alone explains left out. */
function badOf(view: WindowView, rule: BadCountRule, h: number): number {
  const surplus = rule.discountSurge === true ? Math.max(0, view.get(h, Q.n) - view.expected(h)) : 0;
  return view.get(h, rule.quantity) - surplus;
}

function finding(view: WindowView, rule: BadCountRule, h: number, raw: number, share: number, spread: number): Finding {
  const k = badOf(view, rule, h);
  const calls = Math.max(view.get(h, Q.n), k);
  const mean = calls * share;
  const seen = percent(k / calls);
  return {
    signal: rule.signal,
    direction: 'up',
    horizon: h,
    score: view.calibrated(rule.tail, raw),
    observed: k,
    low: quantile(0.005, mean, spread),
    mid: mean,
    high: Math.max(mean, quantile(0.995, mean, spread)),
    unit: rule.unit,
    ratio: k / Math.max(mean, 1e-9),
    support: k,
    calls,
    model: { kind: 'negative-binomial', tail: 'upper', mean, phi: spread, ...ownTail(view, rule.tail) },
    rule: `${Math.round(k)} of ${Math.round(calls)} calls (${seen}) passes the floors: at least ${rule.support} calls, ×${rule.ratio} of the usual ${percent(share)}, +${percent(rule.rise)}`,
    drivers: [`${seen} of calls against ${percent(share)} usually`],
  };
}

export function percent(share: number): string {
  const value = share * 100;
  return `${value >= 10 ? value.toFixed(0) : value >= 0.1 ? value.toFixed(1) : value.toFixed(3)} %`;
}
