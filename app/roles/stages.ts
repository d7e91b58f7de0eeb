import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Bus, BusBatch, StartAt } from '../../infra/bus.ts';
import { openSnapshots } from '../../infra/state.ts';
import { type CheckpointHooks, checkpoint, offsetOf } from './checkpoint.ts';
import { HeldStage, type Stage, type StageHost, type StageProgress } from './stage.ts';

/** How often it is looked whether a snapshot is due. */
const LOOK_MS = 500;

export interface StagesOptions extends CheckpointHooks {
  readonly bus: Bus;
  readonly group: string;
  /** folder of all snapshots; each partition has `<name>-NNN` in it */
  readonly stateDir: string;
  readonly name: string;
  readonly snapshotMs: number;
  /** how long the last snapshots may take once the signal is given */
  readonly shutdownMs: number;
  readonly signal: AbortSignal;
  /** A fresh machine, or one that goes on from the pages of a snapshot, which was taken at `offset`. */
  readonly open: (
    partition: number,
    pages: ReadonlyMap<string, Uint8Array> | null,
    host: StageHost,
  ) => Stage | Promise<Stage>;
  /** Told of all partitions that this worker has. */
  readonly onAssigned?: (partitions: readonly number[]) => void;
  readonly onLost?: (name: string, partition: number) => void;
  readonly onRestored?: (
    name: string,
    partition: number,
    offset: number | null,
    tookMs: number,
    damaged: readonly string[],
  ) => void;
  /** a partition begins somewhere in its middle, and there is no snapshot of what was before */
  readonly onBlank?: (name: string, partition: number, offset: number) => void;
  readonly onProgress?: (progress: StageProgress) => void;
}

/** What stages are called in logs and metrics. */
export type StageName = 'detect' | 'fleet' | 'notify';

/** The stages of one role in one worker, one for each partition that the group gives it. */
export class Stages {
  readonly #options: StagesOptions;
  readonly #held = new Map<number, HeldStage>();
  #saving: Promise<unknown> = Promise.resolve();
  #failure: unknown = null;
  readonly #failed = new AbortController();

  constructor(options: StagesOptions) {
    this.#options = options;
  }

