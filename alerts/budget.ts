import { affords, type Bucket, nextPageMs, pagesLeft, spend } from './bucket.ts';
import { BudgetHistory, type HistoryState, type Incident, type Place } from './budget-history.ts';
import { inOrderOfRank, type Judged, type PagingSettings } from './budget-order.ts';
import * as say from './budget-text.ts';
import type { AlertEvent, PagingEvidence } from './event.ts';
import { type Standing, standingOf } from './rank.ts';

const WEEK_MS = 7 * 24 * 3600 * 1000;
/** Share of pages that may be about chance: the discovery check. A page costs a night's sleep, a missed one is in the digest. */
const FALSE_RATE = 0.1;
/** Evidence is extreme beyond doubt (rank.ts) and a thousand times beyond what the check asks. */
const EXTREME = 3;
/** An owner with a small budget may still be woken by this many critical incidents when it is spent. */
const LEAST_OVERDRAFT = 3;

/** All that the page budget remembers; plain data. */
export interface BudgetState {
  readonly nowMs: number | null;
  readonly buckets: readonly { readonly owner: string | null; readonly fullMs: number }[];
  readonly history: HistoryState;
}

/** How an owner's budget stands, as of event time `nowMs`. */
export interface BudgetStatus {
  readonly owner: string | null;
  readonly pagesPerWeek: number;
  readonly nowMs: number;
  /** pages in the last 7 days */
  readonly spent: number;
  /** below 0 = overdrawn */
  readonly left: number;
  /** when the next page is free; null = now, or never for a budget of 0 */
  readonly nextMs: number | null;
}

/** How far critical incidents may overdraw a budget. */
export function overdraftOf(pagesPerWeek: number): number {
  return pagesPerWeek === 0 ? 0 : Math.max(LEAST_OVERDRAFT, pagesPerWeek);
}

/**
 * Decides who is paged, never whether an event exists: every event comes out, stamped with `page` and why. An incident pages
 * when it ranks high among its owner's incidents of the last four weeks, stands out from all that was tested, and a page is
 * left. Judged again whenever it is told of; paged once; what follows of it goes with the page. Pure, event time only.
 */
export class PageBudget {
  readonly #settings: PagingSettings;
  readonly #buckets = new Map<string | null, Bucket>();
  readonly #history = new BudgetHistory();
  #nowMs = Number.NEGATIVE_INFINITY;

  constructor(settings: PagingSettings) {
    this.#settings = settings;
  }

  /** Notes that so many tests were made in one graded minute. */
  watch(minuteMs: number, tests: number): void {
    this.#history.watch(minuteMs, tests);
  }

  /**
   * Stamps the events of one step. Incidents of a step compete for what is left: the worst is judged first. Order and
   * number of events stay as they are. O(incidents remembered) an event.
   */
  judge(events: readonly AlertEvent[]): AlertEvent[] {
    if (events.length === 0) return [];
    for (const { at } of events) this.#nowMs = Math.max(this.#nowMs, Date.parse(at));
    const stamped: AlertEvent[] = [...events];
    for (const judged of inOrderOfRank(events, standingOf)) stamped[judged.position] = this.#stamp(judged);
    this.#history.forget(this.#nowMs, (owner) => this.#perWeek(owner));
    return stamped;
  }

