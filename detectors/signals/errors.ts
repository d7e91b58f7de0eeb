import { PRIORS } from '../../models/priors/priors.ts';
import { TAIL } from '../calibrate.ts';
import { BAD, Q } from '../page.ts';
import { type BadCountRule, badCount } from './bad-count.ts';
import type { Signal } from './signal.ts';

export const ERRORS: BadCountRule = {
  signal: 'errors',
  tail: TAIL.errors,
  bad: BAD.err,
  quantity: Q.err,
  prior: PRIORS.shares.errors.share,
  priorCalls: PRIORS.shares.errors.calls,
  support: 3,
  ratio: 2.5,
  rise: 0.012,
  horizons: [0, 1, 2, 3, 4],
  unit: 'failed invocations',
};

/** Failed invocations of any kind. One invocation counts once, whatever lines tell of it. */
export const errors: Signal = (view) => badCount(view, ERRORS);
