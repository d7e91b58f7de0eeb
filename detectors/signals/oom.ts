import { PRIORS } from '../../models/priors/priors.ts';
import { TAIL } from '../calibrate.ts';
import { BAD, Q } from '../page.ts';
import { type BadCountRule, badCount } from './bad-count.ts';
import type { Signal } from './signal.ts';

const RULE: BadCountRule = {
  signal: 'oom',
  tail: TAIL.oom,
  bad: BAD.oom,
  quantity: Q.oom,
  prior: PRIORS.shares.oom.share,
  priorCalls: PRIORS.shares.oom.calls,
  support: 2,
  ratio: 3,
  rise: 0.005,
  horizons: [0, 1, 2, 3, 4],
  unit: 'out-of-memory invocations',
};

/** Invocations killed for want of memory. */
export const oom: Signal = (view) => badCount(view, RULE);
