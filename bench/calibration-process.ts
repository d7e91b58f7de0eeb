import { upperTailSurprise } from '../models/statistical/normal.ts';
import type { Random } from '../scenarios/random.ts';
import { binomial, poisson } from './calibration-draws.ts';

/** Series without anomalies: what a function can be like while nothing is wrong. */
export const PROCESSES = ['poisson', 'bursts', 'seasonal', 'heavy', 'sparse', 'trending'] as const;
export type ProcessName = (typeof PROCESSES)[number];

/** Shares of calls that are bad news, and spreads of logs; the same at all rates. */
export const SHARES = { err: 0.01, tmo: 0.001, oom: 0.0005, cold: 0.03, acc: 0.02 } as const;
const LOG_US = 17;
const LOG_KIB = 17.3;
const LOG_BYTES = 14;
const MICRO_USD_PER_US = 8.3e-6;
const SIGMA_US = 0.6;
const SIGMA_BYTES = 1;
/** Of the heavy process: this share of calls is another population, ×16 as long (and as big) and more spread. */
const SLOW_SHARE = 0.03;
const SLOW_LOG = 4;
const SLOW_SIGMA = 1.2;
const PARETO = 2.2;
const LARGEST_BATCH = 300;
const DAY = 1440;

/** What one minute held, as an open window of a shard has it. */
export interface MinuteDraw {
  n: number;
  err: number;
  tmo: number;
  oom: number;
  cold: number;
  acc: number;
  dn: number;
  ds: number;
  dss: number;
  tail: number;
  us: number;
  en: number;
  es: number;
  ess: number;
  bytes: number;
  ms: number;
  microUsd: number;
}

/** A sum of logs, of their squares, of the values, and how many lie beyond a bar. */
interface Logs {
  sum: number;
  squares: number;
  values: number;
  beyond: number;
}

/** One function's life, drawn minute by minute. Sums of a minute are drawn, not calls, where there are many. */
export class SimulatedFunction {
  readonly #random: Random;
  readonly #kind: ProcessName;
  readonly #rate: number;
  readonly #phase: number;
  #burst = 0;
  #fault = 0;
  #pace = 0;
  #environment = 0;
  #isActive = false;
  readonly out: MinuteDraw = {
    n: 0, err: 0, tmo: 0, oom: 0, cold: 0, acc: 0, dn: 0, ds: 0, dss: 0, tail: 0, us: 0, en: 0, es: 0, ess: 0, bytes: 0, ms: 0, microUsd: 0,
  }; // biome-ignore format: a list of zeros

  constructor(random: Random, kind: ProcessName, callsPerMinute: number) {
    this.#random = random;
    this.#kind = kind;
    this.#rate = callsPerMinute;
    this.#phase = random.unit() * 2 * Math.PI;
  }

