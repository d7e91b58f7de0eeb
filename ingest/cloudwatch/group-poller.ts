import type { EventPage, EventRequest, LogsError, PolledEvent } from './api.ts';
import { PAGE_EVENTS } from './api.ts';
import { backoffMs, type Job, newJob } from './job.ts';
import { hashId, type SeenIds } from './seen-ids.ts';
import type { Moment } from './service-time.ts';
import { Traffic, type TrafficState } from './traffic.ts';

/** Clocks of functions may be ahead of ours by this, ms: such events are taken at once, not with the next poll. */
const AHEAD_MS = 2000;
/** Of what lies far behind, one poll reads so much event time, ms: what was read is safe the sooner. */
const STRETCH_MS = 15 * 60_000;
/** So many events, or so many bytes, are expected to fit one page with room to spare. */
const EASY_EVENTS = PAGE_EVENTS / 5;
const EASY_BYTES = 300_000;
/** At least so far back is looked by each poll, ms, and at most: what comes later is for the sweeps … */
const SHORTEST_TAIL_MS = 5000;
const LONGEST_TAIL_MS = 30_000;
/** … and so far before anything is known of a log group. */
const FIRST_TAIL_MS = 20_000;
/** Between two looks at all that may still come late, ms. */
export const DEEP_EVERY_MS = 10 * 60_000;
/** Silent for longer, it gives way to others where requests are short: by up to so many times. */
const DORMANT_MS = 3600_000;
const MOST_PATIENCE = 4;
/** Who waited for longer than this becomes more urgent still, ms. */
const LONG_MS = 120_000;
/** A listing that had to begin anew more often is tried again later. */
const RESTARTS = 3;

export interface PollSettings {
  readonly fastestMs: number;
  readonly slowestMs: number;
  readonly overlapMs: number;
  /** events that come later than this are not looked for, ms */
  readonly latenessMs: number;
}

/** One log group; made anew under its old name it is another. */
export interface GroupRef {
  readonly account: string;
  readonly region: string;
  readonly name: string;
  readonly createdMs: number;
}

export const groupKey = ({ account, region, name }: Pick<GroupRef, 'account' | 'region' | 'name'>): string =>
  `${account}/${region}/${name}`;

/** How far a log group was read; plain data. */
export interface GroupState extends GroupRef {
  /** nothing before this is read at all */
  readonly floorMs: number;
  /** everything up to here was read, but for what came late */
  readonly coveredMs: number;
  /** when the last of the longer looks back were begun */
  readonly sweptMs: number;
  readonly deepMs: number;
  readonly traffic: TrafficState;
}

export interface Taken {
  /** what was not seen before, in the order of time */
  readonly fresh: readonly PolledEvent[];
  readonly duplicates: number;
  readonly isDone: boolean;
}

/**
 * Polls one log group with `FilterLogEvents`. Time is covered up to the start of the last poll that read all of its pages;
 * each poll looks back from there, since events come late and not in order, and what was seen before is known by its id. A
 * quiet group is read with the whole overlap each time, as that is one request anyway. Of a busy one a poll reads only as
 * far back as events were seen to come late, and sweeps of their own look back further: over the overlap each half of it, and
 * over all that may still count every ten minutes. Pure; the caller makes the requests.
 */
export class GroupPoller {
  readonly ref: GroupRef;
  readonly key: string;
  readonly traffic: Traffic;
  readonly #settings: PollSettings;
  readonly #seen: SeenIds;
  readonly #seed: number;
  readonly #random: () => number;
  #floorMs: number;
  #coveredMs: number;
  #sweptMs: number;
  #deepMs: number;
  tail: Job | null = null;
  sweep: Job | null = null;
  /** when the last poll was begun, by the steady clock, ms */
  #polledMs = Number.NEGATIVE_INFINITY;
  /** it is not there any more, or not ours: what comes of it is not taken */
  isGone = false;

  constructor(state: GroupState, settings: PollSettings, seen: SeenIds, random: () => number) {
    const { account, region, name, createdMs } = state;
    this.ref = { account, region, name, createdMs };
    this.key = groupKey(state);
    this.#settings = settings;
    this.#seen = seen;
    this.#random = random;
    // by its name alone: events of a group made anew were taken through the old one, until that is known to have gone
    this.#seed = hashId(this.key, 0)[0];
    this.#floorMs = state.floorMs;
    this.#coveredMs = state.coveredMs;
    this.#sweptMs = state.sweptMs;
    this.#deepMs = state.deepMs;
    this.traffic = new Traffic(state.traffic);
  }

  get state(): GroupState {
    return {
      ...this.ref,
      floorMs: this.#floorMs,
      coveredMs: this.#coveredMs,
      sweptMs: this.#sweptMs,
      deepMs: this.#deepMs,
      traffic: this.traffic.state,
    };
  }

