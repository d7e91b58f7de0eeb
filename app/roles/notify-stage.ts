import type { AlertEvent } from '../../alerts/event.ts';
import { decodeMessage, encodeMessage } from '../../infra/envelope.ts';
import type { RowSink } from '../../infra/store-rows.ts';
import { WireError } from '../../infra/wire-bytes.ts';
import type { DeadLetterBox } from './dead-letters.ts';
import { decodeAlert, decodeRejects, type NumberedAlert } from './messages.ts';
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
  /** what to remember of all that was delivered so far; plain data */
  mark(): Promise<unknown>;
}

export interface Refused {
  readonly alert: NumberedAlert;
  readonly why: string;
}

interface State {
  /** number of the last alert event handled */
  readonly last: number;
  readonly mark: unknown;
}

export interface NotifyStageOptions {
  readonly deadLetters: DeadLetterBox;
  readonly signal: AbortSignal;
  readonly onDelivered: (destination: string, events: readonly AlertEvent[], refused: number) => void;
}

/** Alert events to one destination: each topic's reader goes at its own pace, so that none waits for another. */
export class NotifyStage implements Stage {
  readonly #options: NotifyStageOptions;
  readonly #destination: Destination;
  #last = 0;
  #mark: unknown = null;

  constructor(
    options: NotifyStageOptions,
    pages: ReadonlyMap<string, Uint8Array> | null,
    open: (mark: unknown) => Destination,
  ) {
    this.#options = options;
    const page = pages?.get(PAGE);
    if (page !== undefined) ({ last: this.#last, mark: this.#mark } = decodeMessage(page, 'notify-state') as State);
    this.#destination = open(this.#mark);
  }

  /** What was there before the first event: without it, events of a process that died at once would be sent again. */
  async begin(): Promise<Map<string, Uint8Array> | null> {
    this.#mark = await this.#destination.mark();
    return this.#mark === null ? null : this.snapshot();
  }

  async absorb(records: readonly Uint8Array[], offset: number): Promise<void> {
    const { deadLetters, signal, onDelivered } = this.#options;
    const alerts: NumberedAlert[] = [];
    let last = this.#last;
    for (const [i, record] of records.entries()) {
      try {
        const alert = decodeAlert(record);
        if (alert.n <= last) continue; // said again by a fleet stage that was replaced
        last = alert.n;
        alerts.push(alert);
      } catch (error) {
        if (!(error instanceof WireError) || error.code === 'NEWER_VERSION') throw error;
        await deadLetters.putRecord('alerts', 0, offset + i, record, error.message);
      }
    }
    if (alerts.length === 0) return;
    const refused = await this.#destination.deliver(alerts, signal);
    for (const { alert, why } of refused) {
      const origin = `destination ${this.#destination.name}`;
      const excerpt = `${alert.event.alert_id} ${alert.event.event}`;
      await deadLetters.put([{ reason: `not delivered: ${why}`, origin, offset: alert.n, line: null, excerpt }]);
    }
    this.#last = last; // not before: what was not delivered is not done
    this.#mark = await this.#destination.mark();
    onDelivered(
      this.#destination.name,
      alerts.map(({ event }) => event),
      refused.length,
    );
  }

  async settle(): Promise<void> {
    await this.#options.deadLetters.settle();
  }

  snapshot(): Map<string, Uint8Array> {
    const state: State = { last: this.#last, mark: this.#mark };
    return new Map([[PAGE, encodeMessage('notify-state', 0, state)]]);
  }
}

/** The store as a destination: what it has taken is safe at the next flush. */
export function storeDestination(rows: RowSink): Destination {
  return {
    name: 'store',
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
