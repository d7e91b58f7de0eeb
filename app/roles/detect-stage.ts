import { setImmediate } from 'node:timers/promises';
import { coverageOf } from '../../alerts/coverage.ts';
import type { PartitionSaid, PartitionStep } from '../../alerts/fleet-merge.ts';
import type { Bus } from '../../infra/bus.ts';
import type { RowSink } from '../../infra/store-rows.ts';
import { createFragmentDecoder, type FragmentDecoder } from '../../infra/wire.ts';
import { WireError } from '../../infra/wire-bytes.ts';
import { Dictionary, FragmentBlock } from '../../ingest/fragment.ts';
import type { Partition } from '../partition.ts';
import type { DeadLetterBox } from './dead-letters.ts';
import { encodeSaid } from './messages.ts';
import { Outbound } from './outbound.ts';
import type { Stage } from './stage.ts';
import type { Watch } from './watch.ts';

/** Fragments between two turns of the event loop: heartbeats, timers and metrics wait no longer than some 30 ms. */
const FRAGMENTS_A_TURN = 16_384;
/** Texts of a partition that are kept; then the list begins anew. Request ids that are no UUIDs are in it, too. */
const TEXTS_KEPT = 500_000;
/** How much event time passes between two copies of what is known of the functions, ms. */
const FUNCTIONS_EVERY_MS = 10 * 60_000;

/** What a batch came to. */
export interface Absorbed {
  readonly partition: number;
  readonly engine: Partition;
  readonly minutes: number;
  readonly seconds: number;
  readonly poison: number;
}

export interface DetectStageOptions {
  readonly partition: number;
  readonly engine: Partition;
  readonly rows: RowSink;
  readonly verdicts: Bus;
  readonly deadLetters: DeadLetterBox;
  /** a clock that never jumps, ms */
  readonly elapsedMs: () => number;
  readonly onAbsorbed: (absorbed: Absorbed) => void;
  readonly watch?: Watch | undefined;
}

/** The shards of one partition: blocks of fragments in; rows to the store, steps to the fleet stage. */
export class DetectStage implements Stage {
  readonly #options: DetectStageOptions;
  readonly #verdicts: Outbound;
  #dictionary = new Dictionary();
  #decoder: FragmentDecoder = createFragmentDecoder(this.#dictionary);
  /** used again for every record; grown to the largest */
  #block = new FragmentBlock(this.#dictionary);
  #functionsMs = Number.NEGATIVE_INFINITY;
  #saidMs = Number.NEGATIVE_INFINITY;

  constructor(options: DetectStageOptions) {
    this.#options = options;
    this.#verdicts = new Outbound(options.verdicts, 0);
  }

  /**
   * The epoch is safe before its first step is told, or a worker that died at once would tell the same steps under another;
   * and whoever reads the steps knows that they begin at 1.
   */
  async begin(): Promise<Map<string, Uint8Array>> {
    await this.#verdicts.publish(encodeSaid(this.#said([])));
    await this.#verdicts.settle();
    return this.snapshot();
  }

  #said(steps: readonly PartitionStep[]): PartitionSaid {
    const { engine, partition } = this.#options;
    const { epoch, said: last, watermarkMs } = engine;
    return {
      partition,
      epoch,
      last,
      watermarkMs: Number.isNaN(watermarkMs) ? Number.NEGATIVE_INFINITY : watermarkMs,
      steps,
    };
  }

  /** @throws {WireError} NEWER_VERSION: a producer was upgraded before this worker; nothing of the batch is passed over */
  async absorb(records: readonly Uint8Array[], offset: number): Promise<void> {
    const { engine, partition, elapsedMs, onAbsorbed, deadLetters, watch } = this.#options;
    let poison = 0;
    let busyMs = 0;
    let fragments = 0;
    let startedMs = elapsedMs();
    for (const [i, record] of records.entries()) {
      try {
        this.#block = this.#decoder.decode(record, this.#block);
        engine.step(this.#block);
        if (watch?.isTapped === true) watch.offer(this.#block);
        fragments += this.#block.n;
      } catch (error) {
        if (!(error instanceof WireError) || error.code === 'NEWER_VERSION') throw error;
        poison++;
        await deadLetters.putRecord('fragments', partition, offset + i, record, error.message);
      }
      if (fragments < FRAGMENTS_A_TURN) continue;
      fragments = 0;
      busyMs += elapsedMs() - startedMs;
      await this.#say();
      await setImmediate();
      startedMs = elapsedMs();
    }
    busyMs += elapsedMs() - startedMs;
    const minutes = await this.#say();
    if (this.#dictionary.texts.length > TEXTS_KEPT) this.#forgetTexts();
    onAbsorbed({ partition, engine, minutes, seconds: busyMs / 1000, poison });
  }

  #forgetTexts(): void {
    this.#dictionary = new Dictionary();
    this.#decoder = createFragmentDecoder(this.#dictionary);
    this.#block = new FragmentBlock(this.#dictionary);
  }

  /** Hands on what came out. Returns how many windows were graded. */
  async #say(): Promise<number> {
    const { engine, rows } = this.#options;
    const { steps, minutes, invocations, scores } = engine.drain();
    const { watermarkMs } = engine;
    if (steps.length > 0 || watermarkMs > this.#saidMs) {
      await this.#verdicts.publish(encodeSaid(this.#said(steps)));
      this.#saidMs = watermarkMs;
    }
    if (minutes.length > 0) await rows.writeMinutes(minutes);
    if (invocations.length > 0) await rows.writeInvocations(invocations);
    if (scores.length > 0) await rows.writeScores(scores);
    return minutes.length;
  }

  async settle(): Promise<void> {
    const { engine, rows, deadLetters } = this.#options;
    // not `>=`: before the first tick the watermark is NaN, and that must not be the last copy
    if (!(engine.watermarkMs < this.#functionsMs + FUNCTIONS_EVERY_MS)) {
      await this.#writeFunctions();
    }
    await this.#verdicts.settle();
    await deadLetters.settle();
    await rows.flush();
  }

  async finish(): Promise<void> {
    // also where nothing is new: a worker that was thrown out may have stored an older copy since
    await this.#writeFunctions();
  }

  /** What is known of the functions now: as it changes all the time, only a copy every so often is stored. */
  async #writeFunctions(): Promise<void> {
    const { engine, rows } = this.#options;
    this.#functionsMs = engine.watermarkMs;
    const functions = engine.functions();
    await rows.writeFunctions(functions);
    await rows.writeCoverage(functions.flatMap(coverageOf));
  }

  snapshot(): Map<string, Uint8Array> {
    return this.#options.engine.snapshot();
  }
}
