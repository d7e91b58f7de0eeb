import { PRIORS } from '../../models/priors/priors.ts';
import { upperTailSurprise } from '../../models/statistical/student.ts';
import { gapMoments } from '../gaps.ts';
import { P } from '../page.ts';
import type { WindowView } from '../window-view.ts';
import type { Finding } from './signal.ts';

/** Gaps that must be known: a job of working days has at most four alike before its weekend. */
const LEAST_GAPS = 5;
/** And the days it must have lived: one that rests at night or at weekends shows it by then. */
const LIVED_MINUTES = 2 * 1440;
/** Larger standard deviations of log2 are no schedule. Gaps of random calls, weighed by length, have 1.16, whatever their rate. */
const REGULAR = 0.35;
/** What schedules are like elsewhere: this standard deviation, worth so many gaps. */
const { deviation: PRIOR_DEVIATION, weight: PRIOR_GAPS } = PRIORS.gaps;
/** It must last half as long again as usual, and an hour more: late ticks and restarts are no silence. */
const LONGER = 1.5;
const GRACE_MINUTES = 60;
/** … and longer than the longest gap on record by this. */
const BEYOND_RECORD = 1.2;

/**
 * A function that is called on a schedule and is not: the gap against the gaps it has had, log-normal with Student's tail
 * (normal-inverse-gamma predictive; Gelman et al., "Bayesian data analysis", 3.3). Says nothing of irregular functions:
 * for them see `silence`. An hourly job is missed after 2.5 hours, a daily one after a day and a half.
 */
export function regularGap(view: WindowView): Finding | null {
  const { page, base } = view;
  const gap = page[base + P.gap]!;
  if (gap < GRACE_MINUTES || gap < BEYOND_RECORD * page[base + P.longestGap]!) return null;
  const { count, mean, variance } = gapMoments(page, base);
  if (count < LEAST_GAPS || variance > REGULAR * REGULAR) return null;
  const usual = 2 ** mean;
  if (gap < LONGER * usual + GRACE_MINUTES) return null;
  const lived = page[base + P.lastSeen]! - page[base + P.since]!;
  if (lived < LIVED_MINUTES) return null;
  const known = (PRIOR_GAPS * PRIOR_DEVIATION * PRIOR_DEVIATION + count * variance) / (PRIOR_GAPS + count);
  const spread = Math.sqrt(known * (1 + 1 / count));
  const freedom = PRIOR_GAPS + count - 1;
  const score = upperTailSurprise((Math.log2(gap) - mean) / spread, freedom);
  const missed = Math.floor(gap / (usual + 1));
  return {
    signal: 'silence',
    direction: 'down',
    horizon: 4,
    score,
    observed: 0,
    low: 1,
    mid: missed,
    high: missed + 1,
    unit: 'invocations',
    ratio: 0,
    support: missed,
    model: { kind: 'regular-gap', gap, mean, spread, freedom },
    rule: `no call for ${gap} min, though ${count.toFixed(0)} gaps before took ${usual.toFixed(0)} min (±${percentOf(known)} %): at least ×${LONGER} and ${GRACE_MINUTES} min more`,
    drivers: [`it was due ${missed === 1 ? 'once' : `${missed} times`}`],
  };
}

function percentOf(variance: number): string {
  return (100 * (2 ** Math.sqrt(variance) - 1)).toFixed(0);
}
