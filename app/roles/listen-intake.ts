import { setTimeout as wait } from 'node:timers/promises';
import { BusError } from '../../infra/bus.ts';
import { StorageError } from '../../infra/storage-error.ts';
import { Dictionary } from '../../ingest/fragment.ts';
import type { Reject } from '../../ingest/reject.ts';
import type { Origin } from '../parts.ts';
import type { RoleContext } from './context.ts';
import { DeadLetterBox } from './dead-letters.ts';
import { FragmentSink } from './fragment-sink.ts';
import { TEXTS_KEPT } from './ingest-follow.ts';
import { IntakeLane, type IntakeLaneState } from './listen-lane.ts';

/** How long the first of several requests waits for the others that are made safe with it, ms. */
const COMPANY_MS = 2;

/** What comes in may not be taken for safe, and may come again. */
export class NotSafeError extends Error {
  override readonly name = 'NotSafeError';
  readonly code = 'NOT_SAFE';
}

export type LaneName = 'firehose' | 'otlp';

/** What a request's entries are counted under until they are safe. */
export interface Ticket {
  readonly generation: number;
}

/**
 * Takes what requests bring to the bus, many at a time: `begin`, any number of `read` and `reject`, `commit`. Requests
 * that end while others are being made safe share the next flush. When the bus takes nothing, all who wait are told so,
 * and it begins anew.
 */
export class Intake {
  readonly #context: RoleContext;
  readonly #dictionary: { current: Dictionary } = { current: new Dictionary() };
  readonly #lanes = new Map<LaneName, IntakeLane>();
  #sink: FragmentSink;
  #letters: DeadLetterBox;
  #rejects: Reject[] = [];
  #origin = '';
  #generation = 0;
  /** the flush under way, and the one after it, which takes what is entered meanwhile */
  #flushing: Promise<void> | null = null;
  #next: Promise<void> | null = null;
  /** what nobody can go on from; null = all is well */
  failure: unknown = null;
  /** why the bus took nothing last time; null = it did */
  trouble: string | null = null;

  constructor(context: RoleContext, names: readonly LaneName[], states: Readonly<Record<string, IntakeLaneState>>) {
    this.#context = context;
    this.#sink = new FragmentSink(context.topics.fragments);
    this.#letters = new DeadLetterBox(context.topics.rejects);
    for (const name of names) {
      const reject = (reject: Reject) => this.reject({ ...reject, origin: this.#origin });
      const { config } = context;
      const lane = new IntakeLane(name, this.#dictionary.current, reject, context, states[name], config.fields);
      this.#lanes.set(name, lane);
    }
    this.#open();
  }

  #open(): void {
    for (const lane of this.#lanes.values()) lane.open(this.#sink);
  }

  begin(name: LaneName): Ticket {
    this.#lane(name).requests++;
    return { generation: this.#generation };
  }

  /** The request is over, whatever became of it. */
  end(name: LaneName): void {
    this.#lane(name).requests--;
  }

  #lane(name: LaneName): IntakeLane {
    return this.#lanes.get(name)!;
  }

  /**
   * Reads bytes that stand alone. @param origin names them in rejects
   * @param timeMs of lines that tell none
   * @returns log events found, and rejects
   */
  read(name: LaneName, bytes: Uint8Array, origin: string, defaults: Origin, timeMs: number): ReadCounts {
    this.#origin = origin;
    const before = this.#rejects.length;
    const events = this.#lane(name).read(bytes, defaults, timeMs);
    return { events, rejects: this.#rejects.length - before };
  }

  reject(reject: Reject): void {
    this.#rejects.push(reject);
    this.#context.metrics.ingest.rejected(reject.reason);
  }

  /** Sends what is whole. Resolves when there is room for more. @throws {NotSafeError} */
  async room(): Promise<void> {
    const sink = this.#sink;
    try {
      await sink.push();
    } catch (error) {
      throw this.#begunAnew(error, sink);
    }
  }

  /** Resolves when everything entered since `begin` is safe, dead letters included. @throws {NotSafeError} */
  async commit({ generation }: Ticket): Promise<void> {
    if (generation !== this.#generation) throw new NotSafeError(this.trouble ?? 'the bus took nothing');
    this.#next ??= this.#flushAfter(this.#flushing);
    await this.#next;
    if (generation !== this.#generation) throw new NotSafeError(this.trouble ?? 'the bus took nothing');
  }

  async #flushAfter(previous: Promise<void> | null): Promise<void> {
    if (previous === null) await wait(COMPANY_MS);
    else await previous.catch(() => {});
    this.#flushing = this.#next;
    this.#next = null;
    const sink = this.#sink;
    try {
      await this.#flush(sink, this.#letters);
      this.trouble = null;
    } catch (error) {
      throw this.#begunAnew(error, sink);
    } finally {
      if (this.#next === null) this.#flushing = null;
    }
  }

  async #flush(sink: FragmentSink, letters: DeadLetterBox): Promise<void> {
    const { metrics } = this.#context;
    const rejects = this.#rejects.splice(0);
    for (const lane of this.#lanes.values()) lane.flush();
    const safe = sink.settle();
    await letters.put(rejects).catch(async (error: unknown) => {
      await safe.catch(() => {});
      throw error;
    });
    await safe;
    await letters.settle();
    const sent = sink.takeSent();
    metrics.bus.published('fragments', sent);
    let { fragments } = sent;
    for (const [name, lane] of this.#lanes) {
      metrics.ingest.read(name, { ...lane.takeRead(), fragments });
      fragments = 0;
    }
  }

  /** Nothing of what was entered is taken for safe: what it held is dropped, for it comes again. */
  #begunAnew(error: unknown, sink: FragmentSink): NotSafeError {
    if (!(error instanceof BusError || error instanceof StorageError)) this.failure ??= error;
    const message = error instanceof Error ? error.message : String(error);
    if (this.trouble === null) this.#context.log.warn('what is sent to us cannot be made safe', { why: message });
    this.trouble = message;
    if (sink !== this.#sink) return new NotSafeError(message, { cause: error }); // it has begun anew already
    this.#generation++;
    this.#rejects = [];
    this.#sink = new FragmentSink(this.#context.topics.fragments);
    this.#letters = new DeadLetterBox(this.#context.topics.rejects);
    this.#open();
    return new NotSafeError(message, { cause: error });
  }

  /** Time goes on, also while nothing comes. */
  async tick(): Promise<void> {
    if (this.#dictionary.current.texts.length > TEXTS_KEPT) this.#renew();
    let watermarkMs = Number.POSITIVE_INFINITY;
    for (const lane of this.#lanes.values()) {
      lane.tick();
      if (lane.watermarkMs < watermarkMs) watermarkMs = lane.watermarkMs;
    }
    if (Number.isFinite(watermarkMs)) this.#context.metrics.ingest.watermark(watermarkMs);
    await this.commit({ generation: this.#generation }).catch((error: unknown) => {
      if (!(error instanceof NotSafeError)) throw error;
    });
  }

  #renew(): void {
    this.#dictionary.current = new Dictionary();
    for (const lane of this.#lanes.values()) lane.renew(this.#dictionary.current);
  }

  /** What the next process goes on from; valid once `tick` or `commit` has resolved. */
  get states(): Record<string, IntakeLaneState> {
    return Object.fromEntries([...this.#lanes].map(([name, lane]) => [name, lane.state]));
  }
}

export interface ReadCounts {
  readonly events: number;
  readonly rejects: number;
}
