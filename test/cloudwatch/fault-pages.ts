import { Random } from '../../scenarios/random.ts';
import type { FaultCounts, ProxyFaults } from './fault-plan.ts';

/** A log event as `FilterLogEvents` writes it. */
export interface WireEvent {
  readonly eventId: string;
  readonly timestamp: number;
  readonly ingestionTime: number;
  readonly logStreamName: string;
  readonly message: string;
}

export interface WirePage {
  readonly events: readonly WireEvent[];
  readonly nextToken?: string;
}

/** So many events of a page stand at the beginning of the next one, at most. */
const REPEATED = 3;
/** What is older than this when it is taken does not come late as well, ms. */
const YOUNG_MS = 60_000;
/** Tokens whose page is remembered. */
const MOST_TOKENS = 10_000;

/** Changes pages of log events as a service may that is under load: what is there stays there, and nothing is invented. */
export class FaultPages {
  readonly #counts: FaultCounts;
  readonly #random: Random;
  readonly #seed: number;
  /** when an event can be seen, by its id, ms; 0 = always */
  readonly #visibleMs = new Map<string, number>();
  readonly #held = new Set<string>();
  /** how the page ended that a token leads away from */
  readonly #ends = new Map<string, readonly WireEvent[]>();

  constructor(counts: FaultCounts, seed: number) {
    this.#counts = counts;
    this.#seed = seed;
    this.#random = new Random('pages', seed);
  }

  /** @param token that was sent to get this page; null = the first */
  change(page: WirePage, token: string | null, faults: ProxyFaults, nowMs: number): WirePage {
    let events = page.events.filter((event) => this.#isVisible(event, faults, nowMs));
    this.#remember(page.nextToken, events);
    events = this.#twice(events, faults);
    const former = token === null ? undefined : this.#ends.get(token);
    if (former !== undefined && former.length > 0 && this.#random.chance(faults.twiceOverPages)) {
      this.#counts.twiceOverPages += former.length;
      events = [...former, ...events];
    }
    if (events.length > 1 && this.#random.chance(faults.shuffled)) {
      this.#counts.shuffled++;
      shuffle(events, this.#random);
    }
    return { ...page, events };
  }

  /** Some events can be read only a while after they were taken. The same ones each time, or none would be late. */
  #isVisible({ eventId, ingestionTime, timestamp }: WireEvent, { late, lateMs }: ProxyFaults, nowMs: number): boolean {
    let visibleMs = this.#visibleMs.get(eventId);
    if (visibleMs === undefined) {
      const random = new Random('late', this.#seed, eventId);
      const isYoung = ingestionTime - timestamp < YOUNG_MS;
      visibleMs = isYoung && random.chance(late) ? ingestionTime + random.between(lateMs / 4, lateMs) : 0;
      this.#visibleMs.set(eventId, visibleMs);
    }
    if (visibleMs <= nowMs) return true;
    if (!this.#held.has(eventId)) this.#counts.late++;
    this.#held.add(eventId);
    return false;
  }

  #twice(events: WireEvent[], { twice }: ProxyFaults): WireEvent[] {
    if (twice === 0) return events;
    return events.flatMap((event) => {
      if (!this.#random.chance(twice)) return [event];
      this.#counts.twice++;
      return [event, event];
    });
  }

  #remember(token: string | undefined, events: readonly WireEvent[]): void {
    if (token === undefined) return;
    this.#ends.set(token, events.slice(-REPEATED));
    const [oldest] = this.#ends.keys();
    if (this.#ends.size > MOST_TOKENS && oldest !== undefined) this.#ends.delete(oldest);
  }
}

function shuffle<T>(items: T[], random: Random): void {
  for (let i = items.length - 1; i > 0; i--) {
    const other = random.integer(0, i);
    [items[i], items[other]] = [items[other]!, items[i]!];
  }
}
