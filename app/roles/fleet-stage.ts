import type { PagingSettings } from '../../alerts/budget-order.ts';
import type { AlertEvent } from '../../alerts/event.ts';
import { Fleet } from '../../alerts/fleet.ts';
import { FleetMerge, type MergeState } from '../../alerts/fleet-merge.ts';
import type { FleetState } from '../../alerts/fleet-state.ts';
import type { Bus } from '../../infra/bus.ts';
import { decodeMessage, encodeMessage } from '../../infra/envelope.ts';
import { WireError } from '../../infra/wire-bytes.ts';
import type { DeadLetterBox } from './dead-letters.ts';
import { decodeSaid, encodeAlert, encodeAway } from './messages.ts';
import { Outbound } from './outbound.ts';
import type { Stage } from './stage.ts';

const PAGE = 'fleet';

interface State {
  readonly fleet: FleetState;
  readonly merge: MergeState;
  /** alert events said so far */
  readonly said: number;
}

export interface FleetStageOptions {
  readonly configHash: string;
  readonly paging: PagingSettings;
  readonly disabledSignals: readonly string[];
  /** partitions of fragments: whom it waits for */
  readonly partitions: number;
  /** a partition that is waited for and not heard of for so long is declared away */
  readonly laggardMs: number;
  /** wall clock, ms: decides only what is published, and counts when it is read back */
  readonly nowMs: () => number;
  readonly verdicts: Bus;
  readonly alerts: Bus;
  readonly deadLetters: DeadLetterBox;
  readonly onSaid: (events: readonly AlertEvent[]) => void;
  readonly onProgress: (merge: FleetMerge) => void;
}

/** The one stage behind all shards, hosted by whichever worker has the one partition of `verdicts`. */
export class FleetStage implements Stage {
  readonly #options: FleetStageOptions;
  readonly #fleet: Fleet;
  readonly #merge: FleetMerge;
  readonly #alerts: Outbound;
  #events: AlertEvent[] = [];
  #said = 0;
  readonly #heardMs = new Map<number, number>();
  readonly #openedMs: number;

  /** @throws {WireError} on pages of a newer version */
  constructor(options: FleetStageOptions, pages: ReadonlyMap<string, Uint8Array> | null) {
    this.#options = options;
    this.#openedMs = options.nowMs();
    const { configHash, disabledSignals, paging, partitions } = options;
    this.#fleet = new Fleet(configHash, (event) => this.#events.push(event), disabledSignals, undefined, paging);
    this.#merge = new FleetMerge(partitions, (minute) => this.#fleet.step(minute));
    this.#alerts = new Outbound(options.alerts, 0);
    const page = pages?.get(PAGE);
    if (page === undefined) return;
    const state = decodeMessage(page, 'fleet-state') as State;
    this.#fleet.restore(state.fleet);
    this.#merge.restore(state.merge);
    this.#said = state.said;
  }

  async absorb(records: readonly Uint8Array[], offset: number): Promise<void> {
    const { deadLetters, onProgress, onSaid, nowMs } = this.#options;
    for (const [i, record] of records.entries()) {
      try {
        const message = decodeSaid(record);
        if ('away' in message) this.#merge.leave(message);
        else {
          this.#merge.hear(message);
          this.#heardMs.set(message.partition, nowMs());
        }
      } catch (error) {
        if (!(error instanceof WireError) || error.code === 'NEWER_VERSION') throw error;
        await deadLetters.putRecord('verdicts', 0, offset + i, record, error.message);
      }
    }
    onProgress(this.#merge);
    if (this.#events.length === 0) return;
    const events = this.#events.splice(0);
    await this.#alerts.publish(events.map((event) => encodeAlert({ n: ++this.#said, event })));
    onSaid(events);
  }

  /**
   * Looks for partitions that hold everybody up and have not been heard of for long, as no worker has them, or one that is
   * stuck. It is published first and acted on when it is read, so that whoever reads the topic again decides the same.
   */
  async lookForLaggards(): Promise<readonly number[]> {
    const { laggardMs, nowMs, verdicts } = this.#options;
    const sinceMs = nowMs() - laggardMs;
    const away = this.#merge.slowest.filter((partition) => (this.#heardMs.get(partition) ?? this.#openedMs) < sinceMs);
    if (away.length > 0)
      await verdicts.publish(
        0,
        away.map((partition) => encodeAway({ away: partition })),
      );
    return away;
  }

  async settle(): Promise<void> {
    await this.#alerts.settle();
    await this.#options.deadLetters.settle();
  }

  snapshot(): Map<string, Uint8Array> {
    const state: State = { fleet: this.#fleet.state(), merge: this.#merge.state(), said: this.#said };
    return new Map([[PAGE, encodeMessage('fleet-state', 0, state)]]);
  }
}
