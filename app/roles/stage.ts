import type { BusBatch } from '../../infra/bus.ts';
import type { Snapshots } from '../../infra/state.ts';

/**
 * A machine over the records of one partition. Its state, and all that it says, must follow from the records alone, in
 * their order, however they are cut into batches: then a worker may die at any point, and whoever goes on from its last
 * snapshot says the same again, which the receivers recognise.
 */
export interface Stage {
  /** Asked of a stage that begins afresh: what must be safe before its first record, as pages; null = nothing. */
  begin?(): Promise<Map<string, Uint8Array> | null>;
  /** Takes records that follow each other, the first at `offset`. Resolves when there is room for more. */
  absorb(records: readonly Uint8Array[], offset: number): Promise<void>;
  /** Resolves when all that was said so far is safe outside. */
  settle(): Promise<void>;
  /** This worker gives the partition up: says what it says only every so often. */
  finish?(): Promise<void>;
  /** The state is worth saving although the last batch was not finished. */
  readonly isChanged?: boolean;
  /** The state is to be safe before the next record: what was done cannot be done again without being seen. */
  readonly isUrgent?: boolean;
  /** How many records it takes in one turn: between two turns its state can be saved. Default: all there are. */
  readonly atOnce?: number;
  /** The partition is another worker's now: an `absorb` under way ends with an AbortError. */
  leave?(): void;
  /** Where a group that has acked nothing begins; default: at the oldest record. */
  readonly beginsAt?: 'newest' | undefined;
  /** The state as named pages. */
  snapshot(): Map<string, Uint8Array>;
}

/** What a stage that goes on between two records may ask of its worker. */
export interface StageHost {
  /** Resolves when the state is safe, or could not be saved now. */
  save(): Promise<void>;
  /** It cannot go on: this worker must end. */
  fail(error: unknown): void;
}

/** How far a partition is, for metrics and health. */
export interface StageProgress {
  readonly stage: string;
  readonly partition: number;
  readonly nextOffset: number;
  /** records that wait behind */
  readonly lag: number;
  /** wall clock, ms; NaN = none was saved since this worker has the partition */
  readonly savedAtMs: number;
  readonly savedBytes: number;
}

/** A stage that this worker hosts, with its place in the partition. Calls of `run` exclude each other. */
export class HeldStage {
  readonly name: string;
  readonly partition: number;
  readonly stage: Stage;
  readonly snapshots: Snapshots;
  /** offset of the record to come; NaN before the first where there was no snapshot */
  nextOffset: number;
  savedOffset: number;
  dueMs: number;
  savedAtMs = Number.NaN;
  savedBytes = 0;
  endOffset: number;
  /** of the last batch absorbed */
  ack: (() => Promise<void>) | null = null;
  isLost = false;
  /** a checkpoint is waiting or under way */
  isSaving = false;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(name: string, partition: number, stage: Stage, snapshots: Snapshots, offset: number, dueMs: number) {
    this.name = name;
    this.partition = partition;
    this.stage = stage;
    this.snapshots = snapshots;
    this.nextOffset = offset;
    this.savedOffset = offset;
    this.endOffset = offset;
    this.dueMs = dueMs;
  }

  /** Nobody else touches the stage meanwhile. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => {});
    return result;
  }

  get isDirty(): boolean {
    if (this.stage.isChanged === true && !Number.isNaN(this.nextOffset)) return true;
    return this.nextOffset > this.savedOffset || (Number.isNaN(this.savedOffset) && !Number.isNaN(this.nextOffset));
  }

  /** Takes what of the batch it has not had yet: after a rebalance a partition may begin before where it was. */
  async absorb(batch: BusBatch): Promise<void> {
    await this.run(async () => {
      if (Number.isNaN(this.nextOffset)) this.nextOffset = batch.offset;
      const from = Math.max(0, this.nextOffset - batch.offset);
      if (from < batch.records.length) {
        await this.#take(from === 0 ? batch.records : batch.records.slice(from), batch.offset + from);
        this.nextOffset = batch.nextOffset;
      }
      this.ack = () => batch.ack();
      this.endOffset = batch.endOffset;
    });
  }

  /** A stage that failed in the middle is ahead of its offset: its state must not be kept. */
  async #take(records: readonly Uint8Array[], offset: number): Promise<void> {
    try {
      await this.stage.absorb(records, offset);
    } catch (error) {
      if ((error as Error).name !== 'AbortError') this.isLost = true; // asked to end, a stage stops between two records
      throw error;
    }
  }

  get progress(): StageProgress {
    const { name: stage, partition, nextOffset, savedAtMs, savedBytes } = this;
    return { stage, partition, nextOffset, lag: Math.max(0, this.endOffset - nextOffset), savedAtMs, savedBytes };
  }
}
