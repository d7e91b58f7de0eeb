import { gaussLegendre } from './gauss-legendre.ts';
import { logBeta, logGamma } from './log-gamma.ts';
import { logComplement, surpriseOfLog } from './surprise.ts';

/** Terms summed one by one before the rest, smooth by then, is integrated. */
const DIRECT_TERMS = 128;
/** Last terms before n, summed one by one: with beta < 1 the probabilities rise steeply there. */
const EDGE_TERMS = 32;
const NEGLIGIBLE = 1e-16;
/** Depth in ln units at which an integrand no longer counts. */
const DEPTH = 30;
const RULE = gaussLegendre(16);

/**
 * −log10 P(K >= k), K the successes of n trials whose probability is Beta(alpha, beta) distributed; alpha, beta > 0,
 * n up to 1e6 and beyond. A fractional k counts as the next whole one, n is rounded; k > n is impossible. NaN where n is
 * no exact whole number any more (2 ** 53).
 *
 * The smaller tail is summed from k outwards by the ratio of successive terms. Where 128 terms do not reach its end, the
 * rest is a midpoint integral (Euler–Maclaurin with the first correction) by Gauss–Legendre in the logit of k / n, where the
 * integrand has one peak. Relative error of the probability < 1e-9 if summed, < 1e-5 if integrated. Skellam, 1948.
 * Cost ≈ 0.3–1 µs, 8 µs if integrated.
 */
export function upperSurprise(k: number, n: number, alpha: number, beta: number): number {
  if (Number.isNaN(k + n + alpha + beta) || n > Number.MAX_SAFE_INTEGER) return Number.NaN;
  const successes = Math.ceil(k);
  const trials = Math.round(n);
  if (successes <= 0) return 0;
  if (successes > trials) return surpriseOfLog(Number.NEGATIVE_INFINITY);
  const mean = trials * (alpha / (alpha + beta));
  if (successes > mean) return surpriseOfLog(logTailFrom(successes, trials, alpha, beta));
  return surpriseOfLog(logComplement(logTailFrom(trials - successes + 1, trials, beta, alpha)));
}

/** ln P(K >= k) for 1 <= k <= n, k above the mean. */
function logTailFrom(k: number, n: number, alpha: number, beta: number): number {
  const logFirst = logBeta(k + alpha, n - k + beta) - logBeta(k + 1, n - k + 1) - Math.log1p(n) - logBeta(alpha, beta);
  let term = 1;
  let sum = 1;
  let next = k + 1;
  const directEnd = n - k <= 2 * DIRECT_TERMS ? n : k + DIRECT_TERMS;
  for (; next <= directEnd && term > NEGLIGIBLE * sum; next++) {
    term *= ratioTo(next, n, alpha, beta);
    sum += term;
  }
  if (next <= n && term > NEGLIGIBLE * sum) sum += term * smoothSum(next, n, alpha, beta);
  return logFirst + Math.log(sum);
}

/** P(K = j) / P(K = j − 1). */
function ratioTo(j: number, n: number, alpha: number, beta: number): number {
  return ((n - j + 1) * (alpha + j - 1)) / (j * (beta + n - j));
}

/** ln of P(K = j), less what does not depend on j; j may be fractional. */
function logShape(j: number, n: number, alpha: number, beta: number): number {
  return logGamma(j + alpha) - logGamma(j + 1) + (logGamma(n - j + beta) - logGamma(n - j + 1));
}

/** Sum of the terms first … n, in units of the term before: an integral over the logit of the share, and the edge. */
function smoothSum(first: number, n: number, alpha: number, beta: number): number {
  const logUnit = logShape(first - 1, n, alpha, beta);
  const last = n - EDGE_TERMS;
  const from = logit(first - 0.5, n);
  const whole = logit(last + 0.5, n) - from;
  const width = widthOfTail(from, whole, n, alpha, beta);
  const split = from + 0.25 * width; // most of it lies near its beginning
  const near = integrate(from, split, n, alpha, beta, logUnit);
  const far = integrate(split, from + width, n, alpha, beta, logUnit);
  const slope = ratioTo(first, n, alpha, beta) - 1; // of the terms, at the lower end
  const edge = width < whole ? 0 : edgeSum(n, alpha, beta, logUnit);
  return near + far + slope / 24 + edge;
}

/** Sum of the last terms, n downwards, in units of e^logUnit. */
function edgeSum(n: number, alpha: number, beta: number, logUnit: number): number {
  let term = Math.exp(logShape(n, n, alpha, beta) - logUnit);
  let sum = term;
  for (let i = 0; i < EDGE_TERMS - 1; i++) {
    term /= ratioTo(n - i, n, alpha, beta);
    sum += term;
  }
  return sum;
}

/** How far the integrand reaches, at most `whole`: where it has fallen by DEPTH from its peak so far. */
function widthOfTail(from: number, whole: number, n: number, alpha: number, beta: number): number {
  let peak = logIntegrand(from, n, alpha, beta);
  if (logIntegrand(from + whole, n, alpha, beta) >= peak - DEPTH) return whole;
  let low = 0;
  let high = whole;
  for (let width = whole / 512; width < whole; width *= 2) {
    const value = logIntegrand(from + width, n, alpha, beta);
    if (value < peak - DEPTH) {
      high = width;
      break;
    }
    if (value > peak) peak = value;
    low = width;
  }
  for (let round = 0; round < 3; round++) {
    const middle = 0.5 * (low + high);
    if (logIntegrand(from + middle, n, alpha, beta) < peak - DEPTH) high = middle;
    else low = middle;
  }
  return high;
}

function integrate(from: number, to: number, n: number, alpha: number, beta: number, logUnit: number): number {
  const half = 0.5 * (to - from);
  const centre = 0.5 * (to + from);
  let sum = 0;
  for (let i = 0; i < RULE.nodes.length; i++) {
    sum += RULE.weights[i]! * Math.exp(logIntegrand(centre + half * RULE.nodes[i]!, n, alpha, beta) - logUnit);
  }
  return half * sum;
}

function logit(j: number, n: number): number {
  return Math.log((j + 0.5) / (n - j + 0.5));
}

/** ln of P(K = j) dj / du at u = logit(j), less what does not depend on j. */
function logIntegrand(u: number, n: number, alpha: number, beta: number): number {
  const odds = Math.exp(u);
  const j = ((n + 0.5) * odds - 0.5) / (1 + odds);
  return logShape(j, n, alpha, beta) + Math.log(((n + 1) * odds) / ((1 + odds) * (1 + odds)));
}
