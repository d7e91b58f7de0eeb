import type { AlertEvent } from '../../alerts/event.ts';
import { decodeMessage, encodeMessage } from '../../infra/envelope.ts';
import type { RowSink } from '../../infra/store-rows.ts';
import { WireError } from '../../infra/wire-bytes.ts';
import type { DeadLetterBox } from './dead-letters.ts';
import { type AlertRecord, decodeAlertRecord, decodeRejects, type NumberedAlert } from './messages.ts';
import { following, missing, type Numbered, type Numbering, reaching } from './numbering.ts';
import type { Stage } from './stage.ts';

const PAGE = 'notify';

/** Where alert events go, in order. What it remembers between runs is its `mark`. */
export interface Destination {
  readonly name: string;
  /**
   * Resolves when the events are delivered, or can never be: then it says why, an entry for each that was given up. Tries
   * for as long as it takes otherwise. Each has a number that stays with it however often it is sent.
   */
  deliver(alerts: readonly NumberedAlert[], signal: AbortSignal): Promise<readonly Refused[]>;
  /** how many are delivered together: what was delivered before a failure is known by these steps */
  readonly atOnce: number;
  /** what to remember of all that was delivered so far; plain data */
  mark(signal: AbortSignal): Promise<unknown>;
}

export interface Refused {
  readonly alert: NumberedAlert;
  readonly why: string;
}

interface State extends Numbering {
  readonly mark: unknown;
  readonly beginsAt?: 'newest';
}

/** Why an alert is passed over that was not said before. */
const IGNORED = {
  replaced: 'a fleet stage that was replaced said it',
  early: 'numbers before it are missing: it is waited for them',
} as const;

export interface NotifyStageOptions {
  readonly deadLetters: DeadLetterBox;
  readonly signal: AbortSignal;
  /** where a destination begins that has no state yet */
  readonly beginsAt?: 'newest';
  /** Told once each time numbers are missing, or a fleet stage speaks that was replaced: nothing of it is delivered. */
  readonly onIgnored?: (alert: Numbered, why: string) => void;
  readonly onDelivered: (destination: string, events: readonly AlertEvent[], refused: number) => void;
}

/** Alert events to one destination: each topic's reader goes at its own pace, so that none waits for another. */
export class NotifyStage implements Stage {
  readonly #options: NotifyStageOptions;
  readonly #destination: Destination;
  #state: State;
  #ignored: string | null = null;
  /** alerts that were said out of turn: they come again */
  ignored = 0;
  isChanged = false;

  constructor(
    options: NotifyStageOptions,
    pages: ReadonlyMap<string, Uint8Array> | null,
    open: (mark: unknown) => Destination,
  ) {
    this.#options = options;
    const page = pages?.get(PAGE);
    const { beginsAt } = options;
    this.#state =
      page === undefined
        ? { last: null, mark: null, ...(beginsAt === undefined ? {} : { beginsAt }) }
        : (decodeMessage(page, 'notify-state') as State);
    this.#destination = open(this.#state.mark);
  }

  get beginsAt(): 'newest' | undefined {
    return this.#state.beginsAt;
  }

  /** What was there before the first event: without it, events of a process that died at once would be sent again. */
  async begin(): Promise<Map<string, Uint8Array> | null> {
    const { signal } = this.#options;
    try {
      this.#state = { ...this.#state, mark: await this.#destination.mark(signal) };
      return this.snapshot();
    } catch (error) {
      if (signal.aborted) return null;
      throw error;
    }
  }

  async absorb(records: readonly Uint8Array[], offset: number): Promise<void> {
    let state = reaching(this.#state, offset);
    let alerts: NumberedAlert[] = [];
    for (const record of records) {
      const found = this.#read(record);
      if (found === null) {
        state = missing(state);
        continue;
      }
      if ('command' in found) continue;
      const next = this.#follow(state, found);
      if (next === null) continue;
      state = next;
      if (!('event' in found)) continue;
      alerts.push(found);
      if (alerts.length < this.#destination.atOnce) continue;
      await this.#deliver(alerts, state);
      alerts = [];
    }
    if (alerts.length > 0) await this.#deliver(alerts, state);
    this.#state = { ...state, mark: this.#state.mark, nextOffset: offset + records.length };
  }

  /** Null where it cannot be read: the desk, which reads the same, sets it aside. */
  #read(record: Uint8Array): AlertRecord | null {
    try {
      return decodeAlertRecord(record);
    } catch (error) {
      if (!(error instanceof WireError) || error.code === 'NEWER_VERSION') throw error;
      return null;
    }
  }

  /** The state behind this alert, null where it is not the next: said before, or said too early by one that comes again. */
  #follow(state: State, alert: Numbered): State | null {
    const next = following(state, alert);
    if (next === 'repeated') return null; // by a fleet stage that went on from its snapshot
    if (next === 'replaced' || next === 'early') return this.#ignore(alert, IGNORED[next]);
    this.#ignored = null;
    return next;
  }

  #ignore(alert: Numbered, why: string): null {
    this.ignored++;
    if (this.#ignored !== why) this.#options.onIgnored?.(alert, why);
    this.#ignored = why;
    return null;
  }

  /** What was delivered is done at once; what was not is not. */
  async #deliver(alerts: readonly NumberedAlert[], state: State): Promise<void> {
    const { deadLetters, signal, onDelivered } = this.#options;
    const refused = await this.#destination.deliver(alerts, signal);
    for (const { alert, why } of refused) {
      const origin = `destination ${this.#destination.name}`;
      const excerpt = `${alert.event.alert_id} ${alert.event.event}`;
      await deadLetters.put([{ reason: `not delivered: ${why}`, origin, offset: alert.n, line: null, excerpt }]);
    }
    this.#state = { ...state, mark: await this.#destination.mark(signal) };
    this.isChanged = true;
    const events = alerts.map(({ event }) => event);
    onDelivered(this.#destination.name, events, refused.length);
  }

  async settle(): Promise<void> {
    await this.#options.deadLetters.settle();
  }

  snapshot(): Map<string, Uint8Array> {
    this.isChanged = false;
    return new Map([[PAGE, encodeMessage('notify-state', 0, this.#state)]]);
  }
}

/** The store as a destination: what it has taken is safe at the next flush. */
export function storeDestination(rows: RowSink): Destination {
  return {
    name: 'store',
    atOnce: Number.POSITIVE_INFINITY,
    async deliver(alerts) {
      await rows.writeAlertEvents(alerts.map(({ event }) => event));
      await rows.flush();
      return [];
    },
    mark: async () => null,
  };
}

/** Dead letters to the store. */
export class RejectStage implements Stage {
  readonly #rows: RowSink;
  /** records of this topic that cannot be read themselves; they stay in the topic */
  unreadable = 0;

  constructor(rows: RowSink) {
    this.#rows = rows;
  }

  async absorb(records: readonly Uint8Array[]): Promise<void> {
    for (const record of records) {
      try {
        await this.#rows.writeRejects(decodeRejects(record));
      } catch (error) {
        if (!(error instanceof WireError) || error.code === 'NEWER_VERSION') throw error;
        this.unreadable++;
      }
    }
  }

  async settle(): Promise<void> {
    await this.#rows.flush();
  }

  snapshot(): Map<string, Uint8Array> {
    return new Map();
  }
}
