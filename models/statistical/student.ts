import { logLowerIncompleteBeta } from './incomplete-beta.ts';
import { surpriseOfLog } from './surprise.ts';

/**
 * −log10 P(T >= t) of Student's t with real `degreesOfFreedom` >= 1 (any > 0 works); the lower tail is that of −t.
 * As exact as `logLowerIncompleteBeta`, at any depth. Abramowitz & Stegun 26.7.1. Cost ≈ 400 ns.
 */
export function upperTailSurprise(t: number, degreesOfFreedom: number): number {
  const share = t * t < degreesOfFreedom ? (t * t) / degreesOfFreedom : degreesOfFreedom / t / t;
  const larger = 1 / (1 + share);
  const smaller = share / (1 + share);
  const x = t * t < degreesOfFreedom ? larger : smaller; // of ν / (ν + t²); the other is t² / (ν + t²)
  const logBoth = logLowerIncompleteBeta(0.5 * degreesOfFreedom, 0.5, x, t * t < degreesOfFreedom ? smaller : larger);
  const logOne = logBoth - Math.LN2;
  return surpriseOfLog(t >= 0 ? logOne : Math.log1p(-Math.exp(logOne)));
}
