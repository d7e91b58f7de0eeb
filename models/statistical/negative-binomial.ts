import { logLowerIncompleteBeta } from './incomplete-beta.ts';
import { logLowerIncompleteGamma, logUpperIncompleteGamma } from './incomplete-gamma.ts';
import { quantile as normalQuantile } from './normal.ts';
import { logComplement, MAX_SURPRISE, surpriseOfLog } from './surprise.ts';

/*
 * Counts N with mean m >= 0 and relative over-dispersion phi >= 0: variance m + phi m². A Poisson count whose rate
 * varies as a gamma variable of relative variance phi (Greenwood & Yule, 1920); phi = 0 is Poisson. With r = 1 / phi
 * and q = m / (m + r): P(N >= n) = I_q(n, r), the regularised incomplete beta function (DLMF 8.17.24). Counts up to
 * 1e7 and beyond, means 1e-9 … 1e7; NaN in, NaN out. Never a loop over n.
 */

/** Below this phi · max(n, m) the two families agree to 1e-5 in ln p, far tails included, and r loses its digits. */
const POISSON_BELOW = 1e-12;

/** −log10 P(N >= n); a fractional n counts as the next whole one, which is the same event. Cost ≈ 200–500 ns. */
export function upperSurprise(n: number, mean: number, phi: number): number {
  const count = Math.ceil(n);
  if (count <= 0) return 0;
  return surpriseOfLog(count === 1 ? logComplement(logZero(mean, phi)) : logAtLeast(count, mean, phi));
}

/** A window is as good as always looked at. */
const ALWAYS = 0.999;

/**
 * −log10 P(N >= n) of a window that is looked at because its last minute, which holds a call with probability `seen`,
 * holds one. Two bounds of that conditional probability, of which the smaller stands: P(N >= n) / seen; and one call and
 * those that come with it, N − 1 being the Palm version of N (Slivnyak 1962: a Poisson count is left as it is; a mixed
 * one is weighted by its rate, so phi becomes phi / (1 + phi) and the mean m (1 + phi)). Cost ≈ 200–1000 ns.
 */
export function upperSurpriseGivenCall(n: number, mean: number, phi: number, seen: number): number {
  const marginal = upperSurprise(n, mean, phi);
  if (seen >= ALWAYS) return marginal;
  const given = marginal + Math.log(seen) / Math.LN10;
  return Math.max(0, given, upperSurprise(n - 1, mean * (1 + phi), phi / (1 + phi)));
}

/** −log10 P(N <= n); a fractional n counts as the whole one below, which is the same event. Below 0 impossible. Cost ≈ 200–500 ns. */
export function lowerSurprise(n: number, mean: number, phi: number): number {
  const count = Math.floor(n);
  if (count === 0) return zeroSurprise(mean, phi);
  return surpriseOfLog(count < 0 ? Number.NEGATIVE_INFINITY : logAtMost(count, mean, phi));
}

/** −log10 P(N = 0): how surprising silence is. Closed form. Cost ≈ 15 ns. */
export function zeroSurprise(mean: number, phi: number): number {
  return surpriseOfLog(logZero(mean, phi));
}

/** Standardised distance of a count: a cheap gate, since few tails are needed where |z| is small. Cost ≈ 3 ns. */
export function quickZ(n: number, mean: number, phi: number): number {
  return (n - mean) / Math.sqrt(mean + phi * mean * mean);
}

/** The smallest n with P(N <= n) >= p, exactly; p in [0, 1). Cost ≈ 1–4 µs. */
export function quantile(p: number, mean: number, phi: number): number {
  return Math.max(0, upperThreshold(mean, phi, -Math.log1p(-p) / Math.LN10) - 1);
}

/**
 * The smallest n with `upperSurprise(n)` >= `surprise`: the count from which an open window is already over the bar.
 * 1 where the mean is 0, as anything then is a surprise. Cost ≈ 1–4 µs.
 */
export function upperThreshold(mean: number, phi: number, surprise: number): number {
  if (Number.isNaN(mean + phi + surprise)) return Number.NaN;
  if (surprise <= 0) return 0;
  if (surprise > MAX_SURPRISE) return Number.POSITIVE_INFINITY;
  if (upperSurprise(1, mean, phi) >= surprise) return 1;
  let low = 1;
  let lowGap = upperSurprise(1, mean, phi) - surprise;
  let high = Math.max(2, Math.ceil(guess(mean, phi, surprise)));
  let highGap = upperSurprise(high, mean, phi) - surprise;
  for (let step = Math.max(1, 0.1 * (high - mean)); highGap < 0; step *= 2) {
    low = high;
    lowGap = highGap;
    high = Math.ceil(high + step);
    highGap = upperSurprise(high, mean, phi) - surprise;
  }
  for (let round = 0; high - low > 1; round++) {
    // false position, with a bisection every third time against one end standing still
    const share = round % 3 === 2 ? 0.5 : lowGap / (lowGap - highGap);
    const middle = Math.min(high - 1, Math.max(low + 1, Math.ceil(low + share * (high - low))));
    if (!(middle > low && middle < high)) break; // neighbours: beyond 2 ** 53 they are more than 1 apart
    const gap = upperSurprise(middle, mean, phi) - surprise;
    if (gap >= 0) {
      high = middle;
      highGap = gap;
    } else {
      low = middle;
      lowGap = gap;
    }
  }
  return high;
}

/** Normal threshold with the skewness term of Cornish & Fisher, 1938. */
function guess(mean: number, phi: number, surprise: number): number {
  const variance = mean * (1 + phi * mean);
  const z = surprise < 300 ? -normalQuantile(10 ** -surprise) : Math.sqrt(2 * Math.LN10 * surprise);
  return mean + z * Math.sqrt(variance) + ((1 + 2 * phi * mean) * (z * z - 1)) / 6;
}

function isPoisson(n: number, mean: number, phi: number): boolean {
  return phi * Math.max(n, mean) < POISSON_BELOW;
}

function logZero(mean: number, phi: number): number {
  return isPoisson(1, mean, phi) ? -mean : -Math.log1p(mean * phi) / phi;
}

function logAtLeast(n: number, mean: number, phi: number): number {
  if (isPoisson(n, mean, phi)) return logLowerIncompleteGamma(n, mean);
  const scale = 1 / (1 + mean * phi);
  return logLowerIncompleteBeta(n, 1 / phi, mean * phi * scale, scale);
}

function logAtMost(n: number, mean: number, phi: number): number {
  if (isPoisson(n, mean, phi)) return logUpperIncompleteGamma(n + 1, mean);
  const scale = 1 / (1 + mean * phi);
  return logLowerIncompleteBeta(1 / phi, n + 1, scale, mean * phi * scale);
}
