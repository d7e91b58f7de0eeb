import type { Call } from './call.ts';
import type { Delivery } from './delivery.ts';

const LONGEST_WAIT_MS = 4000;
const MOST_CHARACTERS = 60_000;

/** Told of every call whose end was sent: `delivered` is false where a hole swallowed it. */
export type CallObserver = (call: Call, delivered: boolean) => void;

/** Log events of one stream on their way into one DATA_MESSAGE line: sent together when they are close in time. */
export class StreamBuffer {
  readonly #header: string;
  readonly #aheadMs: number;
  readonly #delivery: Delivery;
  readonly #observe: CallObserver | null;
  #events = '';
  #sinceMs = 0;
  #lastMs = 0;
  #calls: Call[] = [];

  constructor(header: string, aheadMs: number, delivery: Delivery, observe: CallObserver | null) {
    this.#header = header;
    this.#aheadMs = aheadMs;
    this.#delivery = delivery;
    this.#observe = observe;
  }

  get isEmpty(): boolean {
    return this.#events === '';
  }

  /** Adds JSON log events, the last of them at `lastMs`; `ended` is the call they complete, null = none. */
  add(events: string, firstMs: number, lastMs: number, ended: Call | null): void {
    if (this.#events === '') {
      this.#events = events;
      this.#sinceMs = firstMs;
    } else if (lastMs - this.#sinceMs > LONGEST_WAIT_MS || this.#events.length > MOST_CHARACTERS) {
      this.flush();
      this.#events = events;
      this.#sinceMs = firstMs;
    } else {
      this.#events += `,${events}`;
    }
    this.#lastMs = lastMs;
    if (ended !== null && this.#observe !== null) this.#calls.push(ended);
  }

  flush(): void {
    if (this.#events === '') return;
    const delivered = this.#delivery.send(`${this.#header}${this.#events}]}`, this.#lastMs, this.#aheadMs);
    this.#events = '';
    for (const call of this.#calls) this.#observe?.(call, delivered);
    if (this.#calls.length > 0) this.#calls = [];
  }
}
