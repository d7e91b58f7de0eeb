import { join } from 'node:path';
import type { Log } from '../../infra/log.ts';
import type { Metrics } from '../../infra/metrics.ts';
import { openLiveStore } from '../../infra/store.ts';
import { LIVE_RUN_ID, type LiveWriter } from '../../infra/store-live.ts';
import type { RowSink } from '../../infra/store-rows.ts';
import type { Config } from '../config.ts';
import { addressOf } from '../config-store.ts';
import { liveSettings } from './live-settings.ts';

const MEBIBYTE = 1024 * 1024;
/** How often the figures of the writer become metrics. */
const LOOK_MS = 1000;

const nothing = async (): Promise<void> => {};

/** `store: none` */
export const NO_ROWS: RowSink = {
  writeMinutes: nothing,
  writeInvocations: nothing,
  writeScores: nothing,
  writeAlertEvents: nothing,
  writeRejects: nothing,
  writeFunctions: nothing,
  writeCoverage: nothing,
  writeDeliveries: nothing,
  writeIncidents: nothing,
  flush: nothing,
};

export interface OpenRows {
  readonly rows: RowSink;
  /** false = the store is `none` */
  readonly isKept: boolean;
  /** The rows that follow are of this configuration. */
  begin(config: Config): Promise<void>;
  /** @throws {StoreError} how many rows are not stored: they will be read again from the bus */
  close(deadlineMs: number): Promise<void>;
}

export interface RowsHooks {
  readonly log: Log;
  readonly metrics: Metrics;
  readonly signal: AbortSignal;
}

/**
 * The store of the configuration, ready for the rows of a live installation: all its workers write one run, which has no
 * end. Waits for a server that is away. @throws {StoreError} where waiting does not help
 */
export async function openRows(config: Config, { log, metrics, signal }: RowsHooks): Promise<OpenRows> {
  if (config.store === 'none') return { rows: NO_ROWS, isKept: false, begin: nothing, close: nothing };
  const store = await openLiveStore(addressOf(config.store), {
    deadLetterDir: join(config.live.state, 'store-dead-letters'),
    maxBufferedBytes: config.live.limits.storeBufferMb * MEBIBYTE,
    onTrouble: (message) => log.warn('store', { why: message }),
    onDeadLetters: (message) => log.error('store', { why: message }),
    signal,
  });
  const { writer } = store;
  const begin = (of: Config) =>
    writer.beginRun({ runId: LIVE_RUN_ID, configHash: liveSettings(of).configHash, fingerprint: '', command: 'run' });
  await begin(config);
  const timer = setInterval(publish(writer, metrics), LOOK_MS);
  return {
    rows: writer,
    isKept: true,
    begin,
    close: async (deadlineMs) => {
      clearInterval(timer);
      await store.close({ deadlineMs });
    },
  };
}

/** Turns totals into what was added since the last look. */
function publish(writer: LiveWriter, { store }: Metrics): () => void {
  let seen = writer.stats;
  return () => {
    const now = writer.stats;
    store.buffered(now.bufferedBytes, now.bufferedRows === 0 ? null : Date.now() - now.oldestBufferedAgeMs);
    if (now.retries > seen.retries) store.retried(now.retries - seen.retries);
    if (now.deadLetteredRows > seen.deadLetteredRows) store.dead(now.deadLetteredRows - seen.deadLetteredRows);
    if (now.rowsWritten > seen.rowsWritten) store.stored('all', now.rowsWritten - seen.rowsWritten);
    seen = now;
  };
}