  progress(): StageProgress[] {
    return [...this.#held.values()].map(({ progress }) => progress);
  }

  stages(): ReadonlyMap<number, Stage> {
    return new Map([...this.#held].map(([partition, { stage }]) => [partition, stage]));
  }

  /** Reads until the signal; then saves and leaves. @throws what a stage throws, or the bus: this worker must end then */
  async run(): Promise<void> {
    const { bus, group, signal } = this.#options;
    const timer = setInterval(() => {
      this.#saveDue().catch((error: unknown) => this.#fail(error));
    }, LOOK_MS);
    try {
      const batches = bus.subscribe(group, {
        signal: AbortSignal.any([signal, this.#failed.signal]),
        startAt: (partition) => this.#open(partition),
        onAssigned: (partitions) => this.#assigned(partitions),
        onRevoking: () => this.#saveAll(),
      });
      for await (const batch of batches) {
        const held = this.#held.get(batch.partition);
        if (held === undefined) continue;
        if (Number.isNaN(held.nextOffset) && batch.offset > 0) {
          this.#options.onBlank?.(held.name, batch.partition, batch.offset);
        }
        if (!(await this.#absorb(held, batch))) break;
        this.#options.onProgress?.(held.progress);
      }
      if (this.#failure !== null) throw this.#failure;
      await this.#saveAll();
    } finally {
      clearInterval(timer);
      await this.#inTime(this.#saving.catch(() => {}));
    }
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    this.#failed.abort();
  }

  #hostOf(partition: number): StageHost {
    return {
      save: async () => {
        const held = this.#held.get(partition);
        if (held !== undefined) await this.#safe(held);
      },
      fail: (error) => this.#fail(error),
    };
  }

  /** False where the signal ended it: the batch is not done, and will come again. */
  async #absorb(held: HeldStage, batch: BusBatch): Promise<boolean> {
    try {
      for (const part of partsOf(batch, held.stage.atOnce ?? batch.records.length)) {
        await held.absorb(part);
        await this.#safe(held);
      }
      return true;
    } catch (error) {
      const isAbort = (error as Error).name === 'AbortError';
      if (isAbort && held.isLost) return true; // its new reader does the batch
      if (isAbort && this.#options.signal.aborted) return false;
      throw error;
    }
  }

  /** Waits until what is urgent is saved: also where a save that was due anyway has it in hand already. */
  async #safe(held: HeldStage): Promise<void> {
    const { isUrgent } = held.stage;
    if (isUrgent === true) await this.#inTurn(async () => void (await checkpoint(held, this.#options)));
    else if (isUrgent === false) await this.#saving;
  }

  #assigned(partitions: readonly number[]): void {
    for (const [partition, held] of this.#held) {
      if (partitions.includes(partition)) continue;
      held.isLost = true;
      held.stage.leave?.();
      this.#held.delete(partition);
      this.#options.onLost?.(this.#options.name, partition);
    }
    this.#options.onAssigned?.(partitions);
  }

  async #open(partition: number): Promise<StartAt> {
    const { stateDir, name, open, elapsedMs, snapshotMs, onRestored } = this.#options;
    const startedMs = elapsedMs();
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    const snapshots = await openSnapshots(join(stateDir, `${name}-${String(partition).padStart(3, '0')}`));
    const snapshot = await snapshots.load();
    const offset = snapshot === null ? null : offsetOf(snapshot);
    const stage = await open(partition, snapshot?.pages ?? null, this.#hostOf(partition));
    if (snapshot === null) {
      const first = await stage.begin?.();
      if (first) await snapshots.save(first, {}, null);
    }
    // spread over the interval, so that not all partitions save at once
    const dueMs = elapsedMs() + snapshotMs * (0.5 + 0.5 * ((partition * 0.618) % 1));
    this.#held.set(partition, new HeldStage(name, partition, stage, snapshots, offset ?? Number.NaN, dueMs));
    onRestored?.(name, partition, offset, elapsedMs() - startedMs, snapshot?.damaged ?? []);
    return offset ?? stage.beginsAt ?? null;
  }

  /** One at a time: a snapshot is a copy of the state of its partition. */
  #saveDue(): Promise<void> {
    const atMs = this.#options.elapsedMs();
    const due = [...this.#held.values()].filter((held) => held.isDirty && !held.isSaving && held.dueMs <= atMs);
    if (due.length === 0) return Promise.resolve();
    for (const held of due) held.isSaving = true;
    return this.#inTurn(async () => {
      for (const held of due) {
        try {
          await checkpoint(held, this.#options);
        } finally {
          held.isSaving = false;
          held.dueMs = this.#options.elapsedMs() + this.#options.snapshotMs;
        }
      }
    });
  }

  /** What cannot be saved in time will be read again. */
  async #saveAll(): Promise<void> {
    const all = this.#inTurn(async () => {
      for (const held of this.#held.values()) {
        await held.run(async () => held.stage.finish?.());
        await checkpoint(held, this.#options);
        if (!held.isDirty) await held.stage.settle(); // what `finish` said
      }
    });
    await this.#inTime(all);
  }

  /** Waits no longer than an orderly end may take. */
  async #inTime(work: Promise<void> | Promise<unknown>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.#options.shutdownMs);
    });
    await Promise.race([work, deadline]);
    clearTimeout(timer);
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#saving.then(work);
    this.#saving = turn.catch(() => {});
    return turn;
  }
}

/** The batch in parts of at most `atOnce` records; only the last acks, for positions of parts are in snapshots. */
function partsOf(batch: BusBatch, atOnce: number): BusBatch[] {
  const { records, offset } = batch;
  if (records.length <= atOnce) return [batch];
  const parts: BusBatch[] = [];
  for (let from = 0; from < records.length; from += atOnce) {
    const end = Math.min(records.length, from + atOnce);
    const isLast = end === records.length;
    parts.push({
      ...batch,
      offset: offset + from,
      nextOffset: isLast ? batch.nextOffset : offset + end,
      records: records.slice(from, end),
      ack: isLast ? () => batch.ack() : async () => {},
    });
  }
  return parts;
}
