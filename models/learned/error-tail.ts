import { MAX_SURPRISE } from '../statistical/surprise.ts';

/** Floats of one function's error tail: windows counted, level, sum of excesses over it, their weight. */
export const TAIL = 4;

/** What errors of reconstruction are like in general, from functions that the training never saw. */
export interface TailPrior {
  /** a share of `EXCEEDING` of the errors lies above it */
  readonly level: number;
  /** mean excess of those over it */
  readonly excess: number;
  /** shape of their generalised Pareto tail, 0 to 0.5 */
  readonly shape: number;
}

/** Share of windows beyond the level: few enough to be a tail, enough of them to learn one from in a day. */
export const EXCEEDING = 0.02;
/** Windows the prior's level counts as, and excesses its mean counts as: half a day, of which 2 % are 14. */
const PRIOR_WINDOWS = 720;
const PRIOR_EXCESSES = 15;
/** The level follows at the pace of a mean over so many windows: two days. */
const LEVEL_WINDOWS = 2880;
/** Its step in levels of the prior: a function half as noisy as others finds its own in two days. */
const LEVEL_STEP = 10;
/** An excess counts for at most so many mean ones: one wild window cannot own the tail. */
const WINSOR = 8;
const EXCESS_DECAY = 1 - 1 / 300;

/** −log10 P(an error as large or larger) of a function, by its own past. 0 up to its level. */
export function tailSurprise(tail: Float32Array, at: number, error: number, prior: TailPrior): number {
  const level = levelOf(tail, at, prior);
  return error <= level ? 0 : paretoSurprise(error - level, scaleOf(tail, at, prior), prior.shape);
}

/**
 * −log10 of `EXCEEDING` × the generalised Pareto tail (Pickands 1975; peaks over a threshold as in Siffer et al., SPOT,
 * KDD 2017). The shape is pooled over all functions: fitted to one it is fragile.
 */
export function paretoSurprise(excess: number, scale: number, shape: number): number {
  const ratio = excess / scale;
  const beyond = shape > 0.001 ? Math.log1p(shape * ratio) / shape : ratio;
  return Math.min(MAX_SURPRISE, (beyond - Math.log(EXCEEDING)) / Math.LN10);
}

/** Absorbs one window that no incident covers. Call after `tailSurprise`. */
export function learnTail(tail: Float32Array, at: number, error: number, prior: TailPrior): void {
  const level = levelOf(tail, at, prior);
  const scale = scaleOf(tail, at, prior);
  const windows = tail[at]!;
  const step = (prior.level * LEVEL_STEP) / (Math.min(windows, LEVEL_WINDOWS) + PRIOR_WINDOWS);
  if (error > level) {
    const excess = Math.min(error - level, WINSOR * scale);
    tail[at + 2] = tail[at + 2]! * EXCESS_DECAY + excess;
    tail[at + 3] = tail[at + 3]! * EXCESS_DECAY + 1;
    tail[at + 1] = level + step * (1 - EXCEEDING) - prior.level;
  } else tail[at + 1] = level - step * EXCEEDING - prior.level;
  tail[at] = Math.min(windows + 1, 16_777_216);
}

/** Stored as the difference from the prior's, so that a zeroed store is a fresh one. */
export function levelOf(tail: Float32Array, at: number, prior: TailPrior): number {
  return prior.level + tail[at + 1]!;
}

/** Scale of the Pareto tail that has the mean excess learnt: mean = scale / (1 − shape). */
export function scaleOf(tail: Float32Array, at: number, prior: TailPrior): number {
  const mean = (tail[at + 2]! + prior.excess * PRIOR_EXCESSES) / (tail[at + 3]! + PRIOR_EXCESSES);
  return mean * (1 - prior.shape);
}
