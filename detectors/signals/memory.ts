import { PRIORS } from '../../models/priors/priors.ts';
import { memoryTrend } from '../../models/statistical/memory-trend.ts';
import { TAIL } from '../calibrate.ts';
import { CELL, P, Q } from '../page.ts';
import type { WindowView } from '../window-view.ts';
import { type LogMeanRule, logMean } from './log-mean.ts';
import type { Finding, Signal } from './signal.ts';

/** Below this share of the configured memory a rise is worth nothing to anybody. */
const LEAST_USED_SHARE = 0.45;

/** Who has little headroom needs no rise by a third: this share of it eaten is enough, if it is this much at all. */
const HEADROOM_EATEN = 0.35;
const LEAST_RATIO = 1.12;

export const MEMORY: LogMeanRule = {
  signal: 'memory',
  tail: TAIL.memory,
  moments: P.mem,
  count: Q.mn,
  sum: Q.ms,
  variancePrior: PRIORS.logs.memory.variance,
  betweenPrior: PRIORS.logs.memory.between,
  ratio: [Number.NaN, 1.5, 1.4, 1.3, 1.3],
  support: 4,
  unit: 'MiB',
  scale: 1 / 1024,
  offset: () => 0,
  enough: (view, expected) =>
    Math.max(LEAST_RATIO, 1 + HEADROOM_EATEN * (view.page[view.base + P.memoryKib]! / 2 ** expected - 1)),
};

/** How sure a slope must be before an hour is named. */
const TREND_SURPRISE = 2;

/** Share of memory used, by the hours and quarters of an hour that the ring holds, in the order of time. */
function points({ page, base, minute }: WindowView, sizeKib: number): [number, number][] {
  const out: [number, number][] = [];
  const add = (at: number, cells: number, minutes: number, from: number, to: number) => {
    for (let block = from; block <= to; block++) {
      const cell = base + at + (((block % cells) + cells) % cells) * CELL;
      const n = page[cell + Q.mn]!;
      if (n > 0) out.push([block * minutes + minutes / 2, 2 ** (page[cell + Q.ms]! / n) / sizeKib]);
    }
  };
  const hour = Math.floor(minute / 60);
  const quarter = Math.floor(minute / 15);
  add(P.t3, 4, 60, hour - 3, Math.floor((quarter - 3) / 4) - 1);
  add(P.t2, 4, 15, quarter - 3, quarter);
  return out;
}

/** Memory used (mean of log) against its past; a leak shows as a rise that goes on, ending out of memory. */
export const memory: Signal = (view): Finding | null => {
  const size = view.page[view.base + P.memoryKib]!;
  const found = logMean(view, MEMORY);
  if (found === null || !(size > 0) || found.observed * 1024 < LEAST_USED_SHARE * size) return null;
  const share = (found.observed * 1024) / size;
  const trend = memoryTrend(points(view, size), TREND_SURPRISE);
  const ahead = trend === null ? [] : [`at this slope it is full in ${Math.round(trend.minutesToCeiling)} min`];
  return { ...found, drivers: [`${(100 * share).toFixed(0)} % of ${Math.round(size / 1024)} MiB`, ...ahead] };
};
