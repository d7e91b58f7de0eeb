import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openSnapshots, type Snapshot, type Snapshots } from '../infra/state.ts';
import { openStore, type Store } from '../infra/store.ts';
import type { Reject } from '../ingest/reject.ts';
import { ConfigError } from './config-error.ts';
import { addressOf, type StoreSettings } from './config-store.ts';
import { InputError } from './io.ts';
import type { Pipeline, PipelineOutput } from './pipeline.ts';
import { DEFAULT_STORE } from './store-access.ts';

/** Who a run is, in the store and in the snapshot that lets a later replay go on with it. */
export interface RunIdentity {
  readonly runId: string;
  readonly configHash: string;
  readonly fingerprint: string;
}

/** Where a replay leaves what it found: a store and a snapshot beside it, or nowhere. */
export interface Keeper {
  /** The state to go on from and whose it is. @throws {InputError} when there is none @throws {ConfigError} when it was learnt with other settings */
  restore(
    configHash: string,
  ): Promise<{ pages: Map<string, Uint8Array>; run: RunIdentity; damaged: readonly string[] }>;
  begin(run: RunIdentity, resume: boolean): Promise<void>;
  write(output: PipelineOutput): Promise<void>;
  /** Writes what is known only at the end, and how the run ended; with `state` later replays can go on from there. */
  finish(end: RunEnd): Promise<void>;
  close(): Promise<void>;
}

export interface RunEnd {
  readonly status: 'done' | 'interrupted';
  readonly run: RunIdentity;
  readonly pipeline: Pipeline;
  readonly rejects: Iterable<readonly Reject[]>;
  readonly totals: Readonly<Record<string, unknown>>;
  readonly state: Map<string, Uint8Array> | null;
}

/** Where the state and temporary files of a store lie: in its folder; those of a server in the folder of the default store. */
export function folderOf(store: StoreSettings): string {
  const where = addressOf(store);
  return 'dir' in where ? where.dir : join(DEFAULT_STORE, new URL(where.url).host.replace(':', '_'));
}

/** @param store a folder, or the URL of a server @throws {StoreError} */
export async function openKeeper(store: StoreSettings): Promise<Keeper> {
  const opened = await openStore(addressOf(store));
  try {
    const dir = folderOf(store);
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    return new StoreKeeper(dir, opened, await openSnapshots(join(dir, 'state')));
  } catch (error) {
    await opened.close();
    throw error;
  }
}

class StoreKeeper implements Keeper {
  readonly #dir: string;
  readonly #store: Store;
  readonly #snapshots: Snapshots;

  constructor(dir: string, store: Store, snapshots: Snapshots) {
    this.#dir = dir;
    this.#store = store;
    this.#snapshots = snapshots;
  }

  async restore(configHash: string): ReturnType<Keeper['restore']> {
    const snapshot: Snapshot | null = await this.#snapshots.load();
    if (snapshot === null) {
      throw new InputError(`nothing to continue in ${this.#dir}: run replay without --continue first`);
    }
    const run = snapshot.meta as RunIdentity; // written by `finish`, guarded by the file's checksum
    if (run.configHash !== configHash) {
      throw new ConfigError([
        `the state in ${this.#dir} was learnt with other settings (${run.configHash}, now ${configHash}): use the same config, or leave out --continue`,
      ]);
    }
    return { pages: snapshot.pages, run, damaged: snapshot.damaged };
  }

  async begin({ runId, configHash, fingerprint }: RunIdentity, resume: boolean): Promise<void> {
    await this.#store.writer.beginRun({ runId, configHash, fingerprint, command: 'replay', resume });
  }

  async write({ minutes, invocations, scores, events }: PipelineOutput): Promise<void> {
    const { writer } = this.#store;
    if (minutes.length > 0) await writer.writeMinutes(minutes);
    if (invocations.length > 0) await writer.writeInvocations(invocations);
    if (scores.length > 0) await writer.writeScores(scores);
    if (events.length > 0) await writer.writeAlertEvents(events);
  }

  async finish({ status, run, pipeline, rejects, totals, state }: RunEnd): Promise<void> {
    const { writer } = this.#store;
    for (const batch of rejects) await writer.writeRejects(batch);
    await writer.writeFunctions(pipeline.functions());
    await writer.writeCoverage(pipeline.coverage());
    await writer.finishRun(status, totals); // before the state: a state on disk stands for rows that are stored
    if (state !== null) await this.#snapshots.save(state, {}, run);
  }

  async close(): Promise<void> {
    await this.#store.close();
  }
}

/** Keeps nothing. */
export const NO_KEEPER: Keeper = {
  restore: () => Promise.reject(new InputError('nothing to continue without a store')),
  begin: async () => {},
  write: async () => {},
  finish: async () => {},
  close: async () => {},
};
