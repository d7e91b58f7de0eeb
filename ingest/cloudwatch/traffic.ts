import type { PolledEvent } from './api.ts';

/** How fast the estimate of the rate follows: up at once, down slowly, ms. */
const RISE_MS = 15_000;
const FALL_MS = 5 * 60_000;
/** How fast it is forgotten how late events came, ms. */
const LATE_FALL_MS = 10 * 60_000;
/** What an event takes besides its text in a page, bytes. */
const EVENT_BYTES = 26;

export interface TrafficState {
  /** events a second */
  readonly rate: number;
  /** bytes of an event, mean */
  readonly bytes: number;
  /** time of the newest event, ms; null = none yet */
  readonly newestMs: number | null;
  /** how far behind what was covered already an event came, at most, of late; ms */
  readonly lateMs: number;
}

export const NO_TRAFFIC: TrafficState = { rate: 0, bytes: 200, newestMs: null, lateMs: 0 };

/** What is known of the traffic of one log group: how much, and how late. */
export class Traffic {
  #rate: number;
  #bytes: number;
  #newestMs: number;
  #lateMs: number;
  #agedMs = Number.NaN;
  #lateAtMs = Number.NEGATIVE_INFINITY;

  constructor({ rate, bytes, newestMs, lateMs }: TrafficState) {
    this.#rate = rate;
    this.#bytes = bytes;
    this.#newestMs = newestMs ?? Number.NEGATIVE_INFINITY;
    this.#lateMs = lateMs;
  }

  get state(): TrafficState {
    const newestMs = Number.isFinite(this.#newestMs) ? this.#newestMs : null;
    return { rate: this.#rate, bytes: this.#bytes, newestMs, lateMs: this.#lateMs };
  }

  get isKnown(): boolean {
    return Number.isFinite(this.#newestMs);
  }

  get rate(): number {
    return this.#rate;
  }

  get bytes(): number {
    return this.#bytes + EVENT_BYTES;
  }

  /** -Infinity before the first event */
  get newestMs(): number {
    return this.#newestMs;
  }

  get lateMs(): number {
    return this.#lateMs;
  }

  /** What an event a second is worth is asked for at the fastest; four times as rare an event at half the pace. */
  intervalMs(fastestMs: number): number {
    return fastestMs / Math.sqrt(Math.min(1, this.#rate));
  }

  /** One new event; `coveredMs` is how far had been read before. */
  heard({ timestampMs, message }: PolledEvent, coveredMs: number): void {
    this.#bytes += (message.length - this.#bytes) / 64;
    if (timestampMs > this.#newestMs) this.#newestMs = timestampMs;
    if (coveredMs - timestampMs > this.#lateMs) {
      this.#lateMs = coveredMs - timestampMs;
      this.#lateAtMs = coveredMs;
    }
  }

  /** So many new events came in so much time. */
  counted(events: number, spanMs: number): void {
    if (!(spanMs > 0)) return;
    const rate = (events * 1000) / spanMs;
    this.#rate += (rate - this.#rate) * (1 - Math.exp(-spanMs / (rate > this.#rate ? RISE_MS : FALL_MS)));
  }

  age(nowMs: number): void {
    const passedMs = nowMs - Math.max(this.#agedMs, this.#lateAtMs);
    if (passedMs > 0) this.#lateMs *= Math.exp(-passedMs / LATE_FALL_MS);
    this.#agedMs = nowMs;
  }
}
