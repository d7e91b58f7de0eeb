import type { EventRequest } from './api.ts';
import type { GroupPoller } from './group-poller.ts';
import type { Job } from './job.ts';
import type { Moment } from './service-time.ts';
import type { TokenBucket } from './token-bucket.ts';

/** A sweep that waits gets one of so many requests, though polls are due. */
const SWEEP_TURN = 3;

export interface Fetch {
  readonly poller: GroupPoller;
  readonly job: Job;
  readonly request: EventRequest;
}

/**
 * Which log group of one account and region is asked next: of those that are due the one that has waited longest for what
 * it is worth, so that all are slowed down alike where the quota does not do; pages that are missing of a poll come before
 * new polls, sweeps after them. O(groups) a request.
 */
export class Schedule {
  readonly bucket: TokenBucket;
  readonly pollers = new Map<string, GroupPoller>();
  readonly #mostUnderWay: number;
  #underWay = 0;
  #sinceSweep = 0;

  constructor(bucket: TokenBucket, mostUnderWay: number) {
    this.bucket = bucket;
    this.#mostUnderWay = mostUnderWay;
  }

  /** The next request to make now; null = none. Tell of its end with `ended`. */
  next(now: Moment): Fetch | null {
    const { steadyMs } = now;
    if (this.#underWay >= this.#mostUnderWay || this.bucket.readyMs(steadyMs) > steadyMs) return null;
    const tail = this.#mostUrgent(now);
    const sweep = tail === null || this.#sinceSweep >= SWEEP_TURN ? this.#sweepDue(now) : null;
    const poller = sweep ?? tail;
    if (poller === null || !this.bucket.take(steadyMs)) return null;
    this.#underWay++;
    this.#sinceSweep = sweep === null ? this.#sinceSweep + 1 : 0;
    return { poller, ...(sweep === null ? poller.nextTail(now) : poller.nextSweep(now)) };
  }

  ended(): void {
    this.#underWay--;
  }

  /** When to ask again, by the steady clock, ms; Infinity = an answer has to come first, or there is nothing to poll. */
  nextMs(now: Moment): number {
    if (this.#underWay >= this.#mostUnderWay) return Number.POSITIVE_INFINITY;
    let dueMs = Number.POSITIVE_INFINITY;
    for (const poller of this.pollers.values()) dueMs = Math.min(dueMs, poller.dueMs(now));
    return dueMs === Number.POSITIVE_INFINITY ? dueMs : Math.max(dueMs, this.bucket.readyMs(now.steadyMs));
  }

  #mostUrgent(now: Moment): GroupPoller | null {
    let most = 0;
    let found: GroupPoller | null = null;
    for (const poller of this.pollers.values()) {
      const urgency = poller.urgency(now);
      if (urgency <= most) continue;
      most = urgency;
      found = poller;
    }
    return found;
  }

  #sweepDue(now: Moment): GroupPoller | null {
    let leastMs = now.steadyMs;
    let found: GroupPoller | null = null;
    for (const poller of this.pollers.values()) {
      const dueMs = poller.sweepDueMs(now);
      if (dueMs > leastMs || (found !== null && dueMs === leastMs)) continue;
      leastMs = dueMs;
      found = poller;
    }
    return found;
  }
}
