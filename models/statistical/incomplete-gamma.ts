import { halfDeviance } from './deviance.ts';
import { stirlingError } from './log-gamma.ts';
import { isNearMiddle, logSaddlepointTail } from './saddlepoint-tail.ts';
import { logComplement } from './surprise.ts';

const INVERSE_TWO_PI = 0.15915494309189535;
const RELATIVE_ERROR = 1e-12;
const MAX_TERMS = 100_000;

/**
 * ln P(a, x), the regularised lower incomplete gamma function: ln P(X <= x) for X ~ Gamma(shape a, scale 1), a > 0.
 * Relative error of the probability < 1e-6 near the middle of a large shape, else ≈ 1e-12 (+ 1e-16 · |result|); tails
 * of any depth. Continued fractions: DLMF 8.9.2 and the limit of 8.17.22. Cost ≈ 200–450 ns.
 */
export function logLowerIncompleteGamma(a: number, x: number): number {
  if (!(a > 0 && x >= 0)) return Number.NaN;
  return lowerIsDirect(a, x) ? logLower(a, x) : logComplement(logUpper(a, x));
}

/** ln Q(a, x) = ln P(X > x) for X ~ Gamma(shape a, scale 1). As `logLowerIncompleteGamma` in every respect. */
export function logUpperIncompleteGamma(a: number, x: number): number {
  if (!(a > 0 && x >= 0)) return Number.NaN;
  return lowerIsDirect(a, x) ? logComplement(logLower(a, x)) : logUpper(a, x);
}

/** The upper fraction is slow below 1, the lower one past the mean. */
function lowerIsDirect(a: number, x: number): boolean {
  return x <= a || x < 1;
}

function logLower(a: number, x: number): number {
  if (x === 0) return Number.NEGATIVE_INFINITY;
  const distance = a - x;
  const deviance = halfDeviance(a, x, distance);
  const error = stirlingError(a);
  if (distance >= 0 && isNearMiddle(a, deviance)) {
    const root = Math.sqrt(a);
    return logSaddlepointTail(deviance, distance / root, 1 / (3 * root), -error);
  }
  return Math.log(lowerFraction(a, x) * Math.sqrt(a * INVERSE_TWO_PI)) - error - deviance;
}

function logUpper(a: number, x: number): number {
  if (x === Number.POSITIVE_INFINITY) return Number.NEGATIVE_INFINITY;
  const distance = x - a;
  const deviance = halfDeviance(a, x, -distance);
  const error = stirlingError(a);
  if (isNearMiddle(a, deviance)) {
    const root = Math.sqrt(a);
    return logSaddlepointTail(deviance, distance / root, -1 / (3 * root), -error);
  }
  return Math.log(upperFraction(a, x) * Math.sqrt(a * INVERSE_TWO_PI)) - error - deviance;
}

/** γ(a, x) / (x^a e^−x): the even part of the incomplete beta fraction as b grows without limit. */
function lowerFraction(a: number, x: number): number {
  const distance = a - x;
  let inverse = 1 / (a + 1);
  let value = 1 / (a * (distance + 1) * inverse);
  let olderTop = 0;
  let olderBottom = value;
  for (let n = 1; n < MAX_TERMS; n++) {
    const w = n * x * inverse;
    const alpha = (a + n - 1) * x * inverse * w;
    inverse = 1 / (a + 2 * n + 1);
    const beta = n + w + (a + n) * inverse * (distance + 1 + 2 * n);
    const scale = 1 / (beta + alpha * olderBottom);
    const next = (beta * value + alpha * olderTop) * scale;
    olderTop = value * scale;
    olderBottom = scale;
    if (Math.abs(next - value) <= RELATIVE_ERROR * next) return next;
    value = next;
  }
  return value;
}

/** Γ(a, x) / (x^a e^−x) by Legendre's fraction. */
function upperFraction(a: number, x: number): number {
  let beta = x - a + 1;
  let value = 1 / beta;
  let olderTop = 0;
  let olderBottom = value;
  for (let n = 1; n < MAX_TERMS; n++) {
    const alpha = n * (a - n);
    beta += 2;
    const scale = 1 / (beta + alpha * olderBottom);
    const next = (beta * value + alpha * olderTop) * scale;
    olderTop = value * scale;
    olderBottom = scale;
    if (Math.abs(next - value) <= RELATIVE_ERROR * next) return next;
    value = next;
  }
  return value;
}
