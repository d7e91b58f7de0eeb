import type { PagingSettings } from '../../alerts/budget-order.ts';
import type { AlertEvent } from '../../alerts/event.ts';
import { Fleet } from '../../alerts/fleet.ts';
import { FleetMerge, type MergeState, type PartitionAway, type PartitionSaid } from '../../alerts/fleet-merge.ts';
import type { FleetState } from '../../alerts/fleet-state.ts';
import type { Bus } from '../../infra/bus.ts';
import { decodeMessage, encodeMessage, MAX_STATE_BYTES } from '../../infra/envelope.ts';
import { WireError } from '../../infra/wire-bytes.ts';
import type { DeadLetterBox } from './dead-letters.ts';
import { decodeSaid, encodeAlert, encodeAway, encodeTime } from './messages.ts';
import { Outbound } from './outbound.ts';
import type { Stage } from './stage.ts';

/** Pages `fleet/0`, `fleet/1`, … are one message, cut. */
const PAGE = 'fleet/';
const PAGE_BYTES = 8 * 1024 * 1024;
/** The longest JSON that can be read: a text of V8 has at most 2^29 - 24 characters. */

/** How far event time is, is said when it has moved by so much. */
const TIME_EVERY_MS = 5000;

/** Nothing heard at all for this part of `laggardMs`: then silence says nothing about a partition. */
const DEAF_PART = 4;

interface State {
  readonly fleet: FleetState;
  readonly merge: MergeState;
  /** alert events and times said so far */
  readonly said: number;
  readonly epoch: string;
  /** the last time that was said; absent before 0.3 */
  readonly timeMs?: number | null;
}

export interface FleetStageOptions {
  /** names the life that begins where no state is restored: unlike any other */
  readonly epoch: string;
  readonly configHash: string;
  readonly paging: PagingSettings;
  readonly disabledSignals: readonly string[];
  /** partitions of fragments: whom it waits for */
  readonly partitions: number;
  /** a partition that is waited for and not heard of for so long is declared away */
  readonly laggardMs: number;
  /** a clock that never jumps, ms: decides only what is published, and counts when it is read back */
  readonly elapsedMs: () => number;
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
  /** in their order: alert events, and how far event time is, ms */
  #pending: (AlertEvent | number)[] = [];
  #said = 0;
  #timeMs: number | null = null;
  #epoch: string;
  readonly #heardMs = new Map<number, number>();
  /** since when it is listened without a break; what was heard before does not count */
  #listeningMs: number;
  /** when anything was absorbed last */
  #absorbedMs: number;
  /** told to be away by a message that has not come back yet */
  readonly #leaving = new Set<number>();

