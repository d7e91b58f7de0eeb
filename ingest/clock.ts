/** Ticks stand on whole multiples of this. */
export const TICK_MS = 10_000;

/** Arrivals that vote. The clock trails a dense stream by two thirds of them. */
const ELECTORATE = 32;
/** So few sources are all heard, and a majority is a majority. Of more, the last arrivals are a sample, which takes a margin. */
const FEW = 8;
/** Time that passes without arrivals counts as an arrival each: who has been silent for 32 of them has no vote. */
const UNIT_MS = 3_000;
/** One arrival never counts as more than a quarter of the electorate, however far it jumped: four must agree on a gap. */
const MAX_UNITS = ELECTORATE / 4;

/** Doubles a source: times of its last three invocations, newest first; its own clock, and the pulse, when it last voted. */
const HISTORY = 5;

/**
 * Tells the time from the order in which fragments arrive: the watermark is what most sources agree on, rounded down to
 * whole ticks. Of the newest times of the distinct sources among the last arrivals it is the one that a half (of a few) or
 * two thirds (of many) have reached; a source that speaks alone is believed the median of its last three invocations. So
 * one event from the future never moves it, nor does a minority of sources that runs ahead for ever. Gaps are jumped as
 * soon as a few arrivals agree: how much time passed is taken from the *steps* of the sources' own clocks, which a wrong
 * clock does not spoil, and an arrival weighs by the time that it brought to light, which pushes out the votes of those
 * who fell silent. Pure and monotone. O(1) a fragment (25 ns), 45 bytes a source.
 */
export class ArrivalClock {
  /** ms, a multiple of `tickMs`; NaN until two arrivals agree. Never goes back. */
  watermarkMs: number;
  #history = new Float64Array(HISTORY * 256).fill(Number.NaN);
  #lastId = new Uint32Array(256);
  #ballots = new Uint8Array(256); // how many of the last arrivals are this source's
  readonly #ring = new Uint32Array(ELECTORATE); // the sources of the last arrivals
  #head = 0;
  #length = 0;
  #voters = 0; // distinct sources in the ring
  #behind = 0; // those of them whose newest time is below the next tick
  #previous = -1;
  /** Time that has passed since the start, ms: the steps of own clocks, each counted once. */
  #pulseMs = 0;
  #nextMs: number;
  readonly #scratch = new Float64Array(ELECTORATE);
  readonly #tickMs: number;

  /**
   * @param startMs a watermark to go on from; NaN = none
   * @param tickMs the watermark is rounded down to multiples of it
   */
  constructor(startMs = Number.NaN, tickMs = TICK_MS) {
    this.watermarkMs = startMs;
    this.#tickMs = tickMs;
    this.#nextMs = Number.isNaN(startMs) ? Number.NEGATIVE_INFINITY : startMs + tickMs;
  }

  /**
   * Hears one arrival; true when the watermark moved. `source` is a small number (that of the function key in the shared
   * dictionary), `id` the first word of the request id, 0 = none: pieces of one invocation that follow each other are
   * one arrival. A time that is not finite says nothing.
   */
  observe(source: number, id: number, timeMs: number): boolean {
    if (!(timeMs < Number.POSITIVE_INFINITY && timeMs > Number.NEGATIVE_INFINITY)) return false;
    if (source >= this.#ballots.length) this.#grow(source);
    const history = this.#history;
    const at = source * HISTORY;
    const lastMs = history[at]!;
    if (this.#ballots[source]! > 0) this.#behind += Number(timeMs < this.#nextMs) - Number(lastMs < this.#nextMs);
    if (id === 0 || id !== this.#lastId[source]) {
      history[at + 2] = history[at + 1]!;
      history[at + 1] = lastMs;
      this.#lastId[source] = id;
    }
    history[at] = timeMs;
    this.#vote(source);
    return this.#agreed(source);
  }

  /** Enters the arrival in the ring: again for each unit of time that nobody had told of, not at all for more of the same. */
  #vote(source: number): void {
    const history = this.#history;
    const at = source * HISTORY;
    const ownMs = this.#ownMs(source);
    const stepMs = ownMs - history[at + 3]!;
    const newsMs = stepMs - (this.#pulseMs - history[at + 4]!);
    let units = source === this.#previous ? 0 : 1;
    if (newsMs >= UNIT_MS) {
      units = Math.min(MAX_UNITS, Math.floor(newsMs / UNIT_MS));
      this.#pulseMs += newsMs;
    }
    this.#previous = source;
    if (units > 0 || !(stepMs >= 0)) {
      history[at + 3] = ownMs;
      history[at + 4] = this.#pulseMs;
    }
    for (; units > 0; units--) this.#enter(source);
  }

  #enter(source: number): void {
    if (this.#length === ELECTORATE) {
      const oldest = this.#ring[this.#head]!;
      if (--this.#ballots[oldest]! === 0) {
        this.#voters--;
        this.#behind -= Number(this.#history[oldest * HISTORY]! < this.#nextMs);
      }
    } else this.#length++;
    this.#ring[this.#head] = source;
    this.#head = (this.#head + 1) % ELECTORATE;
    if (this.#ballots[source]!++ === 0) {
      this.#voters++;
      this.#behind += Number(this.#history[source * HISTORY]! < this.#nextMs);
    }
  }

  /** Median of the last three invocations of a source, the earlier of two; NaN when it has only one. */
  #ownMs(source: number): number {
    const at = source * HISTORY;
    const a = this.#history[at]!;
    const b = this.#history[at + 1]!;
    const c = this.#history[at + 2]!;
    if (Number.isNaN(c)) return Number.isNaN(b) ? Number.NaN : Math.min(a, b);
    return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
  }

  #agreed(source: number): boolean {
    let agreedMs: number;
    if (this.#voters === 1) agreedMs = this.#ownMs(source);
    else if (this.#behind > this.#minority()) return false;
    else agreedMs = this.#quantileMs();
    if (!(agreedMs >= this.#nextMs)) return false;
    this.watermarkMs = Math.floor(agreedMs / this.#tickMs) * this.#tickMs;
    this.#nextMs = this.watermarkMs + this.#tickMs;
    this.#behind = 0;
    for (let i = this.#collect() - 1; i >= 0; i--) this.#behind += Number(this.#scratch[i]! < this.#nextMs);
    return true;
  }

  /** How many voters may be behind the time that all are taken to agree on. */
  #minority(): number {
    return Math.floor((this.#voters - 1) / (this.#voters < FEW ? 2 : 3));
  }

  #quantileMs(): number {
    return this.#scratch.subarray(0, this.#collect()).sort()[this.#minority()]!;
  }

  /** Fills the scratch with the newest time of each distinct source in the ring, and returns how many there are. */
  #collect(): number {
    let n = 0;
    for (let i = 0; i < this.#length; i++) {
      const source = this.#ring[i]!;
      if (this.#ring.indexOf(source) === i) this.#scratch[n++] = this.#history[source * HISTORY]!;
    }
    return n;
  }

  #grow(source: number): void {
    const length = Math.max(source + 1, 2 * this.#ballots.length);
    const history = new Float64Array(HISTORY * length).fill(Number.NaN);
    history.set(this.#history);
    this.#history = history;
    const lastId = new Uint32Array(length);
    lastId.set(this.#lastId);
    this.#lastId = lastId;
    const ballots = new Uint8Array(length);
    ballots.set(this.#ballots);
    this.#ballots = ballots;
  }
}
