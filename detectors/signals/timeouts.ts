import { TAIL } from '../calibrate.ts';
import { BAD, Q } from '../page.ts';
import { type BadCountRule, badCount } from './bad-count.ts';
import type { Signal } from './signal.ts';

const RULE: BadCountRule = {
  signal: 'timeouts',
  tail: TAIL.timeouts,
  bad: BAD.tmo,
  quantity: Q.tmo,
  prior: 0.0005,
  priorCalls: 1000,
  support: 3,
  ratio: 3,
  rise: 0.005,
  horizons: [0, 1, 2, 3, 4],
  unit: 'timed-out invocations',
};

/** Invocations that ran into their time limit. Rare by design: the prior is low, so a few suffice from minute one. */
export const timeouts: Signal = (view) => badCount(view, RULE);
