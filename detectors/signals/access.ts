import { PRIORS } from '../../models/priors/priors.ts';
import { TAIL } from '../calibrate.ts';
import { BAD, Q } from '../page.ts';
import { type BadCountRule, badCount } from './bad-count.ts';
import type { Signal } from './signal.ts';

const RULE: BadCountRule = {
  signal: 'access',
  tail: TAIL.access,
  bad: BAD.acc,
  quantity: Q.acc,
  prior: PRIORS.shares.access.share,
  priorCalls: PRIORS.shares.access.calls,
  support: 5,
  ratio: 3,
  rise: 0.03,
  horizons: [0, 1, 2, 3, 4],
  unit: 'denied requests',
};

/** 401 and 403 replies and access-denied errors, where a line carries them; most logs carry none: then blind. */
export const access: Signal = (view) => badCount(view, RULE);
