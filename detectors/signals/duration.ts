import { PRIORS } from '../../models/priors/priors.ts';
import { TAIL as OWN } from '../calibrate.ts';
import { BAD, P, Q } from '../page.ts';
import { type BadCountRule, badCount } from './bad-count.ts';
import { type LogMeanRule, logMean } from './log-mean.ts';
import type { Signal } from './signal.ts';

export const SHIFT: LogMeanRule = {
  signal: 'duration',
  tail: OWN.duration,
  moments: P.dur,
  count: Q.dn,
  sum: Q.ds,
  variancePrior: PRIORS.logs.duration.variance,
  betweenPrior: PRIORS.logs.duration.between,
  ratio: [2, 1.7, 1.5, 1.4, 1.35],
  support: 3,
  unit: 'ms',
  scale: 0.001,
  offset: ({ page, base, time }) => page[base + P.durHour + time.now.hour]!,
};

export const SLOW_CALLS: BadCountRule = {
  signal: 'duration',
  tail: OWN.duration,
  bad: BAD.tail,
  quantity: Q.tail,
  prior: PRIORS.shares.slow.share,
  priorCalls: PRIORS.shares.slow.calls,
  support: 3,
  ratio: 3,
  rise: 0.03,
  horizons: [0, 1, 2, 3, 4],
  unit: 'slow calls (beyond mean + 3 sigma)',
};

/**
 * Warm calls that did not time out: all of them slower (mean of log duration), or a share of them much slower (calls
 * beyond mean + 3 sigma). Cold starts and timeouts are other populations. Up only: faster is no incident.
 */
export const duration: Signal = (view) => {
  const shift = logMean(view, SHIFT);
  const tail = badCount(view, SLOW_CALLS);
  if (tail === null) return shift;
  return shift === null || tail.score > shift.score ? tail : shift;
};
