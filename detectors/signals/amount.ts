import { PRIORS } from '../../models/priors/priors.ts';
import { upperSurprise } from '../../models/statistical/gamma-tail.ts';
import { P } from '../page.ts';
import type { WindowView } from '../window-view.ts';
import { ownTail, USUAL_Z } from './own-tail.ts';
import type { Finding, SignalName } from './signal.ts';

const { amounts: CALLS } = PRIORS;

/** How a sum over calls (dollars, bytes) is judged. */
export interface AmountRule {
  readonly signal: SignalName;
  readonly tail: number; // in TAIL
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
 * of a compound count (over-dispersion of calls, plus variance of a call / calls), given that the window holds a call:
 * of a function called once a day, one call is what is expected of a window that is looked at. Up only.
 */
export function amount(view: WindowView, rule: AmountRule): Finding | null {
  const { page, base } = view;
  const calls = page[base + rule.history + 1]!;
  if (calls < 10) return null;
  const perCall = page[base + rule.history]! / calls;
  if (!(perCall > 0)) return null;
  const variation =
    (page[base + rule.history + 2]! + CALLS.variation * CALLS.weight) / (page[base + rule.history + 3]! + CALLS.weight);
  const given = view.rate > 0 ? view.rate * (1 / view.seen() - 1) : 0; // calls that being looked at adds to those due
  let best = -1;
  let bestRaw = 0;
  let bestVariance = 0;
  for (let h = 0; h < 5; h++) {
    const sum = view.get(h, rule.amount);
    const due = view.expected(h);
    const mean = (due + given) * perCall;
    if (!(due > 0) || sum <= mean) continue;
    // what calls of a quarter of an hour have in common does not average out over longer windows
    const alike = Math.max(1, due / (15 * view.rate));
    const ofCalls = view.phi(h) * due * due + (1 + variation * alike) * due + variation * given;
    const relativeVariance = ofCalls / ((due + given) * (due + given)) + (1 + variation) / calls;
    if ((sum - mean) * (sum - mean) <= USUAL_Z * USUAL_Z * relativeVariance * mean * mean) continue;
    const raw = upperSurprise(sum, mean, relativeVariance);
    view.note(rule.tail, raw);
    if (raw <= bestRaw || view.get(h, rule.count) < rule.support) continue;
    if (sum < view.floor(rule.ratio[h]!) * view.caution * due * perCall) continue;
    best = h;
    bestRaw = raw;
    bestVariance = relativeVariance;
  }
  return best < 0 ? null : finding(view, rule, best, bestRaw, perCall, given, bestVariance);
}

function finding(
  view: WindowView,
  rule: AmountRule,
  h: number,
  raw: number,
  perCall: number,
  given: number,
  relativeVariance: number,
): Finding {
  const n = view.get(h, rule.count);
  const sum = view.get(h, rule.amount);
  const due = view.expected(h);
  const mean = due * perCall;
  const spread = Math.sqrt(relativeVariance);
  const parameters = { mean: (due + given) * perCall, relativeVariance, scale: rule.scale };
  return {
    signal: rule.signal,
    direction: 'up',
    horizon: h,
    score: view.calibrated(rule.tail, raw),
    observed: sum * rule.scale,
    low: Math.max(0, mean * (1 - 2.6 * spread)) * rule.scale,
    mid: mean * rule.scale,
    high: mean * (1 + 2.6 * spread) * rule.scale,
    unit: rule.unit,
    ratio: sum / mean,
    support: n,
    model: { kind: 'gamma-sum', tail: 'upper', ...parameters, ...ownTail(view, rule.tail) },
    rule: `×${(sum / mean).toFixed(2)} passes the floor of ×${(rule.ratio[h]! * view.caution).toFixed(2)} for ${view.minutesOf(h)} min`,
    drivers: [`×${(n / due).toFixed(2)} calls, each ×${(sum / n / perCall).toFixed(2)}`],
  };
}

/** Calls expected a minute times the mean of one, in the unit of `history`; null while unknown. */
export function perMinute(view: WindowView, history: number): number | null {
  const calls = view.page[view.base + history + 1]!;
  return calls < 10 || !(view.rate > 0) ? null : (view.rate * view.page[view.base + history]!) / calls;
}

export const COST_HISTORY = P.cost;
export const BYTES_HISTORY = P.bytes;
