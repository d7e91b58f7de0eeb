import { upperSurprise } from '../../models/statistical/gamma-tail.ts';
import { P } from '../page.ts';
import type { WindowView } from '../window-view.ts';
import type { Finding, SignalName } from './signal.ts';

/** How a sum over calls (dollars, bytes) is judged. */
export interface AmountRule {
  readonly signal: SignalName;
  readonly amount: number; // in Q
  readonly count: number; // in Q: calls the amount is known for
  /** page offset of [sum, calls, squared relative deviation, weight] */
  readonly history: number;
  readonly ratio: readonly number[];
  readonly support: number;
  readonly unit: string;
  readonly scale: number;
}

/**
 * A sum over a random number of calls, against calls expected × mean a call: gamma distributed with the relative variance
 * of a compound count (over-dispersion of calls, plus variance of a call / calls). Up only.
 */
export function amount(view: WindowView, rule: AmountRule): Finding | null {
  const { page, base } = view;
  const calls = page[base + rule.history + 1]!;
  if (calls < 10) return null;
  const perCall = page[base + rule.history]! / calls;
  if (!(perCall > 0)) return null;
  const variation = (page[base + rule.history + 2]! + 0.5) / (page[base + rule.history + 3]! + 1);
  let best: Finding | null = null;
  for (let h = 0; h < 5; h++) {
    const n = view.get(h, rule.count);
    const due = view.expected(h);
    const sum = view.get(h, rule.amount);
    const mean = due * perCall;
    if (n < rule.support || !(mean > 0) || sum < view.floor(rule.ratio[h]!) * view.caution * mean) continue;
    const relativeVariance = view.phi(h) + (1 + variation) / due + (1 + variation) / calls;
    const score = upperSurprise(sum, mean, relativeVariance);
    if (best !== null && score <= best.score) continue;
    const spread = Math.sqrt(relativeVariance);
    best = {
      signal: rule.signal,
      direction: 'up',
      horizon: h,
      score,
      observed: sum * rule.scale,
      low: Math.max(0, mean * (1 - 2.6 * spread)) * rule.scale,
      mid: mean * rule.scale,
      high: mean * (1 + 2.6 * spread) * rule.scale,
      unit: rule.unit,
      ratio: sum / mean,
      support: n,
      model: { kind: 'gamma-sum', tail: 'upper', mean, relativeVariance, scale: rule.scale },
      rule: `×${(sum / mean).toFixed(2)} passes the floor of ×${(rule.ratio[h]! * view.caution).toFixed(2)} for ${view.minutesOf(h)} min`,
      drivers: [`×${(n / due).toFixed(2)} calls`, `×${(sum / n / perCall).toFixed(2)} a call`],
    };
  }
  return best;
}

/** Calls expected a minute times the mean of one, in the unit of `history`; null while unknown. */
export function perMinute(view: WindowView, history: number): number | null {
  const calls = view.page[view.base + history + 1]!;
  return calls < 10 || !(view.rate > 0) ? null : (view.rate * view.page[view.base + history]!) / calls;
}

export const COST_HISTORY = P.cost;
export const BYTES_HISTORY = P.bytes;
