import type { FieldMapping } from '../../ingest/clouds/mapping.ts';
import { type Dictionary, F, type FragmentBlock, FragmentWriter } from '../../ingest/fragment.ts';
import { createParser, type Parser } from '../../ingest/parser.ts';
import type { Reject } from '../../ingest/reject.ts';
import { gunzip, type Origin } from '../parts.ts';
import type { RoleContext } from './context.ts';
import { DeliveryDelay } from './delivery-delay.ts';
import type { FragmentSink } from './fragment-sink.ts';
import { Lane, type LaneState } from './lane.ts';

/** Nothing came for so long: it is at its end for the moment, ms. */
const QUIET_MS = 1000;
/** Parsers that are kept, by what their lines do not tell: delivery streams, mostly. */
const MOST_PARSERS = 64;
/** A stream that buffers for a minute, and the way: taken until one was heard, ms. */
const FIRST_DELAY_MS = 90_000;

type Clocks = Pick<RoleContext, 'nowMs' | 'elapsedMs'>;

/** Plain data; NaN and infinities are null. */
export interface IntakeLaneState {
  readonly watermarkMs: number | null;
  readonly isLive: boolean;
  readonly newestMs: number | null;
  readonly delayMs: number;
}

/** What one kind of sender brings: its parsers and its clock, which does not run ahead of what is still under way. */
export class IntakeLane {
  readonly #name: string;
  readonly #writer: FragmentWriter;
  readonly #reject: (reject: Reject) => void;
  readonly #clocks: Clocks;
  /** what JSON means that is not of a known format */
  readonly #fields: readonly FieldMapping[];
  readonly #parsers = new Map<string, Parser>();
  readonly #delay: DeliveryDelay;
  #state: LaneState | undefined;
  #lane: Lane | null = null;
  #heardMs: number;
  #read = { events: 0, bytes: 0 };
  /** requests under way */
  requests = 0;

  constructor(
    name: string,
    dictionary: Dictionary,
    reject: (reject: Reject) => void,
    clocks: Clocks,
    state: IntakeLaneState | undefined,
    fields: readonly FieldMapping[] = [],
  ) {
    this.#name = name;
    this.#fields = fields;
    this.#reject = reject;
    this.#clocks = clocks;
    this.#heardMs = clocks.elapsedMs();
    this.#writer = new FragmentWriter((block) => this.#take(block), dictionary);
    this.#delay = new DeliveryDelay(state?.delayMs ?? FIRST_DELAY_MS);
    this.#state = state === undefined ? undefined : laneState(state);
  }

  /**
   * Begins on a sink, or goes on on another one. The clock has one name in all replicas: behind a load balancer each has
   * a part of every stream, and who replaces one that died goes on with it.
   */
  open(sink: FragmentSink): void {
    this.#writer.block.n = 0;
    this.#lane = new Lane(
      `listen ${this.#name}`,
      sink,
      this.#lane?.state ?? this.#state,
      () => this.#clocks.nowMs() - this.#delay.ms,
    );
  }

  #take(block: FragmentBlock): void {
    const nowMs = this.#clocks.nowMs();
    const elapsedMs = this.#clocks.elapsedMs();
    for (let i = 0; i < block.n; i++) this.#delay.hear(nowMs - block.f[i * F.stride + F.time]!, elapsedMs);
    this.#lane!.take(block);
  }

  /** @returns log events that were found */
  read(bytes: Uint8Array, defaults: Origin, timeMs: number): number {
    const { stats, readAlone } = this.#parser(defaults);
    const before = stats.events;
    readAlone(bytes, timeMs);
    const events = stats.events - before;
    this.#read.events += events;
    this.#read.bytes += bytes.length;
    this.#heardMs = this.#clocks.elapsedMs();
    return events;
  }

  #parser({ account, region, logGroup }: Origin): Parser {
    const key = `${account ?? ''}\n${region ?? ''}\n${logGroup ?? ''}`;
    let parser = this.#parsers.get(key);
    if (parser === undefined) {
      parser = createParser(
        { origin: '', account, region, logGroup, fields: this.#fields, gunzip },
        this.#writer,
        this.#reject,
      );
      if (this.#parsers.size === MOST_PARSERS) this.#parsers.delete(this.#parsers.keys().next().value!);
      this.#parsers.set(key, parser);
    }
    return parser;
  }

  /** Hands on what was read. */
  flush(): void {
    this.#writer.flush();
  }

  tick(): void {
    this.#writer.flush();
    const { nowMs, elapsedMs } = this.#clocks;
    this.#lane!.tickLive(nowMs(), this.requests === 0 && elapsedMs() - this.#heardMs > QUIET_MS);
  }

  get watermarkMs(): number {
    return this.#lane!.watermarkMs;
  }

  renew(dictionary: Dictionary): void {
    this.#writer.renew(dictionary);
  }

  /** What was read since the last call. */
  takeRead(): { events: number; bytes: number } {
    const read = this.#read;
    this.#read = { events: 0, bytes: 0 };
    return read;
  }

  get state(): IntakeLaneState {
    const { watermarkMs, isLive, newestMs } = this.#lane!.state;
    const known = (ms: number) => (Number.isFinite(ms) ? ms : null);
    return { watermarkMs: known(watermarkMs), isLive, newestMs: known(newestMs), delayMs: this.#delay.ms };
  }
}

const laneState = ({ watermarkMs, isLive, newestMs }: IntakeLaneState): LaneState => ({
  watermarkMs: watermarkMs ?? Number.NaN,
  isLive,
  newestMs: newestMs ?? Number.NEGATIVE_INFINITY,
});
