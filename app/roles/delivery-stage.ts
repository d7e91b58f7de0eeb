import type { DeliveryRow, KeptDelivery } from '../../alerts/delivery-row.ts';
import { deliveryKey } from '../../alerts/notice.ts';
import type { Outcome } from '../../alerts/sinks/sink.ts';
import { WireError } from '../../infra/wire-bytes.ts';
import { type AttemptClock, type Attempted, type AttemptHooks, Attempts } from './attempts.ts';
import type { DeadLetterBox } from './dead-letters.ts';
import { type DeliveryPlace, DeliveryState } from './delivery-state.ts';
import { decodeNotice, type NumberedEntry, type NumberedNotice } from './notices.ts';
import { following, missing, reaching } from './numbering.ts';
import type { Outlet } from './outlet.ts';
import { askedAgain, meantBy, type Resend } from './resend.ts';
import type { Stage } from './stage.ts';

export interface DeliveryHooks extends AttemptHooks {
  /** delivered, or given up: `rows` are in the order of delivery */
  readonly onEnded: (rows: readonly DeliveryRow[]) => void;
  /** Told once each time numbers are missing, or a desk speaks that was replaced: nothing of it is delivered. */
  readonly onIgnored: (n: number, why: string) => void;
  /** somebody asked for a notice that is not known here */
  readonly onUnknown: (asked: Resend) => void;
  /** Told once each time a receiver does not take what it has to be told again, until it does. */
  readonly onUnrefreshed: (why: string) => void;
}

export interface DeliveryOptions {
  readonly deadLetters: DeadLetterBox;
  readonly signal: AbortSignal;
  readonly clock: AttemptClock;
  readonly hooks: DeliveryHooks;
}

/** Why a notice is passed over that was not said before. */
const IGNORED = {
  replaced: 'a desk that was replaced said it',
  early: 'numbers before it are missing: it is waited for them',
} as const;

/** A notice whose turn it is, and where the destination is behind it. */
interface Due {
  readonly said: NumberedNotice;
  readonly place: DeliveryPlace;
  readonly isResent: boolean;
}

/**
 * The notices that name one destination, in their order: the next is sent when the one before is delivered or given up.
 * What was delivered is told by the state at once, so that a process that dies repeats one send at most, under its key.
 */
export class DeliveryStage implements Stage {
  readonly #options: DeliveryOptions;
  readonly #outlet: Outlet;
  readonly #state: DeliveryState;
  readonly #attempts: Attempts;
  readonly #left = new AbortController();
  /** of the end of this process, or of this destination's being here */
  readonly #signal: AbortSignal;
  /** The process before may have died between sending this one and saying so. */
  #isInDoubt: boolean;
  #ignored: string | null = null;
  #turn: Promise<unknown> = Promise.resolve();
  /** key of what is sent now, of several the first; null = nothing is */
  trying: string | null = null;
  isChanged = false;
  isUrgent = false;

  /** @throws {WireError} on pages of a newer version */
  constructor(
    options: DeliveryOptions,
    pages: ReadonlyMap<string, Uint8Array> | null,
    open: (mark: unknown) => Outlet,
  ) {
    this.#options = options;
    this.#signal = AbortSignal.any([options.signal, this.#left.signal]);
    this.#state = new DeliveryState(pages);
    this.#isInDoubt = pages !== null;
    this.#outlet = open(this.#state.place.mark);
    this.#attempts = new Attempts(options.clock, options.hooks, this.#state.place.begun);
  }

  get atOnce(): number {
    return this.#outlet.atOnce;
  }

  /** For people: what became of what was sent, and what it waits for. */
  get state(): Pick<DeliveryState, 'recent' | 'dead' | 'memory' | 'open' | 'unlogged'> {
    return this.#state;
  }

  get attempts(): Pick<Attempts, 'condition' | 'why' | 'sinceMs' | 'nextMs' | 'begun'> {
    return this.#attempts;
  }

