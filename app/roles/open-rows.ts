import type { Log } from '../../infra/log.ts';
import type { Metrics } from '../../infra/metrics.ts';
import type { Config } from '../config.ts';
import { NO_ROWS, type Rows } from './rows.ts';

export interface OpenRows {
  readonly rows: Rows;
  /** false = the store is `none` */
  readonly isKept: boolean;
  close(deadlineMs: number): Promise<void>;
}

export interface RowsHooks {
  readonly log: Log;
  readonly metrics: Metrics;
  readonly signal: AbortSignal;
}

/** The store of the configuration, ready for rows of a live installation. @throws {StoreError} */
export async function openRows(config: Config, _hooks: RowsHooks): Promise<OpenRows> {
  if (config.store === 'none') return { rows: NO_ROWS, isKept: false, close: async () => {} };
  throw new Error('not yet');
}
