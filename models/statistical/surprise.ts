/** No surprise is larger: a finite stand-in for "impossible" that still sorts above everything that can happen. */
export const MAX_SURPRISE = 1e12;

/** −log10 p from ln p, in [0, MAX_SURPRISE]. NaN stays NaN: an unknown is not an unremarkable value. Cost ≈ 1 ns. */
export function surpriseOfLog(logProbability: number): number {
  if (logProbability >= 0) return 0; // rounding may lift a certain event just above p = 1
  return Math.min(MAX_SURPRISE, -logProbability / Math.LN10);
}

/** ln(1 − e^x) for x <= 0, accurate at both ends: the log of one tail from the log of the other. Cost ≈ 20 ns. */
export function logComplement(logProbability: number): number {
  if (logProbability >= 0) return Number.NEGATIVE_INFINITY;
  return logProbability > -Math.LN2 ? Math.log(-Math.expm1(logProbability)) : Math.log1p(-Math.exp(logProbability));
}
