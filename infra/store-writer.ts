import type { DeliveryRow } from '../alerts/delivery-row.ts';
import type { AlertEvent } from '../alerts/event.ts';
import type { IncidentRow } from '../alerts/incident-row.ts';
import type { CoverageRow, FunctionMinuteRow, FunctionRow, InvocationRow, ScoreRow } from '../detectors/records.ts';
import type { Reject } from '../ingest/reject.ts';
import type { Cluster, Database } from './clickhouse.ts';
import { everywhere, partsOf, storageName } from './store-cluster.ts';
import { writeError } from './store-error.ts';
import { INCIDENT_EVENTS } from './store-incidents.ts';
import { insertRow, insertRows, ownToken } from './store-insert.ts';
import { numbered, type RowSink } from './store-rows.ts';
import { RUN_TABLES } from './store-run-tables.ts';
import {
  ALERT_EVENTS,
  COVERAGE,
  DELIVERIES,
  FUNCTIONS,
  INVOCATIONS,
  MINUTES,
  REJECTS,
  SCORES,
  type Table,
} from './store-tables.ts';
import { RowText } from './store-text.ts';

/** Who a run is. All of it is a function of the data and the configuration, so that a second run is the same run. */
export interface RunDescription {
  /** hex */
  readonly runId: string;
  readonly configHash: string;
  readonly fingerprint: string;
  readonly command: string;
  /** true = goes on where an earlier process of this run stopped: what that one stored stays */
  readonly resume?: boolean;
}

export type RunStatus = 'running' | 'done' | 'interrupted';

/**
 * Rows of the current run. A call waits where the database is behind: at most two batches of a table are in memory. After
 * the first failure every call throws the same StoreError (STORE_FAILED).
 */
export interface RunWriter extends RowSink {
  /** Makes `run` the current one and, unless it resumes, forgets what was stored of it before. */
  beginRun(run: RunDescription): Promise<void>;
  /** Small batches cost: call it at checkpoints, not for every minute of a replay. */
  flush(): Promise<void>;
  /** Flushes, then records how the run ended. */
  finishRun(status: 'done' | 'interrupted', totals: Readonly<Record<string, unknown>>): Promise<void>;
}

/** A batch is sent when it has this many rows or bytes. Fewer, larger inserts mean fewer merges. */
const BATCH_ROWS = 100_000;
const BATCH_BYTES = 16 << 20;

interface Batch {
  readonly table: Table<never>;
  readonly text: RowText;
}

/** Collects rows as text and sends them, one insert at a time while the next batch fills. */
export class BatchWriter implements RunWriter {
  readonly #db: Database;
  readonly #where: string;
  readonly #cluster: Cluster | null;
  readonly #batches = new Map<string, Batch>();
  #run: RunDescription | null = null;
  #sending: Promise<void> = Promise.resolve();
  #failure: Error | null = null;

  /** `where` names the store in errors. */
  constructor(db: Database, where: string, cluster: Cluster | null = null) {
    this.#db = db;
    this.#where = where;
    this.#cluster = cluster;
  }