  /** @throws {WireError} on pages of a newer version */
  constructor(options: FleetStageOptions, pages: ReadonlyMap<string, Uint8Array> | null) {
    this.#options = options;
    this.#listeningMs = options.elapsedMs();
    this.#absorbedMs = this.#listeningMs;
    this.#epoch = options.epoch;
    const { configHash, disabledSignals, paging, partitions } = options;
    this.#fleet = new Fleet(configHash, (event) => this.#pending.push(event), disabledSignals, undefined, paging);
    this.#merge = new FleetMerge(partitions, (minute) => {
      this.#fleet.step(minute);
      this.#noteTime(minute.watermarkMs);
    });
    this.#alerts = new Outbound(options.alerts, 0);
    const bytes = joinedPages(pages ?? new Map());
    if (bytes === null) return;
    const state = decodeMessage(bytes, 'fleet-state', MAX_STATE_BYTES) as State;
    this.#fleet.restore(state.fleet);
    this.#merge.restore(state.merge);
    this.#said = state.said;
    this.#epoch = state.epoch;
    this.#timeMs = state.timeMs ?? null;
  }

  /** The epoch is safe before its first alert is told, or a worker that died at once would tell the same under another. */
  async begin(): Promise<Map<string, Uint8Array>> {
    return this.snapshot();
  }

  async absorb(records: readonly Uint8Array[], offset: number): Promise<void> {
    const { deadLetters, onProgress, onSaid } = this.#options;
    this.#noteAbsorbed();
    for (const [i, record] of records.entries()) {
      try {
        this.#hear(decodeSaid(record));
      } catch (error) {
        if (!(error instanceof WireError) || error.code === 'NEWER_VERSION') throw error;
        await deadLetters.putRecord('verdicts', 0, offset + i, record, error.message);
      }
    }
    onProgress(this.#merge);
    if (this.#pending.length === 0) return;
    const said = this.#pending.splice(0);
    const epoch = this.#epoch;
    await this.#alerts.publish(
      said.map((it) =>
        typeof it === 'number'
          ? encodeTime({ epoch, n: ++this.#said, timeMs: it })
          : encodeAlert({ epoch, n: ++this.#said, event: it }),
      ),
    );
    onSaid(said.filter((it) => typeof it !== 'number'));
  }

  /** Behind what was said up to that time. By record, never by batch: so the numbers follow from the records alone. */
  #noteTime(timeMs: number): void {
    if (!Number.isFinite(timeMs) || timeMs < (this.#timeMs ?? Number.NEGATIVE_INFINITY) + TIME_EVERY_MS) return;
    this.#timeMs = timeMs;
    this.#pending.push(timeMs);
  }

  #hear(message: PartitionSaid | PartitionAway): void {
    if ('away' in message) {
      this.#leaving.delete(message.away);
      this.#merge.leave(message);
    } else if (this.#merge.hear(message)) this.#heardMs.set(message.partition, this.#options.elapsedMs());
    this.#noteTime(this.#merge.watermarkMs);
  }

  /** After a break it is not known who spoke in it: all have the whole time again. */
  #noteAbsorbed(): void {
    const atMs = this.#options.elapsedMs();
    if (this.#isDeaf(atMs)) {
      this.#listeningMs = atMs;
      this.#heardMs.clear();
    }
    this.#absorbedMs = atMs;
  }

  #isDeaf(atMs: number): boolean {
    return atMs - this.#absorbedMs > this.#options.laggardMs / DEAF_PART;
  }

  /**
   * Looks for partitions that hold everybody up, or miss a step, and were not heard of for long while others were: no worker
   * has them, or one that is stuck. Where nobody was heard it is the bus, or this stage, that stood still. It is published
   * first and acted on when it is read, so that whoever reads the topic again decides the same. Returns whom it declared.
   */
  async lookForLaggards(): Promise<readonly number[]> {
    const { laggardMs, elapsedMs, verdicts } = this.#options;
    const atMs = elapsedMs();
    if (this.#leaving.size > 0 || this.#isDeaf(atMs)) return [];
    const sinceMs = atMs - laggardMs;
    const away = [...new Set([...this.#merge.slowest, ...this.#merge.stuck])].filter(
      (partition) => (this.#heardMs.get(partition) ?? this.#listeningMs) < sinceMs,
    );
    if (away.length === 0) return [];
    for (const partition of away) this.#leaving.add(partition);
    try {
      await verdicts.publish(
        0,
        away.map((partition) => encodeAway({ away: partition })),
      );
    } catch (error) {
      this.#leaving.clear();
      throw error;
    }
    return away;
  }

  async settle(): Promise<void> {
    await this.#alerts.settle();
    await this.#options.deadLetters.settle();
  }

  snapshot(): Map<string, Uint8Array> {
    const state: State = {
      fleet: this.#fleet.state(),
      merge: this.#merge.state(),
      said: this.#said,
      epoch: this.#epoch,
      timeMs: this.#timeMs,
    };
    const bytes = encodeMessage('fleet-state', 0, state, MAX_STATE_BYTES);
    const pages = new Map<string, Uint8Array>();
    for (let at = 0; at < bytes.length; at += PAGE_BYTES)
      pages.set(`${PAGE}${pages.size}`, bytes.subarray(at, at + PAGE_BYTES));
    return pages;
  }
}

function joinedPages(pages: ReadonlyMap<string, Uint8Array>): Uint8Array | null {
  const parts: Uint8Array[] = [];
  for (let page = pages.get(`${PAGE}0`); page !== undefined; page = pages.get(`${PAGE}${parts.length}`))
    parts.push(page);
  return parts.length === 0 ? null : Buffer.concat(parts);
}
