import { P, Q } from '../page.ts';
import { type LogMeanRule, logMean } from './log-mean.ts';
import type { Finding, Signal } from './signal.ts';

/** Below this share of the configured memory a rise is worth nothing to anybody. */
const LEAST_USED_SHARE = 0.45;

const RULE: LogMeanRule = {
  signal: 'memory',
  moments: P.mem,
  count: Q.mn,
  sum: Q.ms,
  variancePrior: 0.02,
  betweenPrior: 0.004,
  ratio: [Number.NaN, 1.5, 1.4, 1.3, 1.3],
  support: 4,
  unit: 'MiB',
  scale: 1 / 1024,
  offset: () => 0,
};

/** Memory used (mean of log) against its past; a leak shows as a rise that goes on, ending out of memory. */
export const memory: Signal = (view): Finding | null => {
  const size = view.page[view.base + P.memoryKib]!;
  const found = logMean(view, RULE);
  if (found === null || !(size > 0) || found.observed * 1024 < LEAST_USED_SHARE * size) return null;
  const share = (found.observed * 1024) / size;
  return { ...found, drivers: [`${(100 * share).toFixed(0)} % of ${Math.round(size / 1024)} MiB`] };
};
