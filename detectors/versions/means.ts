import { upperTailSurprise } from '../../models/statistical/student.ts';
import type { SignalName } from '../signals/signal.ts';
import { type Difference, isBeside, MARGIN, type VersionScene } from './difference.ts';
import { O, SIDE } from './observation.ts';

/** How a mean of logs of the newest version is compared. */
interface MeanTest {
  readonly signal: SignalName;
  readonly frozen: number; // in O
  readonly floor: number;
  readonly support: number;
  readonly unit: string;
  /** what is shown: 2^log2 × scale */
  readonly scale: number;
  readonly what: string;
}

export const MEAN_TESTS: readonly MeanTest[] = [
  { signal: 'duration', frozen: O.dur, floor: 1.35, support: 12, unit: 'ms', scale: 0.001, what: 'a warm call took' },
  { signal: 'egress', frozen: O.egr, floor: 1.5, support: 8, unit: 'bytes per call', scale: 1, what: 'a call sent' },
  { signal: 'memory', frozen: O.mem, floor: 1.3, support: 12, unit: 'MiB', scale: 1 / 1024, what: 'a call used' },
  { signal: 'cost', frozen: O.cost, floor: 1.4, support: 12, unit: 'USD', scale: 1e-6, what: 'a call cost' },
];

/** Mean of logs on both sides, and the variances of these means. */
interface Means {
  readonly n: number;
  readonly mean: number;
  readonly variance: number;
  readonly nowN: number;
  readonly now: number;
  readonly nowVariance: number;
}

/**
 * The mean of logs of the newest version against the frozen past and against older versions now: Welch's test (1947) with
 * the variance between quarters of an hour added, so that calls without end cannot make a trifle significant, and the
 * margin of a benign deploy subtracted (a test of a minimum effect, Murphy & Myors 1999). Student's tail with
 * Welch–Satterthwaite degrees of freedom. Both must be surprised, as above.
 */
export function compareMeans(
  values: Float32Array,
  at: number,
  test: number,
  rule: MeanTest,
  scene: VersionScene,
): Difference | null {
  const past = values[at + rule.frozen]!;
  const means = meansOf(values, at, rule.frozen, O.fresh);
  if (means === null || (rule.signal === 'cost' && scene.resized)) return null;
  const beside = isBeside(means.nowN, means.n, scene);
  const isKnown = !Number.isNaN(past);
  if (!beside && !isKnown) return null;
  const between = values[at + rule.frozen + 3]! * betweenAt(scene.age);
  const freedom = values[at + O.freedom]!;
  const pastVariance = values[at + rule.frozen + 1]! / Math.max(1, values[at + rule.frozen + 2]!);
  const history = isKnown
    ? welch(means.mean - past, means, pastVariance, values[at + rule.frozen + 2]!, between, freedom)
    : null;
  const present = beside
    ? welch(means.mean - means.now, means, means.nowVariance, means.nowN, BESIDE_BETWEEN * between, freedom)
    : null;
  const least = history === null || (present !== null && present.score < history.score) ? present! : history;
  const shift = Math.min(history?.shift ?? Number.POSITIVE_INFINITY, present?.shift ?? Number.POSITIVE_INFINITY);
  const reference = means.mean - least.shift;
  const show = (log: number): number => 2 ** log * rule.scale;
  const roomy = rule.signal === 'memory' && show(means.mean) * 1024 < LEAST_USED_SHARE * scene.memoryKib;
  const amount = (log: number): string => `${Number(show(log).toPrecision(3))} ${rule.unit}`;
  return {
    test,
    signal: rule.signal,
    beside,
    matters: means.n >= rule.support && scene.age >= SETTLED && shift >= Math.log2(rule.floor) && !roomy,
    score: least.score,
    olderScore: beside && isKnown ? olderOf(means, past, pastVariance, values, at + rule.frozen, between, freedom) : 0,
    observed: show(means.mean),
    low: show(reference - 2.8 * least.spread),
    mid: show(reference),
    high: show(reference + MARGIN + 2.8 * least.spread),
    unit: rule.unit,
    ratio: 2 ** least.shift,
    support: means.n,
    model: {
      kind: 'student-log2',
      tail: 'upper',
      mean: reference + MARGIN,
      spread: least.spread,
      freedom: least.freedom,
      scale: rule.scale,
    },
    newer: `${rule.what} ${amount(means.mean)} (${means.n} calls)`,
    older: beside
      ? `${amount(means.now)} (${means.nowN} calls) of older versions at the same time`
      : `${amount(past)} before`,
  };
}

