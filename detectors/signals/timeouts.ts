import { PRIORS } from '../../models/priors/priors.ts';
import { TAIL } from '../calibrate.ts';
import { BAD, P, Q } from '../page.ts';
import { type BadCountRule, badCount } from './bad-count.ts';
import type { Signal } from './signal.ts';

export const TIMEOUTS: BadCountRule = {
  signal: 'timeouts',
  tail: TAIL.timeouts,
  bad: BAD.tmo,
  quantity: Q.tmo,
  prior: PRIORS.shares.timeouts.share,
  priorCalls: PRIORS.shares.timeouts.calls,
  support: 3,
  ratio: 3,
  rise: 0.005,
  horizons: [0, 1, 2, 3, 4],
  unit: 'timed-out invocations',
};

/** Near misses are commoner than hits, and some functions work until just before their limit: a share of their own past. */
const NEAR: BadCountRule = {
  signal: 'timeouts',
  tail: TAIL.timeouts,
  bad: BAD.near,
  quantity: Q.near,
  prior: PRIORS.shares.nearTimeouts.share,
  priorCalls: PRIORS.shares.nearTimeouts.calls,
  support: 5,
  ratio: 3,
  rise: 0.05,
  horizons: [0, 1, 2, 3, 4],
  unit: 'invocations close to their time limit',
};

/**
 * Invocations that ran into their time limit: rare by design, the prior is low, so a few suffice from minute one. Or that
 * came close to it, where a timeout has told what it is: the next step down of a dependency makes timeouts of them.
 */
export const timeouts: Signal = (view) => {
  const hit = badCount(view, TIMEOUTS);
  const limitUs = view.page[view.base + P.timeoutUs]!;
  const near = limitUs > 0 ? badCount(view, NEAR) : null;
  if (near === null || (hit !== null && hit.score >= near.score)) return hit;
  const calls = view.get(near.horizon, Q.n);
  const drivers = [`calls close to the limit: ${near.support} of ${calls} above 95 % of ${limitUs / 1e6} s`];
  return { ...near, drivers: [...near.drivers, ...drivers] };
};
