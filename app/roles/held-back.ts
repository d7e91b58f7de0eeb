import { type Notice, urgencyOf } from '../../alerts/notice.ts';
import type { AttemptClock } from './attempts.ts';
import type { NumberedNotice } from './notices.ts';
import { PagedList } from './paged-list.ts';

/** A notice that waits for its destination's rate. Plain data. */
export interface Held {
  readonly said: NumberedNotice;
  readonly isResent: boolean;
}

/** More than these are not read ahead. */
const MOST_HELD = 200;

/**
 * Notices that a destination's rate makes wait, so that what opens is told before what is only news of something told
 * already. Those of one incident stay in their order: where one of them is urgent, those before it are as well.
 */
export class HeldBack {
  readonly #list: PagedList<Held>;
  readonly #clock: AttemptClock;
  readonly #pauseMs: (notice: Notice) => number;
  readonly #signal: AbortSignal;
  #wake = new AbortController();

  /** @throws {WireError} on pages of a newer version */
  constructor(
    pages: ReadonlyMap<string, Uint8Array> | null,
    clock: AttemptClock,
    pauseMs: (notice: Notice) => number,
    signal: AbortSignal,
  ) {
    this.#list = new PagedList('delivery-held', Number.POSITIVE_INFINITY, pages);
    this.#clock = clock;
    this.#pauseMs = pauseMs;
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#wake.abort(), { once: true });
  }

  get length(): number {
    return this.#list.length;
  }

  get isFull(): boolean {
    return this.#list.length >= MOST_HELD;
  }

  get items(): readonly Held[] {
    return this.#list.items;
  }

  /** Whether this one has to wait: for the rate, or for one of its incident that does. */
  mustWait(notice: Notice): boolean {
    return this.#pauseMs(notice) > 0 || this.#list.items.some((it) => incidentOf(it) === notice.incident_id);
  }

  push(held: Held): void {
    this.#list.push(held);
    this.#wake.abort();
  }

  remove(held: Held): void {
    this.#list.remove((it) => it === held);
  }

  /** The one that is sent first: of the incident with the most urgent of all, the oldest where several are as urgent. */
  first(): Held | null {
    const { items } = this.#list;
    let most: Held | null = null;
    for (const held of items) if (most === null || urgencyOfHeld(held) < urgencyOfHeld(most)) most = held;
    return most === null ? null : (items.find((it) => incidentOf(it) === incidentOf(most)) as Held);
  }

  /** Waits until the first may be sent. @throws AbortError by the signal */
  async turn(): Promise<void> {
    for (;;) {
      this.#signal.throwIfAborted();
      const first = this.first();
      const pauseMs = first === null ? Number.POSITIVE_INFINITY : this.#pauseMs(first.said.notice);
      if (pauseMs <= 0) return;
      await this.#pause(pauseMs);
    }
  }

  /** Until then, or until another is held: it may be more urgent. */
  async #pause(ms: number): Promise<void> {
    this.#wake = new AbortController();
    const { signal } = this.#wake;
    if (this.#signal.aborted) return;
    if (ms === Number.POSITIVE_INFINITY) {
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      return;
    }
    try {
      await this.#clock.wait(ms, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  addPages(pages: Map<string, Uint8Array>): void {
    this.#list.addPages(pages);
  }
}

const incidentOf = ({ said }: Held): string => said.notice.incident_id;
const urgencyOfHeld = ({ said }: Held): number => urgencyOf(said.notice);
