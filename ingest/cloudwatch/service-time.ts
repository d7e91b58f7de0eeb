/** Further apart than this, our clock is not believed, ms: what is asked for has to be in the time of those who keep the logs. */
const DOUBT_MS = 60_000;
/** A `Date` header is cut to the second. */
const HALF_SECOND_MS = 500;

/** A moment, by two clocks. */
export interface Moment {
  /** ms since 1970, for what is asked for and what is kept; it may be set back, or forward */
  readonly wallMs: number;
  /** a clock that never jumps, ms: for how long ago, and until when to wait */
  readonly steadyMs: number;
}

/**
 * The time by which logs are asked for: our wall clock, unless it is more than a minute from what the service says with each
 * answer, carried on by a clock that never jumps. So a wall clock that is wrong, or is set back or forward, neither
 * skips events nor looks for them in the future, and one that was put right is believed again. Where the service tells no
 * time it is the wall clock.
 */
export class ServiceTime {
  readonly #wallMs: () => number;
  readonly #steadyMs: () => number;
  /** the clock of the service less the steady one; NaN = not heard yet */
  #offsetMs = Number.NaN;
  /** since when answers have told yet another time, by the steady clock; NaN = they do not */
  #otherMs = Number.NaN;

  constructor(wallMs: () => number, steadyMs: () => number) {
    this.#wallMs = wallMs;
    this.#steadyMs = steadyMs;
  }

  /** @param dateMs the time of an answer that comes now, by its `Date` header, ms since 1970 */
  heard(dateMs: number): void {
    if (!Number.isFinite(dateMs)) return;
    const steadyMs = this.#steadyMs();
    const offsetMs = dateMs + HALF_SECOND_MS - steadyMs;
    const isAnother = Math.abs(offsetMs - this.#offsetMs) > DOUBT_MS && Math.abs(dateMs - this.#wallMs()) > DOUBT_MS;
    if (!isAnother) this.#otherMs = Number.NaN;
    else if (Number.isNaN(this.#otherMs)) this.#otherMs = steadyMs;
    // one odd server, or a page from a cache, is not believed against all that was said before
    if (!(steadyMs - this.#otherMs <= DOUBT_MS)) this.#offsetMs = offsetMs;
  }

  get nowMs(): number {
    const wallMs = this.#wallMs();
    const theirsMs = this.#offsetMs + this.#steadyMs();
    return Math.abs(theirsMs - wallMs) > DOUBT_MS ? Math.floor(theirsMs) : wallMs;
  }

  get now(): Moment {
    return { wallMs: this.nowMs, steadyMs: this.#steadyMs() };
  }
}
