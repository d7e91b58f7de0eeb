/**
 * A clock that joins this far behind the watermark is not waited for: what it brings is late whatever is done. It has a
 * say again once it is near.
 */
const NEAR_MS = 5 * 60_000;
/**
 * Ticks of each other clock without a word of this one, and it is taken for dead: 20 minutes of live ticks (four a second),
 * or 13 hours of a backlog that is read (one for ten seconds of it). Who takes over a dead worker's sources goes on with
 * its clock within a minute.
 */
const SILENT_TICKS = 4800;

/** The clocks as plain data, for snapshots: what each last said, and after how many ticks of all. */
export interface WatermarkState {
  readonly heard: number;
  readonly clocks: readonly (readonly [clock: string, timeMs: number, heardAt: number])[];
}

/** As version 3 of the state had it. */
type FormerState = readonly (readonly [clock: string, timeMs: number])[];

interface Clock {
  timeMs: number;
  /** ticks of all clocks up to its last */
  heardAt: number;
}

/**
 * The watermark of one partition that several sources write to, each with ticks of its own clock: the smallest of them,
 * so that nobody's events are late because another source is faster. Monotone; a function of the ticks in their order
 * alone. O(clocks) a tick.
 */
export class Watermark {
  readonly #clocks = new Map<string, Clock>();
  #heard = 0;
  timeMs = Number.NaN;

  /** Takes a tick; true when the watermark moved. `isLast` = nothing comes after it from this clock. */
  hear(name: string, timeMs: number, isLast = false): boolean {
    this.#heard++;
    const clock = this.#clocks.get(name);
    if (clock === undefined) this.#clocks.set(name, { timeMs, heardAt: this.#heard });
    else {
      clock.timeMs = Math.max(clock.timeMs, timeMs);
      clock.heardAt = this.#heard;
    }
    let agreedMs = this.#agreed();
    if (isLast) {
      this.#clocks.delete(name);
      agreedMs = Math.max(agreedMs, this.#agreed());
    }
    if (!(agreedMs > this.timeMs) && !Number.isNaN(this.timeMs)) return false;
    this.timeMs = agreedMs;
    return true;
  }

  /** -Infinity where no clock has a say. */
  #agreed(): number {
    const silent = this.#heard - SILENT_TICKS * Math.max(1, this.#clocks.size - 1);
    let leastMs = Number.POSITIVE_INFINITY;
    for (const [name, { timeMs, heardAt }] of this.#clocks) {
      if (heardAt < silent) this.#clocks.delete(name);
      else if (!(timeMs < this.timeMs - NEAR_MS) && timeMs < leastMs) leastMs = timeMs;
    }
    return leastMs === Number.POSITIVE_INFINITY ? Number.NEGATIVE_INFINITY : leastMs;
  }

  state(): WatermarkState {
    const clocks = [...this.#clocks].map(([name, { timeMs, heardAt }]) => [name, timeMs, heardAt] as const);
    return { heard: this.#heard, clocks: clocks.sort(([a], [b]) => (a < b ? -1 : 1)) };
  }

  restore(state: WatermarkState | FormerState, timeMs: number): void {
    const { heard, clocks } =
      'heard' in state ? state : { heard: 0, clocks: state.map(([name, clockMs]) => [name, clockMs, 0] as const) };
    this.#heard = heard;
    for (const [name, clockMs, heardAt] of clocks) this.#clocks.set(name, { timeMs: clockMs, heardAt });
    this.timeMs = timeMs;
  }
}
