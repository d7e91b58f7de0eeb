import { PRIORS } from '../../models/priors/priors.ts';
import { TAIL } from '../calibrate.ts';
import { P, Q } from '../page.ts';
import { type AmountRule, amount, BYTES_HISTORY } from './amount.ts';
import { type LogMeanRule, logMean } from './log-mean.ts';
import type { Signal } from './signal.ts';

export const BYTES_PER_CALL: LogMeanRule = {
  signal: 'egress',
  tail: TAIL.egress,
  moments: P.egr,
  count: Q.en,
  sum: Q.es,
  variancePrior: PRIORS.logs.egress.variance,
  betweenPrior: PRIORS.logs.egress.between,
  ratio: [3, 2, 1.6, 1.4, 1.3],
  support: 3,
  unit: 'bytes per call',
  scale: 1,
  offset: () => 0,
};

const TOTAL: AmountRule = {
  signal: 'egress',
  tail: TAIL.egress,
  amount: Q.bytes,
  count: Q.en,
  history: BYTES_HISTORY,
  ratio: [6, 4, 3, 2.5, 2.2],
  support: 1,
  unit: 'bytes',
  scale: 1,
};

/**
 * Bytes sent: in all (a few huge calls, or many), and per call (a slow leak on every call). Only where the logs carry
 * bytes; unknown is not 0. A total must also beat the largest quarter of an hour on record.
 */
export const egress: Signal = (view) => {
  if (view.get(4, Q.en) < 1) return null;
  const perCall = logMean(view, BYTES_PER_CALL);
  const sent = egressTotal(view);
  if (sent === null) return perCall;
  return perCall === null || sent.score > perCall.score ? sent : perCall;
};

/** The total alone: what of egress can only grow, and may be said before a window is over. */
export const egressTotal: Signal = (view) => {
  const total = amount(view, TOTAL);
  const largest = view.page[view.base + P.bytes + 4]!;
  return total !== null && view.parts.guards && total.horizon <= 2 && total.observed < 1.2 * largest ? null : total;
};
