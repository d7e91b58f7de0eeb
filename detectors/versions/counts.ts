import { PRIORS } from '../../models/priors/priors.ts';
import { upperSurprise as betaBinomialSurprise } from '../../models/statistical/beta-binomial.ts';
import { fisherSurprise } from '../../models/statistical/fisher.ts';
import { quantile } from '../../models/statistical/negative-binomial.ts';
import { BAD } from '../page.ts';
import { percent } from '../signals/bad-count.ts';
import type { SignalName } from '../signals/signal.ts';
import { type Difference, isBeside, type VersionScene } from './difference.ts';
import { O, SIDE } from './observation.ts';

/** How a count of bad calls of the newest version is compared. Floors as those of the signal, for one version. */
export interface CountTest {
  readonly signal: SignalName;
  readonly bad: number; // in BAD
  readonly count: number; // in SIDE
  readonly of: number; // in SIDE: the calls it is a share of
  /** pooled prior of the signal: expected share, and the calls it counts as */
  readonly prior: number;
  readonly priorCalls: number;
  readonly support: number;
  readonly ratio: number;
  readonly rise: number;
  readonly what: string;
}

const count = (
  signal: SignalName,
  bad: number,
  of: number,
  prior: keyof typeof PRIORS.shares,
  floors: readonly [number, number, number],
  what: string,
): CountTest => ({
  signal,
  bad,
  count: SIDE.err + COUNT_OF[bad]!,
  of,
  prior: PRIORS.shares[prior].share,
  priorCalls: PRIORS.shares[prior].calls,
  support: floors[0],
  ratio: floors[1],
  rise: floors[2],
  what,
});
/** Position of each of BAD among the counts of a side; cold starts are left out: every deploy brings them. */
const COUNT_OF = [0, 1, 2, Number.NaN, 3, 4];

export const COUNT_TESTS: readonly CountTest[] = [
  count('errors', BAD.err, SIDE.n, 'errors', [3, 2.5, 0.012], 'calls failed'),
  count('timeouts', BAD.tmo, SIDE.n, 'timeouts', [3, 3, 0.005], 'calls timed out'),
  count('oom', BAD.oom, SIDE.n, 'oom', [2, 3, 0.005], 'calls ran out of memory'),
  count('access', BAD.acc, SIDE.n, 'access', [5, 3, 0.03], 'calls were denied'),
  count('duration', BAD.tail, SIDE.dn, 'slow', [4, 3, 0.03], 'warm calls were slow'),
];

/**
 * k bad calls of n of the newest version: against what was known before it (beta-binomial predictive, widened by how much
 * quarters of an hour differ, Skellam 1948), and against the older versions that answered at the same time (Fisher's
 * exact test). Both must be surprised (intersection-union test, Berger 1982): what hits all versions alike is not the
 * version's doing, and what the function has always been like is not either.
 */
export function compareCounts(values: Float32Array, at: number, test: number, scene: VersionScene): Difference | null {
  const rule = COUNT_TESTS[test]!;
  const k = values[at + O.fresh + rule.count]!;
  const n = Math.max(k, values[at + O.fresh + rule.of]!);
  if (n < 1) return null;
  const alpha = values[at + O.shares + 2 * test]!;
  const beta = values[at + O.shares + 2 * test + 1]!;
  const before = alpha / (alpha + beta);
  const nowN = Math.max(0, values[at + O.now + rule.of]!);
  const nowK = Math.min(nowN, Math.max(0, values[at + O.now + rule.count]!));
  const beside = isBeside(nowN, n, scene);
  const share = beside ? Math.max(before, nowK / nowN) : before;
  const seen = k / n;
  const history = betaBinomialSurprise(k, n, alpha, beta);
  const present = beside ? fisherSurprise(k, n, k + nowK, n + nowN) : Number.POSITIVE_INFINITY;
  const mid = n * share;
  return {
    test,
    signal: rule.signal,
    beside,
    matters: k >= rule.support && seen >= rule.ratio * share && seen >= share + rule.rise,
    score: Math.min(history, present),
    olderScore: beside ? betaBinomialSurprise(nowK, nowN, alpha, beta) : 0,
    observed: k,
    low: quantile(0.005, mid, 1 / alpha),
    mid,
    high: Math.max(mid, quantile(0.995, mid, 1 / alpha)),
    unit: rule.what.replace(/^calls /, 'calls that '),
    ratio: k / Math.max(mid, 1e-9),
    support: k,
    model:
      present < history
        ? { kind: 'fisher', drawn: n, bad: k + nowK, population: n + nowN }
        : { kind: 'beta-binomial', trials: n, alpha, beta },
    newer: `${k} of ${n} ${rule.what} (${percent(seen)})`,
    older: beside
      ? `${nowK} of ${nowN} (${percent(nowK / nowN)}) of older versions at the same time`
      : `${percent(before)} before`,
  };
}

/** Whether the last calls of the newest version are still clearly worse than what was known before it. */
export function countStands(values: Float32Array, at: number, test: number): boolean {
  const rule = COUNT_TESTS[test]!;
  const n = values[at + O.recent + rule.of]!;
  const alpha = values[at + O.shares + 2 * test]!;
  const share = alpha / (alpha + values[at + O.shares + 2 * test + 1]!);
  const seen = n > 0 ? values[at + O.recent + rule.count]! / n : 0;
  return seen >= STANDS * share && seen >= share + 0.5 * rule.rise;
}

/** As for other incidents of bad calls: below this multiple of the usual share it is over. */
const STANDS = 1.6;