  async beginRun(run: RunDescription): Promise<void> {
    checkRunId(run);
    await this.flush();
    this.#run = run;
    await this.#guard(async () => {
      await insertRow(this.#db, 'runs_data', runRow(run, 'running', ''));
      if (run.resume !== true) await dropRun(this.#db, run.runId, this.#cluster);
      await insertRow(this.#db, 'current_run_data', currentRunRow(run));
    });
  }

  writeMinutes(rows: readonly FunctionMinuteRow[]): Promise<void> {
    return this.#write(MINUTES, rows);
  }

  writeInvocations(rows: readonly InvocationRow[]): Promise<void> {
    return this.#write(INVOCATIONS, rows);
  }

  writeScores(rows: readonly ScoreRow[]): Promise<void> {
    return this.#write(SCORES, rows);
  }

  writeAlertEvents(events: readonly AlertEvent[]): Promise<void> {
    return this.#write(ALERT_EVENTS, events);
  }

  writeRejects(rejects: readonly Reject[]): Promise<void> {
    return this.#write(REJECTS, numbered(rejects));
  }

  writeDeliveries(rows: readonly DeliveryRow[]): Promise<void> {
    return this.#write(DELIVERIES, rows);
  }

  writeIncidents(rows: readonly IncidentRow[]): Promise<void> {
    return this.#write(INCIDENT_EVENTS, rows);
  }

  writeFunctions(rows: readonly FunctionRow[]): Promise<void> {
    return this.#write(FUNCTIONS, rows);
  }

  writeCoverage(rows: readonly CoverageRow[]): Promise<void> {
    return this.#write(COVERAGE, rows);
  }

  async flush(): Promise<void> {
    for (const batch of this.#batches.values()) await this.#send(batch);
    await this.#idle();
    if (this.#failure !== null) throw this.#failure;
  }

  async finishRun(status: 'done' | 'interrupted', totals: Readonly<Record<string, unknown>>): Promise<void> {
    await this.flush();
    const row = runRow(this.#run as RunDescription, status, JSON.stringify(totals));
    await this.#guard(() => insertRow(this.#db, 'runs_data', row));
  }

  /** Stores what is buffered, unless a write failed before. */
  async close(): Promise<void> {
    if (this.#failure === null) await this.flush();
    else await this.#idle();
  }

  async #write<Row>(table: Table<Row>, rows: readonly Row[]): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    if (this.#run === null) throw new Error('rows are written before beginRun');
    const { runId } = this.#run;
    const batch = this.#batch(table);
    const { text } = batch;
    for (const row of rows) {
      text.text(runId);
      table.encode(text, row);
      text.endRow();
      if (text.rows >= BATCH_ROWS || text.length >= BATCH_BYTES) await this.#send(batch);
    }
  }

  #batch<Row>(table: Table<Row>): Batch {
    let batch = this.#batches.get(table.name);
    if (batch === undefined) {
      batch = { table, text: new RowText() };
      this.#batches.set(table.name, batch);
    }
    return batch;
  }

  /** Waits for the insert before this one, starts this one and does not wait for it. */
  async #send(batch: Batch): Promise<void> {
    await this.#idle();
    if (this.#failure !== null) throw this.#failure;
    if (batch.text.rows === 0) return;
    const columns = ['run_id', ...batch.table.columns];
    const insert = { table: batch.table.name, columns, bytes: batch.text.take(), token: ownToken() };
    this.#sending = insertRows(this.#db, insert).catch((error: unknown) => {
      this.#failure ??= writeError(this.#where, error);
    });
  }

  /** Nothing is under way when this resolves: another caller may have waited for the same insert and been first. */
  async #idle(): Promise<void> {
    let last: Promise<void>;
    do {
      last = this.#sending;
      await last;
    } while (last !== this.#sending);
  }

  async #guard(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#failure = writeError(this.#where, error);
      throw this.#failure;
    }
  }
}

/** @throws {Error} a bug of the caller: ids stand in partitions as they are */
export function checkRunId({ runId }: RunDescription): void {
  if (!/^[0-9a-f]{1,64}$/.test(runId)) throw new Error('a run id is 1 to 64 hex digits');
}

export const runRow = (run: RunDescription, status: RunStatus, totals: string): Record<string, string> => ({
  run_id: run.runId,
  config_hash: run.configHash,
  input_fingerprint: run.fingerprint,
  command: run.command,
  status,
  totals,
});

export const currentRunRow = ({ runId }: RunDescription): Record<string, string | number> => ({
  slot: 0,
  run_id: runId,
});

/** Drops every row of a run. O(partitions), not rows; after a crash in the middle it may simply run again. */
async function dropRun(db: Database, runId: string, cluster: Cluster | null): Promise<void> {
  const parts = await db.query({
    query: `SELECT DISTINCT table, partition_id FROM ${partsOf(cluster)}
      WHERE active AND database = ${cluster === null ? 'currentDatabase()' : '{database:String}'}
        AND table IN {tables:Array(String)}
        AND (partition = {run:String} OR startsWith(partition, concat('(\\'', {run:String}, '\\',')))`,
    query_params: {
      tables: RUN_TABLES.map((table) => storageName(table, cluster)),
      run: runId,
      ...(cluster !== null && { database: cluster.database }),
    },
    format: 'JSONEachRow',
  });
  for (const { table, partition_id } of await parts.json<{ table: string; partition_id: string }>()) {
    const query = `ALTER TABLE {table:Identifier}${everywhere(cluster)} DROP PARTITION ID {partition:String}`;
    await db.command({ query, query_params: { table, partition: partition_id } });
  }
}
