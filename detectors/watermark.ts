/** A clock this far behind most others is not waited for: its source is stuck, and what it still brings is late. */
const LEFT_BEHIND_MS = 5 * 60_000;

/** The clocks as plain data, for snapshots. */
export type WatermarkState = readonly (readonly [clock: string, timeMs: number])[];

/**
 * The watermark of one partition that several sources write to, each with ticks of its own clock: the smallest of them,
 * so that nobody's events are late because another source is ahead. A clock that ended, or fell more than five minutes
 * behind the middle one, has no say until it is heard near the others again. Monotone; a function of the ticks in their
 * order alone. O(clocks) a tick.
 */
export class Watermark {
  readonly #clocks = new Map<string, number>();
  timeMs = Number.NaN;

  /** Takes a tick; true when the watermark moved. `isLast` = nothing comes after it from this clock. */
  hear(clock: string, timeMs: number, isLast = false): boolean {
    const known = this.#clocks.get(clock);
    if (known === undefined || timeMs > known) this.#clocks.set(clock, timeMs);
    let agreedMs = this.#agreed();
    if (isLast) {
      this.#clocks.delete(clock);
      if (this.#clocks.size > 0) agreedMs = Math.max(agreedMs, this.#agreed());
    }
    if (!(agreedMs > this.timeMs) && !Number.isNaN(this.timeMs)) return false;
    this.timeMs = agreedMs;
    return true;
  }

  #agreed(): number {
    const [only] = this.#clocks.values();
    if (this.#clocks.size === 1) return only!;
    const times = [...this.#clocks.values()].sort((a, b) => a - b);
    const middle = times[times.length >> 1]!;
    return times.find((timeMs) => timeMs >= middle - LEFT_BEHIND_MS)!;
  }

  state(): WatermarkState {
    return [...this.#clocks].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  restore(clocks: WatermarkState, timeMs: number): void {
    for (const [clock, clockMs] of clocks) this.#clocks.set(clock, clockMs);
    this.timeMs = timeMs;
  }
}
