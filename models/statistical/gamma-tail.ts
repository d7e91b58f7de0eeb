import { logLowerIncompleteGamma, logUpperIncompleteGamma } from './incomplete-gamma.ts';
import { surpriseOfLog } from './surprise.ts';

/*
 * Tails of a positive sum taken as gamma distributed: `mean` > 0, `relativeVariance` = variance / mean² > 0, that is
 * shape 1 / relativeVariance. A fair model of total cost or bytes with moderate tails (Hogg & Klugman, "Loss
 * distributions", 1984); sums ruled by one heavy-tailed term exceed it. As exact as the incomplete gamma functions.
 */

/** −log10 P(X >= x). Cost ≈ 200–450 ns. */
export function upperSurprise(x: number, mean: number, relativeVariance: number): number {
  if (x <= 0) return 0;
  const shape = 1 / relativeVariance;
  return surpriseOfLog(logUpperIncompleteGamma(shape, (shape * x) / mean));
}

/** −log10 P(X <= x); impossible at and below 0. Cost ≈ 200–450 ns. */
export function lowerSurprise(x: number, mean: number, relativeVariance: number): number {
  if (x <= 0) return surpriseOfLog(Number.NEGATIVE_INFINITY);
  const shape = 1 / relativeVariance;
  return surpriseOfLog(logLowerIncompleteGamma(shape, (shape * x) / mean));
}
