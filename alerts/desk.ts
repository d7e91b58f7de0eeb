import { Book, type BookState } from './desk-book.ts';
import { commandOf, type DeskCommand, type Silence } from './desk-commands.ts';
import { type Incident, isOpen, isRenotified } from './desk-incident.ts';
import { obey } from './desk-obey.ts';
import { Overflow, type Untracked } from './desk-overflow.ts';
import type { DeskSaid } from './desk-said.ts';
import type { DeskSettings } from './desk-settings.ts';
import type { StormState } from './desk-storm.ts';
import { Teller } from './desk-teller.ts';
import type { AlertEvent } from './event.ts';

const COMMANDS_REMEMBERED = 1000;

/** Plain data. */
export interface DeskState {
  readonly v: 1;
  readonly settings: DeskSettings;
  readonly nowMs: number | null;
  readonly historyUntilMs: number | null;
  readonly silences: readonly Silence[];
  readonly commands: readonly string[];
  readonly storm: StormState;
  readonly untracked: Untracked;
  readonly adopts: boolean;
  readonly book: BookState;
}

/**
 * Turns what detection says, how far event time is, and what people ask for into what people are told, and who. Pure: the
 * same calls in the same order say the same, from a state that was restored too. Time is event time; it only goes on.
 * O(log n) a call in the number of incidents followed, but for silences that end and settings that change: O(n).
 */
export class Desk {
  readonly #book: Book;
  readonly #teller: Teller;
  #nowMs = Number.NEGATIVE_INFINITY;
  readonly #commands = new Set<string>();
  readonly #overflow: Overflow;

  /** @param adopts others told people of incidents before there was this desk */
  constructor(settings: DeskSettings, adopts = false) {
    this.#book = new Book(settings);
    this.#teller = new Teller(settings);
    this.#overflow = new Overflow(this.#teller, adopts);
  }

  get settings(): DeskSettings {
    return this.#book.settings;
  }

  get untracked(): Untracked {
    return this.#overflow.untracked;
  }

  get book(): Book {
    return this.#book;
  }

  get silences(): Silence[] {
    return [...this.#teller.silences.values()];
  }

  /** Event time, ms; -Infinity before the first. */
  get nowMs(): number {
    return this.#nowMs;
  }

  hear(event: AlertEvent): DeskSaid[] {
    this.#advance(Date.parse(event.at));
    if (event.event === 'resolved') this.#ended(event);
    else this.#goesOn(event);
    return this.#said();
  }

  /** Nothing comes any more from before that time. */
  time(timeMs: number): DeskSaid[] {
    this.#advance(timeMs);
    const { storm, settings } = this.#teller;
    this.#teller.said.push(...storm.settle(this.#nowMs, settings.stormAlertsPerMinute));
    return this.#said();
  }

  /** What is no command, or cannot be carried out, is said to be refused. One that was carried out is not again. */
  command(data: unknown): DeskSaid[] {
    const command = commandOf(data);
    if (typeof command === 'string') return [{ entry: { kind: 'refused', command: 'unknown', why: command } }];
    if (this.#commands.has(command.id)) return [];
    this.#commands.add(command.id);
    const [oldest] = this.#commands;
    if (this.#commands.size > COMMANDS_REMEMBERED) this.#commands.delete(oldest!);
    if (command.kind === 'settings') this.#setSettings(command.settings);
    else if (command.kind === 'history') this.#setHistory(command);
    else obey(command, this.#book, this.#teller, Number.isFinite(this.#nowMs) ? this.#nowMs : (command.atMs ?? 0));
    return this.#said();
  }

  #setSettings(settings: DeskSettings): void {
    this.#book.settings = settings;
    this.#teller.settings = settings;
    this.#book.touchAll();
  }

  #setHistory({ untilMs }: Extract<DeskCommand, { kind: 'history' }>): void {
    if (untilMs <= this.#nowMs) return;
    this.#teller.historyUntilMs = Math.max(untilMs, this.#teller.historyUntilMs ?? untilMs);
  }

  #said(): DeskSaid[] {
    const { said } = this.#teller;
    this.#teller.said = [];
    return said;
  }

  /** Opened, or updated. */
  #goesOn(event: AlertEvent): void {
    const known = this.#book.byAlert(event.alert_id) ?? this.#book.byKey(event);
    if (known === undefined) {
      this.#begin(event);
      return;
    }
    this.#book.hear(known, event, this.#nowMs);
    known.resolveMs = null; // it ended for less than the flap hold
    if (known.status === 'resolved' || known.status === 'expired') this.#reopen(known);
    else if (known.status === 'pending') this.#stillPending(known);
    else this.#teller.update(known, this.#nowMs);
    this.#book.touch(known);
  }

  #begin(event: AlertEvent): void {
    const isCritical = event.severity === 'critical';
    if (!this.#book.hasRoom(isCritical)) {
      this.#overflow.opened(event, this.#nowMs);
      return;
    }
    const incident = this.#book.add(event, this.#idOf(event), this.#nowMs);
    const { holdMs } = this.#book.settings;
    if (holdMs > 0 && !isCritical) {
      incident.status = 'pending';
      incident.pendingUntilMs = this.#nowMs + holdMs;
      this.#teller.log(incident, 'pending', this.#nowMs, `it must last ${holdMs / 1000} s before it is told`);
    } else this.#teller.announce(incident, 'opened', this.#nowMs, event.text);
    this.#book.touch(incident);
  }

