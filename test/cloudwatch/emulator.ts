import {
  type EventPage,
  type EventRequest,
  type GroupPage,
  LogsError,
  type PolledEvent,
} from '../../ingest/cloudwatch/api.ts';

const PAGE_BYTES = 1_000_000;
const EVENT_BYTES = 26;

/** What can go wrong, as parts of all requests; 0 = never. */
export interface Faults {
  readonly empty: number;
  readonly partial: number;
  readonly serverError: number;
  readonly reset: number;
  /** an event stands twice in the listing */
  readonly twice: number;
  /** requests a second before it throttles; Infinity = any */
  readonly tps: number;
  readonly tokenLifeMs: number;
}

export const NO_FAULTS: Faults = {
  empty: 0,
  partial: 0,
  serverError: 0,
  reset: 0,
  twice: 0,
  tps: Number.POSITIVE_INFINITY,
  tokenLifeMs: 24 * 3600_000,
};

/** One event as it was put: it can be read from `visibleMs` on. */
export interface StoredEvent extends PolledEvent {
  readonly visibleMs: number;
}

interface Group {
  readonly name: string;
  readonly createdMs: number;
  readonly tags: Record<string, string>;
  /** by time, then by when they were taken, then by id */
  events: StoredEvent[];
  isSorted: boolean;
}

interface Position {
  readonly logGroup: string;
  readonly createdMs: number;
  readonly startMs: number;
  readonly endMs: number;
  /** behind this one */
  readonly after: readonly [timestampMs: number, ingestionMs: number, id: string] | null;
  readonly issuedMs: number;
  readonly n: number;
}

/**
 * CloudWatch Logs of one account and region as far as polling goes, by a clock that is handed in. Written from the documented
 * contract: listings by time, pages of 10,000 events or 1 MB, empty pages that are not the last, tokens that end, quotas.
 */
export class LogsEmulator {
  readonly account = '123456789012';
  readonly region = 'eu-central-1';
  readonly #nowMs: () => number;
  readonly #random: () => number;
  readonly groups = new Map<string, Group>();
  faults: Faults = NO_FAULTS;
  #tokens = 0;
  #tokensMs = Number.NaN;
  #serial = 0;
  readonly counts = { requests: 0, throttled: 0, failed: 0, empty: 0, expired: 0, events: 0 };

  constructor(nowMs: () => number, random: () => number) {
    this.#nowMs = nowMs;
    this.#random = random;
  }

