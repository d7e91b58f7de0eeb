import { PRIORS } from '../../models/priors/priors.ts';
import { TAIL } from '../calibrate.ts';
import { BAD, P, Q } from '../page.ts';
import { type BadCountRule, badCount } from './bad-count.ts';
import type { Signal } from './signal.ts';

/** After a new version every environment starts cold: that wave is no news for this long, minutes. */
const AFTER_DEPLOY = 60;

export const COLD_STARTS: BadCountRule = {
  signal: 'cold_starts',
  tail: TAIL.cold_starts,
  bad: BAD.cold,
  quantity: Q.cold,
  prior: PRIORS.shares.coldStarts.share,
  priorCalls: PRIORS.shares.coldStarts.calls,
  support: 12,
  ratio: 2.2,
  rise: 0.25,
  horizons: [1, 2, 3],
  unit: 'cold starts',
  discountSurge: true,
};

/** Share of invocations that had to start an environment. */
export const coldStarts: Signal = (view) => {
  if (view.minute - view.page[view.base + P.versionSince]! < AFTER_DEPLOY) return null;
  return badCount(view, COLD_STARTS);
};