  /** What was told of long ago and is forgotten gets a name of its own: versions begin again with it. */
  #idOf({ event, alert_id }: AlertEvent): string {
    if (event === 'opened' || this.#overflow.adopts) return alert_id;
    return `${alert_id}-${Math.floor(this.#nowMs / 1000).toString(36)}`;
  }

  #reopen(incident: Incident): void {
    const wasTold = incident.version > 0;
    incident.status = 'open';
    incident.closedMs = null;
    incident.acknowledged = null;
    incident.told = [];
    incident.loud = null;
    const reason = wasTold ? 'it is back: the same incident' : incident.event.text;
    this.#teller.log(incident, 'reopened', this.#nowMs, 'it opened again soon after its end');
    this.#teller.announce(incident, wasTold ? 'reopened' : 'opened', this.#nowMs, reason);
  }

  #stillPending(incident: Incident): void {
    if (incident.event.severity === 'critical') this.#endPending(incident, this.#nowMs);
  }

  #endPending(incident: Incident, atMs: number): void {
    incident.status = 'open';
    incident.pendingUntilMs = null;
    this.#teller.announce(incident, 'opened', atMs, incident.event.text);
  }

  #ended(event: AlertEvent): void {
    const incident = this.#book.byAlert(event.alert_id);
    if (incident === undefined || incident.status === 'resolved' || incident.status === 'expired') {
      if (incident === undefined) this.#overflow.ended(event, this.#nowMs);
      return;
    }
    this.#book.hear(incident, event, this.#nowMs);
    const { flapHoldMs } = this.#book.settings;
    if (incident.status === 'pending') {
      incident.status = 'resolved';
      incident.closedMs = this.#nowMs;
      this.#book.forget(incident); // nobody knows of it: what opens again is a new one
      return;
    }
    if (flapHoldMs > 0) incident.resolveMs = this.#nowMs + flapHoldMs;
    else this.#teller.close(incident, 'resolved', this.#nowMs, event.text);
    this.#book.touch(incident);
  }

  /** Lets everything happen that is due until then, in its order, each at its own time. */
  #advance(toMs: number): void {
    if (!Number.isFinite(toMs)) return;
    for (;;) {
      const incident = this.#book.firstDue();
      const [fixedMs, run] = this.#nextFixed();
      const dueMs = Math.min(fixedMs, incident?.dueMs ?? Number.POSITIVE_INFINITY);
      if (dueMs > toMs) break;
      this.#nowMs = Math.max(this.#nowMs, dueMs);
      if (fixedMs === dueMs) run();
      else this.#look(incident!);
    }
    this.#nowMs = Math.max(this.#nowMs, toMs);
  }

  /** What is due first besides incidents. */
  #nextFixed(): readonly [dueMs: number, run: () => void] {
    const teller = this.#teller;
    let next: readonly [number, () => void] = [
      teller.storm.dueMs,
      () => teller.said.push(...teller.storm.flush(this.#nowMs, teller.settings.stormAlertsPerMinute)),
    ];
    const untilMs = teller.historyUntilMs;
    if (untilMs !== null && untilMs <= next[0]) next = [untilMs, () => this.#endHistory()];
    for (const silence of teller.silences.values()) {
      if (silence.untilMs >= next[0]) continue;
      const command = {
        id: '',
        kind: 'unsilence',
        silence: silence.id,
        by: 'tripline',
        why: 'its time is over',
      } as const;
      next = [silence.untilMs, () => obey(command, this.#book, teller, this.#nowMs)];
    }
    return next;
  }

  #endHistory(): void {
    this.#teller.historyUntilMs = null;
    for (const incident of this.#book.all()) {
      if (!isOpen(incident) || incident.version > 0 || incident.resolveMs !== null) continue;
      this.#teller.announce(incident, 'opened', this.#nowMs, 'it was open already when watching began');
      this.#book.touch(incident);
    }
  }

  /** Something of an incident is due now. */
  #look(incident: Incident): void {
    const { settings } = this.#book;
    const nowMs = this.#nowMs;
    if (!isOpen(incident) && incident.status !== 'pending') this.#book.forget(incident);
    else if (incident.resolveMs !== null && incident.resolveMs <= nowMs)
      this.#teller.close(incident, 'resolved', incident.resolveMs, incident.event.text);
    else if (incident.pendingUntilMs !== null && incident.pendingUntilMs <= nowMs) this.#endPending(incident, nowMs);
    else if (incident.heardMs + settings.expireAfterMs <= nowMs)
      this.#teller.close(incident, 'expired', nowMs, 'nothing was heard of it for long');
    else if (incident.worseMs != null && incident.worseMs <= nowMs) this.#teller.tellWorse(incident, nowMs);
    else if (isRenotified(incident, settings) && incident.loud!.atMs + settings.renotifyAfterMs <= nowMs)
      this.#renotify(incident, nowMs);
    this.#book.touch(incident);
  }

  #renotify(incident: Incident, atMs: number): void {
    const reason = 'it is still open, and nobody has acknowledged it';
    this.#teller.log(incident, 'renotified', atMs, reason);
    if (!this.#teller.announce(incident, 'renotified', atMs, reason) && incident.loud !== null)
      incident.loud = { ...incident.loud, atMs }; // not now: after the same time again
  }

  state(): DeskState {
    const { settings, silences, historyUntilMs, storm } = this.#teller;
    return {
      v: 1,
      settings,
      nowMs: Number.isFinite(this.#nowMs) ? this.#nowMs : null,
      historyUntilMs,
      silences: [...silences.values()],
      commands: [...this.#commands],
      storm: storm.state(),
      untracked: this.#overflow.untracked,
      adopts: this.#overflow.adopts,
      book: this.#book.state(),
    };
  }

  /** @throws {Error} on the state of a newer version */
  restore(state: DeskState): void {
    if (state.v !== 1) throw new Error(`the desk cannot read its state v${(state as { v: unknown }).v}`);
    this.#nowMs = state.nowMs ?? Number.NEGATIVE_INFINITY;
    this.#overflow.untracked = state.untracked;
    this.#overflow.adopts = state.adopts;
    for (const id of state.commands) this.#commands.add(id);
    this.#teller.historyUntilMs = state.historyUntilMs;
    for (const silence of state.silences) this.#teller.silences.set(silence.id, silence);
    this.#teller.storm.restore(state.storm);
    this.#book.settings = state.settings;
    this.#teller.settings = state.settings;
    this.#book.restore(state.book);
  }
}