  #stamp({ event, standing }: Judged): AlertEvent {
    const known = this.#history.find(event.alert_id);
    const owner = known?.owner ?? this.#settings.ownerOf(event);
    const told = (page: boolean, page_reason: string) => ({ ...event, owner, page, page_reason });
    if (event.severity === 'info') return told(false, say.INFO);
    const incident = this.#history.note(event, standing, owner, this.#nowMs);
    if (incident.pagedMs !== null) return told(true, say.pagedAt(incident.pagedMs, incident.reason));
    if (event.event === 'resolved') return told(false, incident.reason || say.NEVER_JUDGED);
    const { page, reason, paging } = this.#decide(event, standing, incident);
    if (page) incident.pagedMs = this.#nowMs;
    incident.reason = reason;
    return { ...told(page, reason), evidence: { ...event.evidence, paging } };
  }

  #decide(event: AlertEvent, standing: Standing, incident: Incident) {
    const { owner } = incident;
    const perWeek = this.#perWeek(owner);
    const bucket = this.#bucket(owner);
    const left = perWeek === 0 ? 0 : pagesLeft(bucket, this.#nowMs, perWeek);
    const place = this.#history.placeOf(incident, this.#nowMs);
    const bar = standing.score === null ? null : this.#history.discoveryBar(this.#nowMs, FALSE_RATE);
    const paging = evidenceOf(standing, incident, place, perWeek, left, bar);
    const held = (reason: string) => ({ page: false, reason: say.held(reason), paging });
    if (perWeek === 0) return held(say.noBudget(owner));
    if (standing.score !== null && bar !== null && standing.score < bar)
      return held(say.chance(standing.score, bar, FALSE_RATE, this.#history.testsAt(this.#nowMs)));
    const ranked = say.ranked(place, owner);
    const isExtreme = event.severity === 'critical' && standing.isSure && (standing.score ?? 0) >= (bar ?? 0) + EXTREME;
    if (place.isNew && (event.severity === 'warning' || !standing.isSure)) return held(say.tooNew(ranked));
    const isHigh = place.rank <= paging.pages_to_rank;
    if (affords(bucket, this.#nowMs, perWeek, 0)) {
      if (!isHigh && !isExtreme) return held(say.tooLow(ranked, paging.pages_to_rank, left, perWeek));
      spend(bucket, this.#nowMs, perWeek);
      return { page: true, reason: say.within(ranked, left, perWeek), paging };
    }
    const overdraft = overdraftOf(perWeek);
    if (isExtreme && affords(bucket, this.#nowMs, perWeek, overdraft)) {
      spend(bucket, this.#nowMs, perWeek);
      return { page: true, reason: say.overdrawn(ranked, perWeek, 1 - left, overdraft), paging };
    }
    return held(say.spent(ranked, perWeek, nextPageMs(bucket, this.#nowMs, perWeek), isExtreme));
  }

  #perWeek(owner: string | null): number {
    return this.#settings.owners.find(({ name }) => name === owner)?.pagesPerWeek ?? this.#settings.pagesPerWeek;
  }

  #bucket(owner: string | null): Bucket {
    let bucket = this.#buckets.get(owner);
    if (bucket === undefined) {
      bucket = { fullMs: 0 };
      this.#buckets.set(owner, bucket);
    }
    return bucket;
  }

  /** How each budget stands: nobody's in particular first, then the owners in the order of the configuration. */
  status(): BudgetStatus[] {
    const nowMs = Math.max(this.#nowMs, this.#history.nowMs);
    return [null, ...this.#settings.owners.map(({ name }) => name)].map((owner) => {
      const pagesPerWeek = this.#perWeek(owner);
      const bucket = this.#buckets.get(owner) ?? { fullMs: 0 };
      const left = pagesPerWeek === 0 ? 0 : pagesLeft(bucket, nowMs, pagesPerWeek);
      const nextMs = pagesPerWeek === 0 || left >= 1 ? null : nextPageMs(bucket, nowMs, pagesPerWeek);
      return { owner, pagesPerWeek, nowMs, spent: this.#history.pagedSince(owner, nowMs - WEEK_MS), left, nextMs };
    });
  }

  state(): BudgetState {
    return {
      nowMs: Number.isFinite(this.#nowMs) ? this.#nowMs : null,
      buckets: [...this.#buckets].map(([owner, { fullMs }]) => ({ owner, fullMs })),
      history: this.#history.state(),
    };
  }

  /** Owners that the configuration no longer has keep nothing but their incidents. */
  restore({ nowMs, buckets, history }: BudgetState): void {
    this.#nowMs = nowMs ?? Number.NEGATIVE_INFINITY;
    for (const { owner, fullMs } of buckets) this.#buckets.set(owner, { fullMs });
    this.#history.restore(history);
  }
}

function evidenceOf(
  standing: Standing,
  incident: Incident,
  place: Place,
  perWeek: number,
  left: number,
  bar: number | null,
): PagingEvidence {
  return {
    rank: place.rank,
    of: place.of,
    days: place.days,
    // the fuller the bucket the lower the bar: what a storm has raised comes down by itself
    pages_to_rank: Math.max(0, Math.ceil(2 * left * place.weeks)),
    rank_score: rounded(incident.rank),
    worth_usd_per_hour: rounded(standing.worth),
    fused_score: standing.fused === null ? null : rounded(standing.fused),
    discovery_bar: bar === null ? null : rounded(bar),
    pages_per_week: perWeek,
    left: rounded(left),
  };
}

const rounded = (value: number): number => Number(value.toPrecision(6));