  /** Everything up to here was read, but for what comes late; ms. */
  get coveredMs(): number {
    return this.#coveredMs;
  }

  /** Another reader, begun at `resumeMs` and after that time, has read it up to here, by the same memory: no look goes back further. */
  cover(untilMs: number): void {
    this.#coveredMs = Math.max(this.#coveredMs, untilMs);
    this.#sweptMs = Math.max(this.#sweptMs, untilMs);
    this.#deepMs = Math.max(this.#deepMs, untilMs);
  }

  /** Where a reader of what lies behind has to begin, so that what came late meanwhile is found, ms. */
  get resumeMs(): number {
    return this.#deepStartMs;
  }

  /** How often it is worth a request, ms. */
  get intervalMs(): number {
    const { fastestMs, slowestMs } = this.#settings;
    return Math.min(slowestMs, Math.max(fastestMs, this.traffic.intervalMs(fastestMs)));
  }

  /** Ids of events before this are not needed any more, ms. */
  neededMs(nowMs: number): number {
    const jobsMs = Math.min(this.tail?.startMs ?? nowMs, this.sweep?.startMs ?? nowMs);
    return Math.min(jobsMs, this.#deepStartMs, this.#sweptMs - this.#settings.overlapMs);
  }

  /** When something is next to be done, by the steady clock, ms; a job under way waits for its answer. */
  dueMs(now: Moment): number {
    if (this.isGone) return Number.POSITIVE_INFINITY;
    const tailMs = this.tail === null ? this.#polledMs + this.intervalMs : readyMs(this.tail);
    return Math.min(tailMs, this.sweepDueMs(now));
  }

  /** Above 1: a poll is due. The larger, the more urgent. */
  urgency({ wallMs, steadyMs }: Moment): number {
    if (this.isGone) return 0;
    if (this.tail !== null) return readyMs(this.tail) <= steadyMs ? Number.POSITIVE_INFINITY : 0;
    const waitedMs = steadyMs - this.#polledMs;
    if (waitedMs < this.intervalMs) return 0;
    const silentMs = wallMs - this.traffic.newestMs;
    const patience = silentMs > DORMANT_MS ? Math.min(MOST_PATIENCE, silentMs / DORMANT_MS) : 1;
    if (waitedMs === Number.POSITIVE_INFINITY) return Number.MAX_VALUE / patience;
    return (waitedMs / (this.intervalMs * patience)) * Math.max(1, waitedMs / LONG_MS);
  }

  /** When its sweep is next to be gone on with, or begun, by the steady clock, ms. */
  sweepDueMs({ wallMs, steadyMs }: Moment): number {
    if (this.isGone) return Number.POSITIVE_INFINITY;
    if (this.sweep !== null) return readyMs(this.sweep);
    const { overlapMs } = this.#settings;
    // what fits a page is read by the polls themselves
    const sweepMs = this.#isEasy(overlapMs) ? Number.POSITIVE_INFINITY : this.#sweptMs + overlapMs / 2;
    const deepMs = this.#isEasy(this.#deepBackMs) ? Number.POSITIVE_INFINITY : this.#deepMs + DEEP_EVERY_MS;
    return steadyMs + Math.max(Math.min(sweepMs, deepMs) - wallMs, -DEEP_EVERY_MS);
  }

  /** The next page to ask for of its poll, begun if none is under way. */
  nextTail({ wallMs, steadyMs }: Moment): { job: Job; request: EventRequest } {
    if (this.tail === null) {
      this.#notAfter(wallMs);
      const isDeep = wallMs >= this.#deepMs + DEEP_EVERY_MS && this.#isEasy(this.#deepBackMs);
      const isWide = isDeep || this.#isEasy(this.#settings.overlapMs);
      const startMs = isDeep ? this.#deepStartMs : Math.max(this.#floorMs, this.#coveredMs - this.#backMs(isWide));
      const endMs = Math.min(wallMs + AHEAD_MS, Math.max(this.#coveredMs, startMs) + STRETCH_MS);
      this.tail = newJob('tail', startMs, endMs, wallMs);
      this.tail.isDeep = isDeep;
      this.tail.isWide = isWide;
      this.#polledMs = steadyMs;
    }
    return this.#ask(this.tail);
  }

  /**
   * What was read up to a time that is still to come was asked for by a clock that was ahead, and has been set back, perhaps
   * before a restart: it is read when it comes. What happened while that clock was wrong may have been asked for too early:
   * the next look goes back over all that still counts.
   */
  #notAfter(wallMs: number): void {
    if (this.#coveredMs > wallMs + AHEAD_MS) this.#deepMs = Math.min(this.#deepMs, wallMs - DEEP_EVERY_MS);
    this.#floorMs = Math.min(this.#floorMs, wallMs);
    this.#coveredMs = Math.min(this.#coveredMs, wallMs);
    this.#sweptMs = Math.min(this.#sweptMs, wallMs);
    this.#deepMs = Math.min(this.#deepMs, wallMs);
  }

  nextSweep({ wallMs }: Moment): { job: Job; request: EventRequest } {
    if (this.sweep === null) {
      this.#notAfter(wallMs);
      const isDeep = wallMs >= this.#deepMs + DEEP_EVERY_MS;
      const { overlapMs } = this.#settings;
      // from where the last one left off, should it have been long ago
      const wideMs = Math.max(this.#floorMs, Math.min(wallMs - overlapMs, this.#sweptMs - overlapMs / 2));
      const startMs = isDeep ? this.#deepStartMs : wideMs;
      this.sweep = newJob('sweep', startMs, Math.max(startMs, this.#coveredMs), wallMs);
      this.sweep.isDeep = isDeep;
    }
    return this.#ask(this.sweep);
  }

  #ask(job: Job): { job: Job; request: EventRequest } {
    job.isUnderWay = true;
    const { startMs, endMs, token } = job;
    return { job, request: { logGroup: this.ref.name, startMs, endMs, limit: PAGE_EVENTS, nextToken: token } };
  }

  /** A page has come. Its new events are to be passed on before anything else is done. */
  took(job: Job, page: EventPage): Taken {
    const { fresh, duplicates } = this.fresh(page.events);
    job.isUnderWay = false;
    job.failures = 0;
    job.fresh += fresh.length;
    // a token that leads back to itself would never end
    const isDone = page.nextToken === null || (page.nextToken === job.token && page.events.length === 0);
    job.token = page.nextToken;
    if (isDone) this.#finish(job);
    return { fresh, duplicates, isDone };
  }

  /** Those that were not seen before. They count as seen from now on. */
  fresh(events: readonly PolledEvent[]): { fresh: PolledEvent[]; duplicates: number } {
    const fresh: PolledEvent[] = [];
    for (const event of events) {
      if (event.timestampMs < this.#floorMs) continue;
      if (!this.#seen.add(event.id, this.#seed, event.timestampMs)) continue;
      fresh.push(event);
      this.traffic.heard(event, this.#coveredMs);
    }
    return { fresh, duplicates: events.length - fresh.length };
  }

  #finish(job: Job): void {
    if (job.kind === 'tail') {
      const untilMs = Math.min(job.startedMs, job.endMs);
      this.traffic.counted(job.fresh, untilMs - this.#coveredMs);
      this.#coveredMs = Math.max(this.#coveredMs, untilMs);
      this.tail = null;
      // what lies far behind is gone on with at once
      if (job.endMs < job.startedMs) this.#polledMs = Number.NEGATIVE_INFINITY;
    } else this.sweep = null;
    if (job.isWide) this.#sweptMs = job.startedMs;
    if (job.isDeep) this.#deepMs = job.startedMs;
    this.traffic.age(job.startedMs);
  }

  /** A request has failed: says when to go on, by the steady clock, and whether the group has gone. */
  failed(job: Job, error: LogsError, steadyMs: number): void {
    job.isUnderWay = false;
    if (error.kind === 'gone') this.isGone = true;
    if (error.kind === 'throttled') return; // the bucket waits
    if (error.kind === 'token') {
      job.token = null;
      if (++job.restarts <= RESTARTS) return;
    }
    const isLasting = error.kind === 'denied' || error.kind === 'refused';
    job.retryMs = steadyMs + backoffMs(job.failures++, isLasting, this.#random);
  }

  /** What came late since the last deep look may be as old as this, ms. */
  get #deepStartMs(): number {
    const { latenessMs, overlapMs } = this.#settings;
    return Math.max(this.#floorMs, Math.min(this.#deepMs, this.#coveredMs) - Math.max(latenessMs, overlapMs));
  }

  get #deepBackMs(): number {
    return Math.max(this.#settings.latenessMs, this.#settings.overlapMs) + DEEP_EVERY_MS;
  }

  /** So much event time is likely to fit one page. */
  #isEasy(spanMs: number): boolean {
    const events = (this.traffic.rate * spanMs) / 1000;
    return events < EASY_EVENTS && events * this.traffic.bytes < EASY_BYTES;
  }

  #backMs(isWide: boolean): number {
    const { overlapMs } = this.#settings;
    if (isWide) return overlapMs;
    const lateMs = this.traffic.isKnown ? this.traffic.lateMs : FIRST_TAIL_MS;
    return Math.min(overlapMs, LONGEST_TAIL_MS, Math.max(SHORTEST_TAIL_MS, 2 * lateMs));
  }
}

const readyMs = (job: Job): number => (job.isUnderWay ? Number.POSITIVE_INFINITY : job.retryMs);