  /**
   * Draws a minute; `slowBar` = log2 µs beyond which a call counts as slow. Null without calls. The result is reused.
   * @param minute since the start, a Monday
   */
  draw(minute: number, slowBar: number): MinuteDraw | null {
    const n = this.#calls(minute);
    if (n === 0) return null;
    this.#bad(n);
    const { out } = this;
    const drift = this.#kind === 'trending' ? (0.01 * minute) / DAY : 0;
    const rhythm = this.#kind === 'seasonal' ? 0.15 * Math.sin((2 * Math.PI * minute) / DAY + this.#phase) : 0;
    this.#pace = this.#kind === 'bursts' ? next(this.#random, this.#pace, 30, 0.15) : 0;
    this.#environment = next(this.#random, this.#environment, 60, 0.03);
    out.dn = n - Math.min(n, out.cold + out.tmo);
    const took = this.#logs(out.dn, LOG_US + drift + rhythm + this.#pace, SIGMA_US, slowBar);
    out.ds = took.sum;
    out.dss = took.squares;
    out.tail = took.beyond;
    out.us = took.values;
    out.microUsd = (took.values + (n - out.dn) * 2 ** (LOG_US + 1)) * MICRO_USD_PER_US + 0.2 * n;
    const sent = this.#logs(n, LOG_BYTES + drift, SIGMA_BYTES, Number.POSITIVE_INFINITY);
    out.en = n;
    out.es = sent.sum;
    out.ess = sent.squares;
    out.bytes = Math.round(sent.values);
    out.ms = n * (LOG_KIB + this.#environment) + 0.02 * Math.sqrt(n) * this.#random.normal();
    return out;
  }

  #bad(n: number): void {
    const { out } = this;
    const random = this.#random;
    this.#fault = this.#kind === 'bursts' ? next(random, this.#fault, 15, 0.6) : 0;
    const factor = Math.exp(this.#fault - (this.#kind === 'bursts' ? 0.18 : 0));
    out.n = n;
    out.tmo = binomial(random, n, SHARES.tmo * factor);
    out.oom = binomial(random, n, SHARES.oom * factor);
    out.err = Math.min(n, out.tmo + out.oom + binomial(random, n, SHARES.err * factor));
    out.cold = binomial(random, n, SHARES.cold * factor);
    out.acc = binomial(random, n, SHARES.acc * factor);
  }

  /** Logs of `n` values 2^N(mean, sigma²), of two populations in the heavy process. */
  #logs(n: number, mean: number, sigma: number, bar: number): Logs {
    const all = { sum: 0, squares: 0, values: 0, beyond: 0 };
    if (this.#kind !== 'heavy') {
      addLogs(this.#random, all, n, mean, sigma, bar);
      return all;
    }
    const slow = binomial(this.#random, n, SLOW_SHARE);
    addLogs(this.#random, all, n - slow, mean, sigma, bar);
    addLogs(this.#random, all, slow, mean + SLOW_LOG, SLOW_SIGMA, bar);
    return all;
  }

  #calls(minute: number): number {
    const random = this.#random;
    const rate = this.#rate;
    switch (this.#kind) {
      case 'poisson':
        return poisson(random, rate);
      case 'bursts':
        this.#burst = next(random, this.#burst, 20, 0.5);
        return poisson(random, rate * Math.exp(this.#burst - 0.125) * random.gammaOfMeanOne(3));
      case 'seasonal': {
        const day = Math.floor(minute / DAY) % 7;
        const ofDay = Math.exp(0.8 * Math.sin((2 * Math.PI * minute) / DAY + this.#phase));
        return poisson(random, (day >= 5 ? 0.5 : 1) * ofDay * rate);
      }
      case 'heavy':
        return batches(random, rate);
      case 'sparse': // active for half an hour, twice a day and more
        if (random.chance(this.#isActive ? 1 / 30 : 1 / 570)) this.#isActive = !this.#isActive;
        return this.#isActive ? poisson(random, 20 * rate) : 0;
      case 'trending':
        return poisson(random, rate * Math.exp((0.03 * minute) / DAY - 0.3));
    }
  }
}

/** A stationary autoregression of the first order: `memory` minutes, standard deviation `sigma`. */
function next(random: Random, value: number, memory: number, sigma: number): number {
  const keep = 1 - 1 / memory;
  return keep * value + sigma * Math.sqrt(1 - keep * keep) * random.normal();
}

function addLogs(random: Random, to: Logs, n: number, mean: number, sigma: number, bar: number): void {
  if (n <= 0) return;
  if (n <= 40) {
    for (let i = 0; i < n; i++) {
      const x = mean + sigma * random.normal();
      to.sum += x;
      to.squares += x * x;
      to.values += 2 ** x;
      if (x > bar) to.beyond++;
    }
    return;
  }
  const nat = sigma * Math.LN2;
  const shift = random.normal();
  const sum = n * mean + Math.sqrt(n) * sigma * shift;
  to.sum += sum;
  to.squares += (sum * sum) / n + sigma * sigma * (n - 1) * random.gammaOfMeanOne((n - 1) / 2);
  to.values += n * 2 ** mean * Math.exp((nat * nat) / 2) * random.gammaOfMeanOne(n / Math.expm1(nat * nat));
  to.beyond += binomial(random, n, 10 ** -upperTailSurprise((bar - mean) / sigma));
}

/** Sizes of batches: discrete Pareto, P(size >= k) = k^−PARETO up to the largest. */
const BEYOND = Float64Array.from({ length: LARGEST_BATCH + 2 }, (_, k) =>
  k <= LARGEST_BATCH ? Math.max(1, k) ** -PARETO : 0,
);
const MEAN_BATCH = BEYOND.slice(1).reduce((sum, p) => sum + p, 0);
/** Up to this many batches are drawn one by one; of more, the numbers of each size. */
const FEW_BATCHES = 60;

function batches(random: Random, rate: number): number {
  const count = poisson(random, rate / MEAN_BATCH);
  let calls = 0;
  if (count <= FEW_BATCHES) {
    for (let i = 0; i < count; i++) calls += Math.min(LARGEST_BATCH, Math.floor((1 - random.unit()) ** (-1 / PARETO)));
    return calls;
  }
  let left = count;
  for (let size = 1; left > 0 && size <= LARGEST_BATCH; size++) {
    if (left <= FEW_BATCHES) {
      const least = BEYOND[size]!;
      for (; left > 0; left--)
        calls += Math.min(LARGEST_BATCH, Math.floor((least * (1 - random.unit())) ** (-1 / PARETO)));
      return calls;
    }
    const here = binomial(random, left, 1 - BEYOND[size + 1]! / BEYOND[size]!);
    calls += here * size;
    left -= here;
  }
  return calls;
}
