import { lowerSurprise, quantile, upperSurprise } from '../../models/statistical/negative-binomial.ts';
import { guardMaximum } from '../baseline.ts';
import { P, Q } from '../page.ts';
import type { WindowView } from '../window-view.ts';
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
/** A quiet spell is likelier than any count model says: drops must show this much more than surges. */
const DOWN_EXTRA = 2;

/**
 * Calls against the negative-binomial count expected from level, rhythm and drift. Both sides: too many at all horizons,
 * too few from 15 minutes up (none at all is the business of `silence`).
 */
export const invocations: Signal = (view) => surge(view) ?? drop(view);

function surge(view: WindowView): Finding | null {
  let best: Finding | null = null;
  for (let h = 0; h < 5; h++) {
    const n = view.get(h, Q.n);
    const mu = view.expected(h);
    if (!(mu > 0) || n < UP_CALLS || n < view.floor(UP_RATIO[h]!) * view.caution * mu) continue;
    if (view.parts.guards && n <= 1.15 * guardOf(view, h)) continue;
    const score = upperSurprise(n, mu, view.phi(h));
    if (best === null || score > best.score) best = finding(view, h, n, mu, score, 'up');
  }
  return best;
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
  let best: Finding | null = null;
  for (let h = 2; h < 5; h++) {
    const n = view.get(h, Q.n);
    const mu = view.expected(h);
    if (!(mu >= DOWN_DUE) || n === 0 || n > (view.floor(DOWN_RATIO[h]!) * mu) / view.caution) continue;
    if (h === 2 && view.parts.guards && n >= 0.7 * view.page[view.base + P.floor15 + view.time.now.hour]!) continue;
    if (view.parts.guards && isStep(view)) continue;
    const score = lowerSurprise(n, mu, view.phi(h)) - DOWN_EXTRA;
    if (best === null || score > best.score) best = finding(view, h, n, mu, score, 'down');
  }
  return best;
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

function finding(view: WindowView, h: number, n: number, mu: number, score: number, direction: 'up' | 'down'): Finding {
  const phi = view.phi(h);
  const ratio = n / mu;
  const floor = direction === 'up' ? UP_RATIO[h]! * view.caution : DOWN_RATIO[h]! / view.caution;
  return {
    signal: 'invocations',
    direction,
    horizon: h,
    score,
    observed: n,
    low: quantile(0.005, mu, phi),
    mid: mu,
    high: quantile(0.995, mu, phi),
    unit: 'invocations',
    ratio,
    support: n,
    model: {
      kind: 'negative-binomial',
      tail: direction === 'up' ? 'upper' : 'lower',
      mean: mu,
      phi,
      handicap: direction === 'up' ? 0 : DOWN_EXTRA,
    },
    rule: `×${ratio.toFixed(2)} passes the floor of ×${floor.toFixed(2)} for ${view.minutesOf(h)} min and is beyond what this hour of the day has shown`,
    drivers: [],
  };
}
