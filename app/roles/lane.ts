import { ArrivalClock, TICK_MS } from '../../ingest/clock.ts';
import { F, type FragmentBlock, FragmentKind, U } from '../../ingest/fragment.ts';
import type { FragmentSink } from './fragment-sink.ts';

/** Between two ticks of a stream that is read as it comes, ms: what is noticed early is said with the next one. */
const FINE_MS = 50;
/** How late the last lines of a minute usually come to where we read them, ms: nothing newer is taken for complete. */
const DELIVERY_MS = 10_000;
/** A source whose newest event is older is history, and its time does not go on by itself, ms. */
const LIVE_MS = 3600 * 1000;
/** An event from further in the future is not believed, ms. */
const FUTURE_MS = 60_000;

/** What the next reader of the same sources goes on from; plain data. */
export interface LaneState {
  /** last tick, NaN = none yet */
  readonly watermarkMs: number;
  /** its logs are of now: time goes on though nothing comes */
  readonly isLive: boolean;
  /** of the newest event; -Infinity = none yet */
  readonly newestMs: number;
}

const NEW: LaneState = { watermarkMs: Number.NaN, isLive: false, newestMs: Number.NEGATIVE_INFINITY };

/**
 * The sources that are read by one clock: their events in the order in which they came, and ticks among them. While
 * there is more to read, a tick stands on each multiple of ten seconds, at a place that follows from the data; at the end
 * of what there is, ticks follow the wall clock, so that silence is noticed.
 */
export class Lane {
  readonly name: string;
  readonly #sink: FragmentSink;
  readonly #clock: ArrivalClock;
  readonly #latestMs: () => number;
  #tickedMs: number;
  #newestMs: number;
  #isLive: boolean;
  /** it was told that nothing more comes; what comes all the same begins anew */
  #isOver = false;

  /** @param latestMs no tick is later than it says: for logs that come with a delay; none unless told */
  constructor(
    name: string,
    sink: FragmentSink,
    { watermarkMs, isLive, newestMs }: LaneState = NEW,
    latestMs: () => number = () => Number.POSITIVE_INFINITY,
  ) {
    this.name = name;
    this.#sink = sink;
    this.#latestMs = latestMs;
    this.#clock = new ArrivalClock(watermarkMs, FINE_MS);
    this.#tickedMs = watermarkMs;
    this.#isLive = isLive;
    this.#newestMs = newestMs;
  }

  get state(): LaneState {
    return { watermarkMs: this.#tickedMs, isLive: this.#isLive, newestMs: this.#newestMs };
  }

  /** NaN before the first tick */
  get watermarkMs(): number {
    return this.#tickedMs;
  }

  take(block: FragmentBlock): void {
    const { f, u, n } = block;
    let from = 0;
    for (let i = 0; i < n; i++) {
      const timeMs = f[i * F.stride + F.time]!;
      if (timeMs > this.#newestMs) this.#newestMs = timeMs;
      if (!this.#clock.observe(u[i * U.stride + U.fn]!, u[i * U.stride + U.id0]!, timeMs)) continue;
      const wholeMs = Math.floor(Math.min(this.#clock.watermarkMs, this.#latestMs()) / TICK_MS) * TICK_MS;
      if (wholeMs <= this.#tickedMs) continue;
      this.#sink.add(block, from, i + 1);
      from = i + 1;
      this.#tick(wholeMs);
    }
    this.#sink.add(block, from, n);
  }

  /** A block that has its ticks among its fragments already. */
  takeTicked(block: FragmentBlock): void {
    const { f, u, n } = block;
    let from = 0;
    for (let i = 0; i < n; i++) {
      if ((u[i * U.stride]! & 0xff) !== FragmentKind.tick) continue;
      this.#sink.add(block, from, i);
      from = i + 1;
      this.#tick(f[i * F.stride + F.time]!);
    }
    this.#sink.add(block, from, n);
  }

  /** @param isAtEnd nothing is left to read at present */
  tickLive(nowMs: number, isAtEnd: boolean): void {
    if (Number.isNaN(this.#clock.watermarkMs)) return;
    let timeMs = this.#clock.watermarkMs;
    if (this.#newestMs > nowMs - LIVE_MS) this.#isLive = true; // and stays so: silence is what is to be seen
    if (isAtEnd && !this.#isLive) {
      // history, read to its end: others must not wait for it
      if (!this.#isOver) this.end();
      return;
    }
    if (isAtEnd) timeMs = Math.max(timeMs, nowMs - DELIVERY_MS);
    timeMs = Math.min(timeMs, nowMs + FUTURE_MS, this.#latestMs());
    if (timeMs > this.#tickedMs || Number.isNaN(this.#tickedMs)) this.#tick(timeMs);
  }

  /** Nothing more will come: nobody has to wait for this clock. */
  end(): void {
    if (Number.isNaN(this.#tickedMs)) return;
    this.#isOver = true;
    this.#sink.tick({ timeMs: this.#tickedMs, clock: this.name, isLast: true });
  }

  #tick(timeMs: number): void {
    this.#tickedMs = timeMs;
    this.#isOver = false;
    this.#sink.tick({ timeMs, clock: this.name, isLast: false });
  }
}
