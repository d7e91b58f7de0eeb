/** Buckets of delays grow by a quarter. */
const RATIO = 1.25;
const LEAST_MS = 100;
const BUCKETS = 48;
/** What is older was not delivered late but comes again, or is history, ms. */
const MOST_MS = 5 * 60_000;
/** What was heard this long ago counts half, ms. */
const HALF_LIFE_MS = 3 * 60_000;
const SHARE = 0.99;
/** Never less: the last lines of a minute, on their way, ms. */
const FLOOR_MS = 3_000;

/**
 * How long logs are under way to us: what nearly all of those of the last minutes took. A stream that is buffered for a
 * minute brings events that are a minute old, and time must not pass them. O(buckets) a question, asked a few times a second.
 */
export class DeliveryDelay {
  readonly #counts = new Float64Array(BUCKETS);
  #atMs = Number.NaN;
  #startMs: number;

  /** @param startMs what is taken for it until something was heard */
  constructor(startMs: number) {
    this.#startMs = startMs;
  }

  /** An event came that was under way for so long. @param atMs now, by a clock that never jumps, ms */
  hear(delayMs: number, atMs: number): void {
    if (!(delayMs <= MOST_MS)) return;
    if (Number.isNaN(this.#atMs)) this.#atMs = atMs;
    const bucket = Math.ceil(Math.log(Math.max(delayMs, LEAST_MS) / LEAST_MS) / Math.log(RATIO));
    // newer ones weigh more, rather than older ones less: nothing has to be gone through
    this.#counts[Math.min(bucket, BUCKETS - 1)]! += 2 ** ((atMs - this.#atMs) / HALF_LIFE_MS);
    if (atMs - this.#atMs > 100 * HALF_LIFE_MS) this.#rescale(atMs);
  }

  get ms(): number {
    let all = 0;
    for (const count of this.#counts) all += count;
    if (all === 0) return this.#startMs;
    let bucket = 0;
    for (let under = this.#counts[0]!; under < all * SHARE && bucket < BUCKETS - 1; under += this.#counts[bucket]!)
      bucket++;
    return Math.min(MOST_MS, Math.max(FLOOR_MS, LEAST_MS * RATIO ** bucket));
  }

  #rescale(atMs: number): void {
    const weight = 2 ** (-(atMs - this.#atMs) / HALF_LIFE_MS);
    for (let i = 0; i < BUCKETS; i++) this.#counts[i]! *= weight;
    this.#atMs = atMs;
  }
}