  /** What was there before the first notice: without it, what a process sent that died at once would be sent again. */
  async begin(): Promise<Map<string, Uint8Array> | null> {
    try {
      const { prepare } = this.#outlet;
      if (prepare !== undefined) await this.#attempts.until(() => prepare(), this.#signal);
      this.#place({ ...this.#state.place, mark: this.#outlet.mark?.() ?? null });
      return this.snapshot();
    } catch (error) {
      if (this.#signal.aborted) return null;
      throw error;
    }
  }

  /** The partition belongs to somebody else now: nothing more is sent. */
  leave(): void {
    this.#left.abort();
  }

  async absorb(records: readonly Uint8Array[], offset: number): Promise<void> {
    let place = reaching(this.#state.place, offset);
    let due: Due[] = [];
    for (const [i, record] of records.entries()) {
      const said = await this.#read(record, offset + i);
      const next = said === null ? missing(place) : this.#follow(place, said);
      if (next === null) continue;
      place = next;
      const found = said === null ? null : this.#dueOf(said, place);
      if (found === null) continue;
      due.push(found);
      if (due.length < this.#outlet.atOnce) continue;
      await this.#deliver(due);
      due = [];
    }
    if (due.length > 0) await this.#deliver(due);
    const { mark, begun } = this.#state.place;
    this.#place({ ...place, mark, begun, nextOffset: offset + records.length });
  }

  /** Null where it cannot be read: then it is set aside. */
  async #read(record: Uint8Array, offset: number): Promise<NumberedNotice | NumberedEntry | null> {
    try {
      return decodeNotice(record);
    } catch (error) {
      if (!(error instanceof WireError) || error.code === 'NEWER_VERSION') throw error;
      await this.#options.deadLetters.putRecord('notices', 0, offset, record, error.message);
      return null;
    }
  }

  #follow(place: DeliveryPlace, said: NumberedNotice | NumberedEntry): DeliveryPlace | null {
    const next = following(place, said);
    if (next === 'repeated') return null; // by a desk that went on from its snapshot
    if (next === 'replaced' || next === 'early') {
      const why = IGNORED[next];
      if (this.#ignored !== why) this.#options.hooks.onIgnored(said.n, why);
      this.#ignored = why;
      return null;
    }
    this.#ignored = null;
    return next;
  }

  /** Null where it is for others. */
  #dueOf(said: NumberedNotice | NumberedEntry, place: DeliveryPlace): Due | null {
    const { name } = this.#outlet;
    if ('notice' in said) return said.to.includes(name) ? { said, place, isResent: false } : null;
    const asked = askedAgain(said);
    if (asked?.destination !== name) return null;
    const found = meantBy(asked.delivery, this.#state.kept);
    if (found === null) {
      this.#options.hooks.onUnknown(asked);
      return null;
    }
    const { epoch, n } = said;
    return { said: { epoch, n, notice: found.notice, to: [name] }, place, isResent: true };
  }

  /** What was delivered is done at once; what was not is not. */
  async #deliver(due: readonly Due[]): Promise<void> {
    const isInDoubt = this.#isInDoubt || due.some(({ isResent }) => isResent);
    this.trying = deliveryKey((due[0] as Due).said.notice);
    try {
      const attempted = await this.#attempts.until((wasTried) => this.#send(due, wasTried || isInDoubt), this.#signal);
      this.#isInDoubt = false;
      await this.#ended(due, attempted);
    } finally {
      this.trying = null;
      this.#state.place = { ...this.#state.place, begun: this.#attempts.begun };
      this.isChanged = true;
    }
  }

  #send(due: readonly Due[], isRetry: boolean): Promise<Outcome> {
    const deliveries = due.map(({ said: { notice } }) => ({
      notice,
      memory: this.#state.memory.of(notice.incident_id),
      isRetry,
    }));
    return this.#alone(() => this.#outlet.send(deliveries, this.#signal));
  }

  /** One call of the outlet at a time. */
  #alone<T>(call: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(call);
    this.#turn = result.catch(() => {});
    return result;
  }

  /** Tells a receiver that forgets what it is not told again, until the end. A failure is not tried again before it is due. */
  async keepFresh(): Promise<void> {
    const { clock, hooks } = this.#options;
    const { refresh } = this.#outlet;
    if (refresh === undefined) return;
    let isFailing = false;
    try {
      for (;;) {
        const open = this.#state.open.items;
        const outcome = await this.#alone(() => refresh.run(open, this.#signal));
        if (outcome.kind !== 'taken' && !isFailing) hooks.onUnrefreshed(outcome.why);
        isFailing = outcome.kind !== 'taken';
        await clock.wait(refresh.everyMs, this.#signal);
      }
    } catch (error) {
      if (!this.#signal.aborted) throw error;
    }
  }

  async #ended(due: readonly Due[], attempted: Attempted): Promise<void> {
    const { outcome } = attempted;
    const rows: DeliveryRow[] = [];
    for (const one of due) {
      const { notice } = one.said;
      const row = this.#rowOf(one, attempted);
      rows.push(row);
      this.#state.unlogged.push(row);
      const key = deliveryKey(notice);
      this.#state.dead.remove((kept) => deliveryKey(kept.notice) === key);
      if (outcome.kind === 'taken') {
        const isPast = one.isResent && this.#state.hasNewer(notice);
        this.#state.recent.push({ row, notice });
        if (isPast) continue; // how the incident is now was said already
        this.#state.memory.delivered(notice, outcome.memory);
        if (this.#outlet.refresh !== undefined) this.#state.isNow(notice);
      } else await this.#dead({ row, notice }, one.said.n);
    }
    const { place } = due.at(-1) as Due;
    this.#place({ ...place, mark: this.#outlet.mark?.() ?? null, begun: null });
    this.isUrgent = true;
    this.#options.hooks.onEnded(rows);
  }

  #rowOf({ said: { epoch, n, notice }, isResent }: Due, { outcome, attempts, firstMs }: Attempted): DeliveryRow {
    const { name: destination, type } = this.#outlet;
    const endedMs = this.#options.clock.nowMs();
    return {
      destination,
      type,
      epoch,
      n,
      incidentId: notice.incident_id,
      version: notice.version,
      transition: notice.transition,
      severity: notice.event.severity,
      atMs: Date.parse(notice.at),
      endedMs,
      attempts,
      outcome: outcome.kind === 'taken' ? 'delivered' : 'dead',
      why: outcome.kind === 'taken' ? '' : outcome.why,
      latencyMs: Math.max(0, endedMs - firstMs),
      isResent,
    };
  }

  async #dead(kept: KeptDelivery, offset: number): Promise<void> {
    const { row, notice } = kept;
    this.#state.dead.push(kept);
    const excerpt = `${deliveryKey(notice)} ${row.transition}`;
    const origin = `destination ${this.#outlet.name}`;
    await this.#options.deadLetters.put([{ reason: `not delivered: ${row.why}`, origin, offset, line: null, excerpt }]);
  }

  #place(place: DeliveryPlace): void {
    this.#state.place = place;
  }

  async settle(): Promise<void> {
    await this.#options.deadLetters.settle();
  }

  snapshot(): Map<string, Uint8Array> {
    this.isChanged = false;
    this.isUrgent = false;
    return this.#state.pages();
  }

  /** Rows of the delivery log are stored: they need not be kept. */
  logged(rows: ReadonlySet<DeliveryRow>): void {
    this.#state.unlogged.remove((row) => rows.has(row));
    this.isChanged = true;
  }
}
