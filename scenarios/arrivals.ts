import type { FunctionProfile } from './profile.ts';
import type { Random } from './random.ts';
import { expectedCalls, MINUTE_MS } from './rhythm.ts';

/** Half-life of the slow wander of a function's level: about half an hour. */
const WANDER_MEMORY = 0.978;

/** When the calls of one function come: its rhythm, a slow wander, noise from minute to minute, batches. */
export class Arrivals {
  readonly #profile: FunctionProfile;
  readonly #random: Random;
  #wander: number;
  /** calls that the rhythm alone led one to expect in the last minute asked for */
  expected = 0;

  constructor(profile: FunctionProfile, random: Random) {
    this.#profile = profile;
    this.#random = random;
    this.#wander = random.normal();
  }

  /**
   * Appends the times of the minute's calls to `times`, unsorted.
   * @param factor of benign surges
   */
  minute(ms: number, factor: number, times: number[]): void {
    const { archetype, traffic } = this.#profile;
    const random = this.#random;
    this.#wander = WANDER_MEMORY * this.#wander + Math.sqrt(1 - WANDER_MEMORY ** 2) * random.normal();
    this.expected = expectedCalls(this.#profile, ms);
    if (this.expected === 0) return;
    if (archetype === 'cron') {
      for (let i = 0; i < this.expected; i++)
        times.push(ms + random.integer(200, 2500) + Math.floor(random.unit() * 20 * Math.min(i, 800)));
      return;
    }
    const level = this.expected * factor * Math.exp(traffic.wanderSigma * this.#wander - traffic.wanderSigma ** 2 / 2);
    this.spread(level * random.gammaOfMeanOne(traffic.noiseShape), ms, ms + MINUTE_MS, times);
  }

  /** Appends calls at random between two moments, `mean` on average, in batches where the function has them. */
  spread(mean: number, fromMs: number, toMs: number, times: number[]): void {
    const random = this.#random;
    const { batchMean } = this.#profile.traffic;
    for (let batches = random.poisson(mean / batchMean); batches > 0; batches--) {
      const ms = Math.floor(random.between(fromMs, toMs));
      times.push(ms);
      while (batchMean > 1 && random.unit() > 1 / batchMean)
        times.push(Math.min(toMs - 1, ms + random.integer(0, 400)));
    }
  }
}
