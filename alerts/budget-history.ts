import type { AlertEvent } from './event.ts';
import { discoveryBar } from './false-discovery.ts';
import type { Standing } from './rank.ts';

const DAY_MS = 24 * 3600 * 1000;
const WEEK_MS = 7 * DAY_MS;
/** How far back ranks reach: four weeks show every weekday four times and the month's end once. */
export const REACH_MS = 28 * DAY_MS;
/** Incidents remembered of one owner, at least; those that rank lowest go first, and are of no matter for who is paged. */
const KEPT = 1024;
/** Ranks that can page: twice a week's pages for each of four weeks. */
const KEPT_PER_PAGE = 8;

/** One incident as the budget knows it. */
export interface Incident {
  readonly id: string;
  readonly owner: string | null;
  /** when it was first told, event time */
  readonly atMs: number;
  /** highest so far */
  rank: number;
  score: number | null;
  pagedMs: number | null;
  /** why it paged, or waits, as of its newest verdict */
  reason: string;
  isOpen: boolean;
}

/** Where an incident stands among its owner's. */
export interface Place {
  readonly rank: number;
  readonly of: number;
  /** days and weeks that the history reaches back, at most four weeks, at least one week counted */
  readonly days: number;
  readonly weeks: number;
  /** less than a week is known: ranks mean little yet */
  readonly isNew: boolean;
}

export interface HistoryState {
  readonly sinceMs: number | null;
  readonly nowMs: number | null;
  /** tests by day since 1970 */
  readonly tests: readonly (readonly [number, number])[];
  readonly incidents: readonly Incident[];
}

/** The incidents and the number of tests of the last four weeks. */
export class BudgetHistory {
  #sinceMs = Number.POSITIVE_INFINITY;
  /** the newest graded minute */
  nowMs = Number.NEGATIVE_INFINITY;
  #tests = new Map<number, number>();
  /** in the order in which they were first judged */
  #incidents = new Map<string, Incident>();

  watch(minuteMs: number, tests: number): void {
    this.#sinceMs = Math.min(this.#sinceMs, minuteMs);
    this.nowMs = Math.max(this.nowMs, minuteMs);
    const day = Math.floor(minuteMs / DAY_MS);
    const before = this.#tests.get(day);
    this.#tests.set(day, (before ?? 0) + tests);
    if (before === undefined) {
      for (const old of this.#tests.keys()) if ((old + 1) * DAY_MS <= minuteMs - REACH_MS) this.#tests.delete(old);
    }
  }

  find(id: string): Incident | undefined {
    return this.#incidents.get(id);
  }

  /** Takes in what an event tells of its incident. */
  note(event: AlertEvent, { rank, score }: Standing, owner: string | null, nowMs: number): Incident {
    let incident = this.#incidents.get(event.alert_id);
    if (incident === undefined) {
      incident = { id: event.alert_id, owner, atMs: nowMs, rank, score, pagedMs: null, reason: '', isOpen: true };
      this.#incidents.set(incident.id, incident);
    }
    incident.rank = Math.max(incident.rank, rank);
    if (score !== null) incident.score = Math.max(incident.score ?? 0, score);
    incident.isOpen = event.event !== 'resolved';
    return incident;
  }

  /** Of equal incidents the earlier one ranks higher: what is new has to be worse. */
  placeOf(incident: Incident, nowMs: number): Place {
    let rank = 1;
    let of = 0;
    let isEarlier = true;
    for (const other of this.#incidents.values()) {
      if (other === incident) isEarlier = false;
      if (other.owner !== incident.owner || (other !== incident && other.atMs <= nowMs - REACH_MS)) continue;
      of++;
      if (other.rank > incident.rank || (isEarlier && other.rank === incident.rank)) rank++;
    }
    const knownMs = Math.min(REACH_MS, Math.max(0, nowMs - this.#sinceMs));
    return {
      rank,
      of,
      days: Math.max(1, Math.round(knownMs / DAY_MS)),
      weeks: Math.max(1, knownMs / WEEK_MS),
      isNew: knownMs < WEEK_MS,
    };
  }

  testsAt(nowMs: number): number {
    let sum = 0;
    for (const [day, tests] of this.#tests) if ((day + 1) * DAY_MS > nowMs - REACH_MS) sum += tests;
    return sum;
  }

  /** What a score must reach among all tests of all owners. */
  discoveryBar(nowMs: number, rate: number): number {
    const scores: number[] = [];
    for (const { score, atMs } of this.#incidents.values())
      if (score !== null && atMs > nowMs - REACH_MS) scores.push(score);
    return discoveryBar(scores, this.testsAt(nowMs), rate);
  }

  pagedSince(owner: string | null, fromMs: number): number {
    let paged = 0;
    for (const incident of this.#incidents.values())
      if (incident.owner === owner && incident.pagedMs !== null && incident.pagedMs > fromMs) paged++;
    return paged;
  }

  /** Drops what is over and out of reach, and of too many those that rank lowest. */
  forget(nowMs: number, perWeek: (owner: string | null) => number): void {
    const byOwner = new Map<string | null, Incident[]>();
    for (const incident of this.#incidents.values()) {
      if (incident.isOpen) continue;
      if (Math.max(incident.atMs, incident.pagedMs ?? 0) <= nowMs - REACH_MS) this.#incidents.delete(incident.id);
      else {
        const same = byOwner.get(incident.owner);
        if (same === undefined) byOwner.set(incident.owner, [incident]);
        else same.push(incident);
      }
    }
    for (const [owner, incidents] of byOwner) {
      const most = Math.max(KEPT, KEPT_PER_PAGE * perWeek(owner));
      if (incidents.length <= most) continue;
      incidents.sort((a, b) => b.rank - a.rank);
      for (const { id } of incidents.slice(most)) this.#incidents.delete(id);
    }
  }

  state(): HistoryState {
    return {
      sinceMs: Number.isFinite(this.#sinceMs) ? this.#sinceMs : null,
      nowMs: Number.isFinite(this.nowMs) ? this.nowMs : null,
      tests: [...this.#tests],
      incidents: [...this.#incidents.values()],
    };
  }

  restore({ sinceMs, nowMs, tests, incidents }: HistoryState): void {
    this.#sinceMs = sinceMs ?? Number.POSITIVE_INFINITY;
    this.nowMs = nowMs ?? Number.NEGATIVE_INFINITY;
    this.#tests = new Map(tests);
    this.#incidents = new Map(incidents.map((incident) => [incident.id, { ...incident }]));
  }
}
