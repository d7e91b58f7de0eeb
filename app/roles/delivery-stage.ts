import type { DeliveryRow, KeptDelivery } from '../../alerts/delivery-row.ts';
import { deliveryKey } from '../../alerts/notice.ts';
import type { Outcome } from '../../alerts/sinks/sink.ts';
import { type Attempted, Attempts } from './attempts.ts';
import type { DeliveryOptions } from './delivery-hooks.ts';
import { rowOf } from './delivery-rows.ts';
import { type DeliveryPlace, DeliveryState } from './delivery-state.ts';
import { type Held, HeldBack } from './held-back.ts';
import { NoticeReader } from './notice-reader.ts';
import type { NumberedEntry, NumberedNotice } from './notices.ts';
import { missing, reaching } from './numbering.ts';
import type { Outlet } from './outlet.ts';
import { askedAgain, meantBy } from './resend.ts';
import type { Stage, StageHost } from './stage.ts';

/** A notice whose turn it is, and where the destination is behind it; null = there already. */
interface Due extends Held {
  readonly place: DeliveryPlace | null;
}

/**
 * The notices that name one destination, in their order: the next is sent when the one before is delivered or given up.
 * What was delivered is told by the state at once, so that a process that dies repeats one send at most, under its key.
 * Where a destination has a rate, what would have to wait is held back, and sent by `drain`, the urgent first.
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
  readonly #held: HeldBack;
  /** of those held back, what the process before may have sent */
  readonly #doubtful: Set<Held>;
  readonly #reader: NoticeReader;
  #turn: Promise<unknown> = Promise.resolve();
  #sending: Promise<unknown> = Promise.resolve();
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
    this.#held = new HeldBack(pages, options.clock, (notice) => this.#outlet.pauseMs?.(notice) ?? 0, this.#signal);
    this.#doubtful = new Set(this.#held.items);
    this.#reader = new NoticeReader(options.deadLetters, options.hooks.onIgnored);
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

  absorb(records: readonly Uint8Array[], offset: number): Promise<void> {
    return this.#exclusively(() => this.#absorb(records, offset));
  }

  async #absorb(records: readonly Uint8Array[], offset: number): Promise<void> {
    let place = reaching(this.#state.place, offset);
    let due: Due[] = [];
    for (const [i, record] of records.entries()) {
      const said = await this.#reader.read(record, offset + i);
      const next = said === null ? missing(place) : this.#reader.follow(place, said);
      if (next === null) continue;
      place = next;
      const found = said === null ? null : this.#dueOf(said, place);
      if (found === null) continue;
      due.push(found);
      if (due.length < this.#outlet.atOnce) continue;
      await this.#deliverOrHold(due);
      due = [];
    }
    if (due.length > 0) await this.#deliverOrHold(due);
    const { mark, begun } = this.#state.place;
    this.#place({ ...place, mark, begun, nextOffset: offset + records.length });
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

  /** Several at once have no rate. */
  async #deliverOrHold(due: readonly Due[]): Promise<void> {
    // a destination that had a rate before its config was changed
    while (this.#outlet.pauseMs === undefined && this.#held.length > 0) await this.#deliverHeld();
    const [{ said, isResent, place }] = due as [Due];
    if (this.#outlet.pauseMs === undefined || !this.#held.mustWait(said.notice)) {
      await this.#deliver(due, this.#isInDoubt);
    } else {
      while (this.#held.isFull) await this.#deliverHeld();
      const held = { said, isResent };
      if (this.#isInDoubt) this.#doubtful.add(held);
      this.#held.push(held);
      if (place !== null) this.#place({ ...place, mark: this.#state.place.mark, begun: this.#attempts.begun });
      this.isUrgent = true;
      this.isChanged = true;
    }
    this.#isInDoubt = false;
  }

  async #deliverHeld(): Promise<void> {
    const held = this.#held.first();
    if (held === null) return;
    await this.#deliver([{ ...held, place: null }], this.#doubtful.has(held));
    this.#held.remove(held);
    this.#doubtful.delete(held);
  }

  /** Sends what is held back when the rate allows it, until the end. */
  async drain(host: StageHost): Promise<void> {
    try {
      for (;;) {
        await this.drainOne();
        await host.save();
      }
    } catch (error) {
      if (!this.#signal.aborted) host.fail(error);
    }
  }

  /** Waits until something is held back that may be sent, and sends it. @throws AbortError */
  async drainOne(): Promise<void> {
    await this.#held.turn();
    await this.#exclusively(() => this.#deliverHeld());
  }

  get heldBack(): number {
    return this.#held.length;
  }

  /** What is sent from outside and what was held back do not meet. */
  #exclusively<T>(call: () => Promise<T>): Promise<T> {
    const result = this.#sending.then(call);
    this.#sending = result.catch(() => {});
    return result;
  }

  /** What was delivered is done at once; what was not is not. */
  async #deliver(due: readonly Due[], mayHaveArrived: boolean): Promise<void> {
    const isInDoubt = mayHaveArrived || due.some(({ isResent }) => isResent);
    this.trying = deliveryKey((due[0] as Due).said.notice);
    try {
      const attempted = await this.#attempts.until((wasTried) => this.#send(due, wasTried || isInDoubt), this.#signal);
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
    const endedMs = this.#options.clock.nowMs();
    for (const one of due) {
      const { notice } = one.said;
      const row = rowOf(one, attempted, { ...this.#outlet, endedMs });
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
    const place = (due.at(-1) as Due).place ?? this.#state.place;
    this.#place({ ...place, mark: this.#outlet.mark?.() ?? null, begun: null });
    this.isUrgent = true;
    this.#options.hooks.onEnded(rows);
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
    if (this.#signal.aborted) await this.#sending; // what is under way ends now, one way or the other
    await this.#options.deadLetters.settle();
  }

  snapshot(): Map<string, Uint8Array> {
    this.isChanged = false;
    this.isUrgent = false;
    const pages = this.#state.pages();
    this.#held.addPages(pages);
    return pages;
  }

  /** Rows of the delivery log are stored: they need not be kept. */
  logged(rows: ReadonlySet<DeliveryRow>): void {
    this.#state.unlogged.remove((row) => rows.has(row));
    this.isChanged = true;
  }
}
