import type { EventPage, EventRequest, LogsError, PolledEvent } from './api.ts';
import { PAGE_EVENTS } from './api.ts';
import type { GroupPoller } from './group-poller.ts';
import { backoffMs } from './job.ts';
import type { TokenBucket } from './token-bucket.ts';

/** Events that wait in memory for those of other groups, in all; so many pages are smaller. */
const MOST_WAITING = 1_000_000;
const LEAST_LIMIT = 500;
/** A group that fails so often in a row, which takes minutes, is left out. */
const TRIES = 20;

/** One log group that is read from where it stands up to a time, in the order of time. */
interface Listing {
  readonly poller: GroupPoller;
  startMs: number;
  token: string | null;
  isUnderWay: boolean;
  /** by a clock that never jumps, as all waiting here */
  retryMs: number;
  failures: number;
  isDone: boolean;
  /** it may not be read: the others do not wait for it */
  isLeftOut: boolean;
  /** events that came and wait for those of others, in the order of time */
  waiting: PolledEvent[];
  /** every event before this has come, ms */
  frontierMs: number;
}

export interface HistoryFetch {
  readonly listing: Listing;
  readonly request: EventRequest;
}

/** Events of one group. */
export interface GroupEvents {
  readonly poller: GroupPoller;
  readonly events: readonly PolledEvent[];
}

/**
 * Reads what lies behind: all log groups together in the order of event time, so that each minute is complete before the
 * next begins. A listing of CloudWatch is in the order of time itself; each group has one open, and what the slowest
 * of them has reached can be given out. So it takes as many requests as there are pages, however long the time: a quiet group's
 * fortnight is one. Pure; the caller makes the requests.
 */
export class History {
  readonly untilMs: number;
  readonly #listings: Listing[];
  readonly #limit: number;
  readonly #random: () => number;

  constructor(pollers: readonly GroupPoller[], untilMs: number, random: () => number) {
    this.untilMs = untilMs;
    this.#random = random;
    this.#limit = Math.max(LEAST_LIMIT, Math.min(PAGE_EVENTS, Math.floor(MOST_WAITING / Math.max(1, pollers.length))));
    this.#listings = pollers.map((poller) => ({
      poller,
      startMs: poller.resumeMs,
      token: null,
      isUnderWay: false,
      retryMs: Number.NEGATIVE_INFINITY,
      failures: 0,
      isDone: poller.coveredMs >= untilMs,
      isLeftOut: false,
      waiting: [],
      frontierMs: Math.min(poller.coveredMs, untilMs),
    }));
  }

  /** Every event before this has come, ms; of what is missing still nothing is older. */
  get frontierMs(): number {
    let leastMs = this.untilMs;
    for (const { poller, isDone, isLeftOut, frontierMs } of this.#listings)
      if (!isDone && !isLeftOut && !poller.isGone) leastMs = Math.min(leastMs, frontierMs);
    return leastMs;
  }

  get isDone(): boolean {
    return this.frontierMs >= this.untilMs && this.#listings.every(({ waiting }) => waiting.length === 0);
  }

  /** The next request to make among these groups: for the one that is furthest behind and has nothing waiting. */
  next(has: (poller: GroupPoller) => boolean, bucket: TokenBucket, steadyMs: number): HistoryFetch | null {
    if (bucket.readyMs(steadyMs) > steadyMs) return null;
    let first: Listing | null = null;
    for (const listing of this.#listings) {
      if (!this.#isWanting(listing) || listing.retryMs > steadyMs || !has(listing.poller)) continue;
      if (first === null || listing.frontierMs < first.frontierMs) first = listing;
    }
    if (first === null || !bucket.take(steadyMs)) return null;
    first.isUnderWay = true;
    const { startMs, token, poller } = first;
    const request = { startMs, endMs: this.untilMs - 1, limit: this.#limit, nextToken: token };
    return { listing: first, request: { logGroup: poller.ref.name, ...request } };
  }

  /** When there is next something to ask for, by the steady clock, ms; Infinity = when an answer has come, or something was taken. */
  nextMs(has: (poller: GroupPoller) => boolean): number {
    let dueMs = Number.POSITIVE_INFINITY;
    for (const listing of this.#listings)
      if (this.#isWanting(listing) && has(listing.poller)) dueMs = Math.min(dueMs, listing.retryMs);
    return dueMs;
  }

  #isWanting({ isDone, isLeftOut, isUnderWay, waiting, poller }: Listing): boolean {
    return !isDone && !isLeftOut && !isUnderWay && !poller.isGone && waiting.length < this.#limit / 4;
  }

  took({ listing }: HistoryFetch, page: EventPage): void {
    listing.isUnderWay = false;
    listing.failures = 0;
    const last = page.events.at(-1);
    for (const event of page.events) listing.waiting.push(event);
    if (page.events.some(({ timestampMs }, i) => timestampMs < (page.events[i - 1]?.timestampMs ?? 0)))
      listing.waiting.sort((a, b) => a.timestampMs - b.timestampMs);
    if (last !== undefined) listing.frontierMs = Math.max(listing.frontierMs, last.timestampMs);
    const isStuck = page.nextToken === listing.token && page.events.length === 0;
    listing.token = page.nextToken;
    if (page.nextToken !== null && !isStuck) return;
    listing.isDone = true;
    listing.frontierMs = this.untilMs;
  }

  failed({ listing }: HistoryFetch, error: LogsError, steadyMs: number): void {
    listing.isUnderWay = false;
    if (error.kind === 'gone') listing.poller.isGone = true;
    if (error.kind === 'token') {
      // begun anew where what was given out ends, as ids of longer ago are forgotten; what waits comes again
      const { poller, startMs, frontierMs } = listing;
      listing.token = null;
      listing.waiting = [];
      listing.startMs = Math.max(startMs, poller.resumeMs);
      listing.frontierMs = Math.min(frontierMs, poller.coveredMs);
    }
    if (error.kind === 'throttled') return;
    const isLasting = error.kind === 'denied' || error.kind === 'refused';
    listing.retryMs = steadyMs + backoffMs(listing.failures++, false, this.#random);
    // one that may not be read must not hold up those that may: it is polled from where it stands
    if (isLasting || listing.failures >= TRIES) listing.isLeftOut = true;
  }

  /** Gives out all that happened before `toMs`, which is no later than the frontier. */
  take(toMs: number): GroupEvents[] {
    const taken: GroupEvents[] = [];
    for (const listing of this.#listings) {
      const { waiting, poller } = listing;
      let count = 0;
      while (count < waiting.length && waiting[count]!.timestampMs < toMs) count++;
      if (count > 0) taken.push({ poller, events: waiting.splice(0, count) });
      if (!listing.isLeftOut) poller.cover(Math.min(toMs, listing.frontierMs));
    }
    return taken;
  }
}
