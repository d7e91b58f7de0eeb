import { lowerSurprise, quantile, upperSurpriseGivenCall } from '../../models/statistical/negative-binomial.ts';
import { guardMaximum } from '../baseline.ts';
import { TAIL } from '../calibrate.ts';
import { P, Q } from '../page.ts';
import type { WindowView } from '../window-view.ts';
import { isUsual, ownTail, USUAL_Z } from './own-tail.ts';
import type { Finding, Signal } from './signal.ts';

/** A surge must be this many times the expected calls, by horizon: a short window needs more. Benign surges reach ×1.6. */
const UP_RATIO = [3, 2.4, 2.1, 1.95, 1.85];
/** and must stand on this many calls */
const UP_CALLS = 8;
/** A drop must leave at most this share of the calls that were due. */
const DOWN_RATIO = [0, 0, 0.3, 0.4, 0.42];
const DOWN_DUE = 30;
/** Hours that differ by more than this are a batch, not a rhythm. */
const STEP = 6;

/**
 * Calls against the negative-binomial count expected from level, rhythm and drift. Both sides: too many at all horizons,
 * too few from 15 minutes up (none at all is the business of `silence`).
 */
export const invocations: Signal = (view) => {
  const up = surge(view);
  const down = drop(view);
  return up ?? down;
};

function surge(view: WindowView): Finding | null {
  let best = -1;
  let bestRaw = 0;
  for (let h = 0; h < 5; h++) {
    const n = view.get(h, Q.n);
    const mu = view.expected(h);
    if (!(mu > 0)) continue;
    const phi = view.phi(h);
    if (isUsual(n, mu, phi)) continue;
    const raw = upperSurpriseGivenCall(n, mu, phi, view.seen());
    view.note(TAIL.invocations, raw);
    if (raw <= bestRaw || n < UP_CALLS || n < view.floor(UP_RATIO[h]!) * view.caution * mu) continue;
    if (view.parts.guards && n <= guardOf(view, h)) continue;
    best = h;
    bestRaw = raw;
  }
  return best < 0 ? null : finding(view, best, bestRaw, 'up');
}

/** Batch and cron ticks are smeared by an hourly profile: a count this function has reached at this time of day is no news. */
function guardOf(view: WindowView, horizon: number): number {
  const { page, base } = view;
  const { hour } = view.time.now;
  if (horizon === 0) return guardMaximum(page, base, P.guard1, hour);
  if (horizon === 1) return guardMaximum(page, base, P.guard5, hour);
  return guardMaximum(page, base, P.guard15, hour); // longer windows must at least hold more than a quarter of an hour has
}

function drop(view: WindowView): Finding | null {
  let best = -1;
  let bestRaw = 0;
  for (let h = 2; h < 5; h++) {
    const n = view.get(h, Q.n);
    const mu = view.expected(h);
    if (!(mu > n)) continue;
    const phi = view.phi(h);
    if ((mu - n) * (mu - n) <= USUAL_Z * USUAL_Z * (mu + phi * mu * mu)) continue;
    const raw = lowerSurprise(n, mu, phi);
    view.note(TAIL.drop, raw);
    if (raw <= bestRaw || mu < DOWN_DUE || n === 0 || n > (view.floor(DOWN_RATIO[h]!) * mu) / view.caution) continue;
    if (h === 2 && view.parts.guards && n >= 0.7 * view.page[view.base + P.floor15 + view.time.now.hour]!) continue;
    if (view.parts.guards && isStep(view)) continue;
    best = h;
    bestRaw = raw;
  }
  return best < 0 ? null : finding(view, best, bestRaw, 'down');
}

/** Work that comes in one burst at some minute of an hour looks missing until it comes: no drop is told of such hours. */
function isStep({ page, base, time }: WindowView): boolean {
  const rate = (hour: number) => {
    const at = base + P.profileSum + ((hour + 24) % 24);
    return (page[at]! + page[at + 24]!) / (page[at + 48]! + page[at + 72]! + 1);
  };
  const { hour } = time.now;
  let least = Number.POSITIVE_INFINITY;
  let most = 0;
  for (let back = -1; back < 4; back++) {
    least = Math.min(least, rate(hour - back));
    most = Math.max(most, rate(hour - back));
  }
  return most > STEP * least;
}

function finding(view: WindowView, h: number, raw: number, direction: 'up' | 'down'): Finding {
  const n = view.get(h, Q.n);
  const mu = view.expected(h);
  const phi = view.phi(h);
  const ratio = n / mu;
  const up = direction === 'up';
  const tail = up ? TAIL.invocations : TAIL.drop;
  const floor = up ? UP_RATIO[h]! * view.caution : DOWN_RATIO[h]! / view.caution;
  const parameters = { tail: up ? 'upper' : 'lower', mean: mu, phi, ...(up ? { seen: view.seen() } : {}) };
  return {
    signal: 'invocations',
    direction,
    horizon: h,
    score: view.calibrated(tail, raw),
    observed: n,
    low: quantile(0.005, mu, phi),
    mid: mu,
    high: quantile(0.995, mu, phi),
    unit: 'invocations',
    ratio,
    support: n,
    model: { kind: 'negative-binomial', ...parameters, ...ownTail(view, tail) },
    rule: `×${ratio.toFixed(2)} passes the floor of ×${floor.toFixed(2)} for ${view.minutesOf(h)} min and is beyond what this hour of the day has shown`,
    drivers: [],
  };
}