  createGroup(name: string, tags: Record<string, string> = {}): void {
    this.groups.set(name, { name, createdMs: this.#nowMs(), tags, events: [], isSorted: true });
  }

  deleteGroup(name: string): void {
    this.groups.delete(name);
  }

  /** Puts an event that can be read `delayMs` from now on. Returns its id: 56 digits, as CloudWatch's. */
  put(name: string, stream: string, timestampMs: number, message: string, delayMs = 0): string {
    const group = this.groups.get(name);
    if (group === undefined) throw new LogsError('gone', name);
    const id = `${String(timestampMs).padStart(14, '3')}${String(this.#serial++).padStart(42, '0')}`;
    const now = this.#nowMs();
    const event = { id, timestampMs, ingestionMs: now, stream, message, visibleMs: now + delayMs };
    const last = group.events.at(-1);
    if (last !== undefined && compare(last, event) > 0) group.isSorted = false;
    group.events.push(event);
    return id;
  }

  /** Keeps memory small in long runs: what is older cannot be read any more. */
  expireBefore(timeMs: number): void {
    for (const group of this.groups.values()) {
      const from = lowerBound(this.#sorted(group), timeMs);
      if (from > 0) group.events = group.events.slice(from);
    }
  }

  filterLogEvents(request: EventRequest): EventPage {
    this.#admit();
    const group = this.groups.get(request.logGroup);
    if (group === undefined) throw new LogsError('gone', `no log group ${request.logGroup}`);
    const position = this.#positionOf(request, group);
    const events = this.#sorted(group);
    const nowMs = this.#nowMs();
    let at = lowerBound(events, position.after?.[0] ?? position.startMs);
    if (position.after !== null) while (at < events.length && !isBehind(events[at]!, position.after)) at++;
    const { empty, partial, twice } = this.faults;
    const isEmpty = this.#random() < empty;
    const most = isEmpty
      ? 0
      : Math.min(request.limit, this.#random() < partial ? 1 + Math.floor(this.#random() * 20) : 10_000);
    const page: PolledEvent[] = [];
    let size = 0;
    let after = position.after;
    let hasMore = false;
    for (; at < events.length && events[at]!.timestampMs <= position.endMs; at++) {
      const event = events[at]!;
      if (event.visibleMs > nowMs) continue;
      size += event.message.length + EVENT_BYTES;
      if (page.length >= most || (size > PAGE_BYTES && page.length > 0)) {
        hasMore = true;
        break;
      }
      page.push(event);
      if (twice > 0 && this.#random() < twice) page.push(event);
      after = [event.timestampMs, event.ingestionMs, event.id];
    }
    if (isEmpty) this.counts.empty++;
    this.counts.events += page.length;
    if (!hasMore && !isEmpty) return { events: page, nextToken: null };
    return { events: page, nextToken: tokenOf({ ...position, after, issuedMs: nowMs, n: position.n + 1 }) };
  }

  describeLogGroups({ prefix, nextToken }: { prefix: string | null; nextToken: string | null }, limit = 50): GroupPage {
    const names = [...this.groups.keys()]
      .filter((name) => name.startsWith(prefix ?? ''))
      .sort((a, b) => (a < b ? -1 : 1));
    const from = nextToken === null ? 0 : names.findIndex((name) => name > nextToken);
    const page = from < 0 ? [] : names.slice(from, from + limit);
    const groups = page.map((name) => {
      const arn = `arn:aws:logs:${this.region}:${this.account}:log-group:${name}`;
      return { name, arn, createdMs: this.groups.get(name)!.createdMs };
    });
    return { groups, nextToken: from >= 0 && from + limit < names.length ? page.at(-1)! : null };
  }

  tagsOf(arn: string): Record<string, string> {
    const group = this.groups.get(arn.replace(/^.*:log-group:/, ''));
    if (group === undefined) throw new LogsError('gone', arn);
    return group.tags;
  }

  #admit(): void {
    this.counts.requests++;
    const nowMs = this.#nowMs();
    const { tps, serverError, reset } = this.faults;
    if (Number.isFinite(tps)) {
      const passedMs = Number.isNaN(this.#tokensMs) ? 1000 : nowMs - this.#tokensMs;
      this.#tokens = Math.min(Math.max(1, tps), this.#tokens + (tps * passedMs) / 1000);
      this.#tokensMs = nowMs;
      if (this.#tokens < 1) {
        this.counts.throttled++;
        throw new LogsError('throttled', 'ThrottlingException');
      }
      this.#tokens--;
    }
    if (this.#random() >= serverError + reset) return;
    this.counts.failed++;
    throw new LogsError('transient', 'ServiceUnavailableException');
  }

  #positionOf({ nextToken, logGroup, startMs, endMs }: EventRequest, { createdMs }: Group): Position {
    const nowMs = this.#nowMs();
    if (nextToken === null) return { logGroup, createdMs, startMs, endMs, after: null, issuedMs: nowMs, n: 0 };
    const position = JSON.parse(Buffer.from(nextToken, 'base64').toString()) as Position;
    if (nowMs - position.issuedMs <= this.faults.tokenLifeMs && position.createdMs === createdMs) return position;
    this.counts.expired++;
    throw new LogsError('token', 'The specified nextToken is invalid.');
  }

  #sorted(group: Group): StoredEvent[] {
    if (!group.isSorted) group.events.sort(compare);
    group.isSorted = true;
    return group.events;
  }
}

const tokenOf = (position: Position): string => Buffer.from(JSON.stringify(position)).toString('base64');

function compare(a: StoredEvent, b: StoredEvent): number {
  return a.timestampMs - b.timestampMs || a.ingestionMs - b.ingestionMs || (a.id < b.id ? -1 : 1);
}

function isBehind(event: StoredEvent, [timestampMs, ingestionMs, id]: NonNullable<Position['after']>): boolean {
  if (event.timestampMs !== timestampMs) return event.timestampMs > timestampMs;
  if (event.ingestionMs !== ingestionMs) return event.ingestionMs > ingestionMs;
  return event.id > id;
}

function lowerBound(events: readonly StoredEvent[], timeMs: number): number {
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (events[middle]!.timestampMs < timeMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
