/** After a throttled request the rate falls to this part … */
const SHRINK = 0.6;
/** … but not below this part of what was asked for; it is won back in so long, ms. */
const LEAST = 0.05;
const RECOVER_MS = 120_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** Requests in a row that still count as one throttling, ms. */
const SAME_MS = 1000;

/**
 * The share of a quota, for one account and region: tokens at a steady rate, a second's worth at most. Throttling shrinks
 * the rate and stops all requests for a random time up to a bound that doubles ("full jitter"); then the rate recovers
 * steadily, so that several users of a quota settle beside each other.
 */
export class TokenBucket {
  readonly #random: () => number;
  #fullRate: number;
  #rate: number;
  #tokens = 1;
  #atMs: number;
  #pausedUntilMs = Number.NEGATIVE_INFINITY;
  #throttledMs = Number.NEGATIVE_INFINITY;
  #inARow = 0;

  /** @param rate requests a second; all times are of a clock that never jumps, ms */
  constructor(rate: number, steadyMs: number, random: () => number) {
    this.#fullRate = rate;
    this.#rate = rate;
    this.#atMs = steadyMs;
    this.#random = random;
  }

  /** requests a second that are made at present */
  get rate(): number {
    return this.#rate;
  }

  /** The share has changed: other replicas came or went. */
  resize(rate: number): void {
    if (rate === this.#fullRate) return;
    this.#rate = Math.min(rate, this.#rate * (rate / this.#fullRate));
    this.#fullRate = rate;
  }

  take(steadyMs: number): boolean {
    this.#refill(steadyMs);
    if (steadyMs < this.#pausedUntilMs || this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  /** When the next token is there, ms. */
  readyMs(steadyMs: number): number {
    this.#refill(steadyMs);
    const tokenMs = this.#tokens >= 1 ? steadyMs : steadyMs + Math.ceil(((1 - this.#tokens) / this.#rate) * 1000);
    return Math.max(tokenMs, this.#pausedUntilMs);
  }

  throttled(steadyMs: number): void {
    this.#refill(steadyMs);
    if (steadyMs - this.#throttledMs < SAME_MS) return; // those that were under way together
    this.#throttledMs = steadyMs;
    this.#rate = Math.max(this.#fullRate * LEAST, this.#rate * SHRINK);
    const bound = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#inARow++);
    this.#pausedUntilMs = steadyMs + this.#random() * bound;
  }

  succeeded(): void {
    this.#inARow = 0;
  }

  #refill(steadyMs: number): void {
    const passedMs = Math.max(0, steadyMs - this.#atMs);
    this.#atMs = steadyMs;
    this.#rate = Math.min(this.#fullRate, this.#rate + (this.#fullRate * passedMs) / RECOVER_MS);
    this.#tokens = Math.min(Math.max(1, this.#fullRate), this.#tokens + (this.#rate * passedMs) / 1000);
  }
}
