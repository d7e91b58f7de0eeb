import { logGamma } from '../models/statistical/log-gamma.ts';
import type { Random } from '../scenarios/random.ts';

/*
 * Draws whose tails are right to one in 10^7: the benchmark asks about tails, so nothing here is a rounded normal.
 */

/** Poisson at any mean: products of uniforms below 12, else PTRS (Hörmann 1993, "The transformed rejection method"). */
export function poisson(random: Random, mean: number): number {
  if (!(mean > 0)) return 0;
  if (mean < 12) {
    const limit = Math.exp(-mean);
    let count = 0;
    for (let product = random.unit(); product > limit; product *= random.unit()) count++;
    return count;
  }
  const b = 0.931 + 2.53 * Math.sqrt(mean);
  const a = -0.059 + 0.02483 * b;
  const inverse = 1.1239 + 1.1328 / (b - 3.4);
  const inside = 0.9277 - 3.6224 / (b - 2);
  const logMean = Math.log(mean);
  for (;;) {
    const u = random.unit() - 0.5;
    const v = random.unit();
    const edge = 0.5 - Math.abs(u);
    const k = Math.floor(((2 * a) / edge + b) * u + mean + 0.43);
    if (edge >= 0.07 && v <= inside) return k;
    if (k < 0 || (edge < 0.013 && v > edge)) continue;
    const left = Math.log((v * inverse) / (a / (edge * edge) + b));
    if (left <= k * logMean - mean - logGamma(k + 1)) return k;
  }
}

/** Binomial: inversion where few are expected, else BTRS (Hörmann 1993). */
export function binomial(random: Random, trials: number, share: number): number {
  if (trials <= 0 || !(share > 0)) return 0;
  if (share >= 1) return trials;
  if (share > 0.5) return trials - binomial(random, trials, 1 - share);
  return trials * share < 12 ? inverted(random, trials, share) : rejected(random, trials, share);
}

function inverted(random: Random, trials: number, share: number): number {
  const odds = share / (1 - share);
  let term = Math.exp(trials * Math.log1p(-share));
  let rest = random.unit();
  let k = 0;
  while (rest > term && k < trials) {
    rest -= term;
    k++;
    term *= (odds * (trials - k + 1)) / k;
  }
  return k;
}

function rejected(random: Random, n: number, p: number): number {
  const spread = Math.sqrt(n * p * (1 - p));
  const b = 1.15 + 2.53 * spread;
  const a = -0.0873 + 0.0248 * b + 0.01 * p;
  const centre = n * p + 0.5;
  const inside = 0.92 - 4.2 / b;
  const alpha = (2.83 + 5.1 / b) * spread;
  const mode = Math.floor((n + 1) * p);
  const logOdds = Math.log(p / (1 - p));
  const atMode = logGamma(mode + 1) + logGamma(n - mode + 1);
  for (;;) {
    const u = random.unit() - 0.5;
    const v = random.unit();
    const edge = 0.5 - Math.abs(u);
    const k = Math.floor(((2 * a) / edge + b) * u + centre);
    if (edge >= 0.07 && v <= inside) return k;
    if (k < 0 || k > n) continue;
    const left = Math.log((v * alpha) / (a / (edge * edge) + b));
    if (left <= atMode - logGamma(k + 1) - logGamma(n - k + 1) + (k - mode) * logOdds) return k;
  }
}

/** Sum of `n` independent lognormal values 2^(m + s Z): drawn one by one up to 40, a gamma of the same two moments beyond. */
export function sumOfLognormals(random: Random, n: number, mean: number, sigma: number): number {
  if (n <= 0) return 0;
  if (n <= 40) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += 2 ** (mean + sigma * random.normal());
    return sum;
  }
  const nat = sigma * Math.LN2;
  const average = 2 ** mean * Math.exp((nat * nat) / 2);
  const variation = Math.expm1(nat * nat);
  return n * average * random.gammaOfMeanOne(n / variation);
}
