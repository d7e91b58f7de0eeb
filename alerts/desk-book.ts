import { dueOf, type Incident, identityOf, slim } from './desk-incident.ts';
import type { DeskSettings } from './desk-settings.ts';
import { Timers } from './desk-timers.ts';
import type { AlertEvent } from './event.ts';

/** Incidents followed at a time; critical ones have some room more. Beyond it they are only counted. */
export const MOST_INCIDENTS = 20_000;
export const MOST_WITH_CRITICAL = 30_000;
/** Beyond so many, only the gist of what detection said is kept of those that follow. */
const MOST_WHOLE = 2000;
const CLOSED_REMEMBERED = 1000;

/** What is remembered of an incident that is over. */
export interface Closed {
  readonly id: string;
  readonly version: number;
  readonly status: 'resolved' | 'expired';
  readonly openedMs: number | null;
  readonly closedMs: number;
  readonly event: AlertEvent;
  readonly label: Incident['label'];
}

export interface BookState {
  readonly seq: number;
  /** in the order of `seq` */
  readonly incidents: readonly Incident[];
  readonly closed: readonly Closed[];
}

/** The incidents that the desk knows, by identity. */
export class Book {
  #seq = 0;
  readonly #incidents = new Map<string, Incident>();
  readonly #byAlert = new Map<string, Incident>();
  readonly #byKey = new Map<string, Incident>();
  readonly #closed = new Map<string, Closed>();
  readonly #timers = new Timers<Incident>();
  settings: DeskSettings;

  constructor(settings: DeskSettings) {
    this.settings = settings;
  }

  get size(): number {
    return this.#incidents.size;
  }

  /** In the order in which they began. */
  all(): IterableIterator<Incident> {
    return this.#incidents.values();
  }

  closed(): Closed[] {
    return [...this.#closed.values()];
  }

  byId(id: string): Incident | undefined {
    return this.#incidents.get(id);
  }

  /** By the name that detection has for it now. */
  byAlert(alertId: string): Incident | undefined {
    return this.#byAlert.get(alertId);
  }

  byKey(event: AlertEvent): Incident | undefined {
    return this.#byKey.get(identityOf(event));
  }

  hasRoom(isCritical: boolean): boolean {
    return this.#incidents.size < (isCritical ? MOST_WITH_CRITICAL : MOST_INCIDENTS);
  }

  /** @param id of the incident, free unless it is one that is over: then its versions go on */
  add(event: AlertEvent, id: string, atMs: number): Incident {
    const before = this.#closed.get(id);
    this.#closed.delete(id);
    const incident: Incident = {
      id,
      seq: ++this.#seq,
      key: identityOf(event),
      alertId: event.alert_id,
      event,
      status: 'open',
      version: before?.version ?? 0,
      openedMs: before?.openedMs ?? null,
      heardMs: atMs,
      told: [],
      digests: [],
      silence: null,
      loud: null,
      pendingUntilMs: null,
      resolveMs: null,
      closedMs: null,
      acknowledged: null,
      label: before?.label ?? null,
      dueMs: Number.POSITIVE_INFINITY,
    };
    this.#incidents.set(id, incident);
    this.#index(incident);
    return incident;
  }

  #index(incident: Incident): void {
    this.#byAlert.set(incident.alertId, incident);
    this.#byKey.set(incident.key, incident);
  }

  /** Detection spoke of it. */
  hear(incident: Incident, event: AlertEvent, atMs: number): void {
    if (incident.alertId !== event.alert_id) {
      if (this.#byAlert.get(incident.alertId) === incident) this.#byAlert.delete(incident.alertId);
      incident.alertId = event.alert_id;
      this.#byAlert.set(event.alert_id, incident);
    }
    incident.event = event;
    incident.heardMs = Math.max(incident.heardMs, atMs);
  }

  /** After every change: when it must be looked at again. */
  touch(incident: Incident): void {
    if (this.#incidents.size > MOST_WHOLE && incident.event.evidence.model !== undefined)
      incident.event = slim(incident.event);
    const dueMs = dueOf(incident, this.settings);
    if (dueMs === incident.dueMs) return;
    incident.dueMs = dueMs;
    this.#timers.add(incident);
    if (this.#timers.size > 4 * this.#incidents.size + 1000) this.#rebuildTimers();
  }

  /** By other settings. */
  touchAll(): void {
    for (const incident of this.#incidents.values()) incident.dueMs = dueOf(incident, this.settings);
    this.#rebuildTimers();
  }

  #rebuildTimers(): void {
    this.#timers.clear();
    for (const incident of this.#incidents.values()) this.#timers.add(incident);
  }

  firstDue(): Incident | null {
    return this.#timers.first((it) => this.#incidents.get(it.id) === it);
  }

  /** It is over for good: only a little is remembered, and not for ever. */
  forget(incident: Incident): void {
    this.#incidents.delete(incident.id);
    if (this.#byAlert.get(incident.alertId) === incident) this.#byAlert.delete(incident.alertId);
    if (this.#byKey.get(incident.key) === incident) this.#byKey.delete(incident.key);
    const { id, version, status, openedMs, closedMs, heardMs, event, label } = incident;
    if (status !== 'resolved' && status !== 'expired') return;
    this.#remember({ id, version, status, openedMs, closedMs: closedMs ?? heardMs, event: slim(event), label });
  }

  #remember(closed: Closed): void {
    this.#closed.delete(closed.id);
    this.#closed.set(closed.id, closed);
    if (this.#closed.size <= CLOSED_REMEMBERED) return;
    const [oldest] = this.#closed.keys();
    this.#closed.delete(oldest!);
  }

  /** Whether anything is known of it, open or over. */
  known(id: string): Incident | Closed | undefined {
    return this.#incidents.get(id) ?? this.#closed.get(id);
  }

  /** A label for what is over. */
  relabel(closed: Closed, label: Incident['label']): void {
    this.#closed.set(closed.id, { ...closed, label });
  }

  state(): BookState {
    return {
      seq: this.#seq,
      incidents: [...this.#incidents.values()].map((it) => ({ ...it })),
      closed: this.closed(),
    };
  }

  restore({ seq, incidents, closed }: BookState): void {
    this.#seq = seq;
    for (const it of incidents) {
      const incident = { ...it };
      this.#incidents.set(incident.id, incident);
      this.#byAlert.set(incident.alertId, incident);
      // of two of one kind the one that is open, or the later one, is found by it
      this.#byKey.set(incident.key, incident);
    }
    for (const it of closed) this.#closed.set(it.id, it);
    this.#rebuildTimers();
  }
}