/** Environments of a new version are all new: caches and compilers warm up, which is no verdict on it. Minutes. */
const SETTLED = 3;
/** What all calls of a quarter of an hour have in common cancels between versions; this much is left for environments. */
const BESIDE_BETWEEN = 0.25;
/** Whether the mean of the last calls of the newest version is still more than half of the floor above what it was. */
export function meanStands(values: Float32Array, at: number, rule: MeanTest): boolean {
  const means = meansOf(values, at, rule.frozen, O.recent);
  if (means === null) return false;
  const past = values[at + rule.frozen]!;
  return means.mean - (Number.isNaN(past) ? means.now : past) > 0.5 * Math.log2(rule.floor);
}

/** As the signal `memory` has it: below this share of what is configured nobody needs to act. */
const LEAST_USED_SHARE = 0.45;

function olderOf(
  means: Means,
  past: number,
  pastVariance: number,
  values: Float32Array,
  frozen: number,
  between: number,
  freedom: number,
): number {
  const older = { ...means, n: means.nowN, variance: means.nowVariance };
  return welch(means.now - past, older, pastVariance, values[frozen + 2]!, between, freedom).score;
}

interface Welch {
  readonly shift: number;
  readonly spread: number;
  readonly freedom: number;
  readonly score: number;
}

function welch(shift: number, means: Means, variance: number, n: number, between: number, earned: number): Welch {
  const parts = means.variance + variance + between;
  const spread = Math.sqrt(parts);
  const own = means.variance ** 2 / Math.max(1, means.n - 1);
  const freedom = Math.max(1, parts ** 2 / (own + variance ** 2 / Math.max(1, n - 1) + between ** 2 / earned));
  return { shift, spread, freedom, score: upperTailSurprise((shift - MARGIN) / spread, freedom) };
}

/** Means of short times stray more than those of a quarter of an hour: as in the signals of means of logs. */
function betweenAt(age: number): number {
  return age < 5 ? 1.6 : age < 15 ? 1.3 : age < 60 ? 1 : age < 240 ? 0.8 : 0.7;
}

function meansOf(values: Float32Array, at: number, frozen: number, newest: number): Means | null {
  const fresh = at + newest;
  const now = at + O.now;
  const usual = values[at + frozen + 1]!;
  if (frozen === O.mem) return memoryMeans(values, fresh, now, usual);
  if (frozen === O.cost) return costMeans(values, fresh, now, usual);
  const side = frozen === O.dur ? SIDE.dn : SIDE.en;
  const n = values[fresh + side]!;
  if (n < 2) return null;
  const centre = centreOf(values, at, frozen);
  const [mean, variance] = momentsOf(values, fresh + side, usual);
  const nowN = values[now + side]!;
  const [nowMean, nowVariance] = nowN > 0 ? momentsOf(values, now + side, usual) : [0, 0];
  return { n, mean: centre + mean, variance, nowN, now: centre + nowMean, nowVariance };
}

/** log2 that sums of duration or bytes are measured from: the frozen mean, or 65 ms and 1 KiB where nothing is known. */
export function centreOf(values: Float32Array, at: number, frozen: number): number {
  const past = values[at + frozen]!;
  return Number.isNaN(past) ? (frozen === O.dur ? 16 : 10) : past;
}

/** Mean, and the variance of that mean: of the calls seen, shrunk to what was usual, which counts as eight calls. */
function momentsOf(values: Float32Array, at: number, usual: number): [number, number] {
  const n = values[at]!;
  const mean = values[at + 1]! / n;
  const squares = Math.max(0, values[at + 2]! - n * mean * mean);
  return [mean, (squares + 8 * usual) / (n + 8) / n];
}

/** Memory is a property of environments, not of calls: each started with a cold start. */
function memoryMeans(values: Float32Array, fresh: number, now: number, usual: number): Means | null {
  const n = values[fresh + SIDE.mn]!;
  if (n < 1) return null;
  const nowN = values[now + SIDE.mn]!;
  return {
    n,
    mean: values[fresh + SIDE.ms]! / n,
    variance: usual / Math.max(1, values[fresh + SIDE.cold]!),
    nowN,
    now: nowN > 0 ? values[now + SIDE.ms]! / nowN : 0,
    nowVariance: usual / Math.max(1, values[now + SIDE.cold]!),
  };
}

/** The mean cost of a call, and its relative error on the scale of log2 (delta method). */
function costMeans(values: Float32Array, fresh: number, now: number, usual: number): Means | null {
  const n = values[fresh + SIDE.n]! - values[fresh + SIDE.cold]!;
  const cost = values[fresh + SIDE.cost]!;
  if (!(n >= 1 && cost > 0)) return null;
  const nowN = values[now + SIDE.n]!;
  const nowCost = values[now + SIDE.cost]!;
  return {
    n,
    mean: Math.log2(cost / n),
    variance: usual / n,
    nowN: nowCost > 0 ? nowN : 0,
    now: nowCost > 0 ? Math.log2(nowCost / nowN) : 0,
    nowVariance: usual / Math.max(1, nowN),
  };
}
