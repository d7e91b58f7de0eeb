import { createHash } from 'node:crypto';
import type { Database } from './clickhouse.ts';
import { LIVE_DEFAULTS, type LiveOptions, LiveRows, type LiveStats } from './store-live-rows.ts';
import { type RowSink, sinkOf } from './store-rows.ts';
import type { RunDescription } from './store-writer.ts';

/** The one run that all workers write, for ever. */
export const LIVE_RUN_ID = createHash('sha256').update('live').digest('hex').slice(0, 16);

/**
 * Writes rows as they come, for workers that go on whatever the store does. A call buffers its rows and returns; it waits
 * only while `maxBufferedBytes` are not stored yet, which is how consumption pauses while the store is away. Inserts are
 * sent again, for as long as it takes, under tokens that keep a repetition from counting twice; rows that the store will
 * never take go into the dead-letter file.
 */
export interface LiveWriter extends RowSink {
  /**
   * Makes `run` the current one and keeps what is stored of it: any number of workers may say so at any time. Waits for
   * a store that is away. Rows can be written from then on.
   */
  beginRun(run: Omit<RunDescription, 'resume'>): Promise<void>;
  readonly stats: LiveStats;
  /**
   * Flushes and ends. Calls that wait, and later ones, are rejected; closing again does nothing.
   * @throws {StoreError} STORE_FAILED: how many rows are not stored by the deadline (0 = at once)
   */
  close(options: { readonly deadlineMs: number }): Promise<void>;
}

/** `where` names the store in messages; `concurrency` inserts at once, never two of one table. */
export function createLiveWriter(db: Database, where: string, concurrency: number, options: LiveOptions): LiveWriter {
  const rows = new LiveRows(db, where, concurrency, { ...LIVE_DEFAULTS, ...options });
  return {
    ...sinkOf((table, of) => rows.write(table, of)),
    flush: () => rows.flush(),
    beginRun: (run) => rows.beginRun(run),
    close: ({ deadlineMs }) => rows.close(deadlineMs),
    get stats() {
      return rows.stats;
    },
  };
}
