import type { GroupPoller } from './group-poller.ts';

/** How late events usually come to where they can be read, ms: nothing newer is taken for complete. */
const DELIVERY_MS = 10_000;
/** Time waits for log groups that are asked at least this often, ms. */
const ACTIVE_MS = 10_000;
/** It waits no longer than this for one that cannot be read while others can, ms. */
const HOLD_MS = 60_000;
/** What the clock trails by shrinks by so much of the time that passes. */
const CATCH_UP = 0.05;

/**
 * How far time is for the log groups of one lane. No line says that it was the last of its minute, so time follows from the
 * polls: everything up to the start of a group's last poll was read, but for what CloudWatch delivers later.
 *
 * Time waits for groups with traffic, which are asked every few seconds, and not for quiet ones: their few events come up to
 * `slowestMs` late, which counts (`live.latenessMs` is minutes) and is judged when it comes; waiting would hold up the alerts
 * of the others for a minute, always. Nor does it wait longer than a minute for a group that fails while others answer. When
 * nothing answers it stands still: silence of ours is not silence of theirs.
 *
 * It advances as smoothly as the wall clock, by trailing it as far as the slowest of those polls did of late, not in steps of
 * polls: what was found early is said with the next tick, so a hot group's alert waits for no other group's poll.
 */
export class PolledClock {
  #trailMs = 0;
  #atMs = Number.NaN;
  timeMs: number;

  /** @param timeMs where time stood; NaN = nowhere yet */
  constructor(timeMs: number) {
    this.timeMs = timeMs;
  }

  /** How far time is now, ms; never goes back. */
  advance(pollers: Iterable<GroupPoller>, nowMs: number): number {
    let activeMs = Number.POSITIVE_INFINITY;
    let newestMs = Number.NEGATIVE_INFINITY;
    for (const { coveredMs, intervalMs, isGone } of pollers) {
      if (isGone) continue;
      if (coveredMs > newestMs) newestMs = coveredMs;
      if (intervalMs <= ACTIVE_MS && coveredMs < activeMs) activeMs = coveredMs;
    }
    if (newestMs === Number.NEGATIVE_INFINITY) return this.timeMs;
    const readMs = Math.min(newestMs, Math.max(activeMs, newestMs - HOLD_MS));
    const passedMs = Number.isNaN(this.#atMs) ? 0 : Math.max(0, nowMs - this.#atMs);
    this.#atMs = nowMs;
    this.#trailMs = Math.max(nowMs - readMs, this.#trailMs - CATCH_UP * passedMs);
    const timeMs = nowMs - this.#trailMs - DELIVERY_MS;
    if (!(timeMs <= this.timeMs)) this.timeMs = timeMs;
    return this.timeMs;
  }

  /** Everything before this was read. */
  reach(timeMs: number): void {
    if (!(timeMs <= this.timeMs)) this.timeMs = timeMs;
  }
}
