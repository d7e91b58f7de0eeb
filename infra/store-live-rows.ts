import type { Database } from './clickhouse.ts';
import { type Batch, Delivery } from './store-delivery.ts';
import { firstLine, StoreError } from './store-error.ts';
import { insertRow, ownToken } from './store-insert.ts';
import { Lane } from './store-lane.ts';
import { type Backoff, pause, refusalOf } from './store-retry.ts';
import type { Table } from './store-tables.ts';
import { Trouble } from './store-trouble.ts';
import { checkRunId, currentRunRow, type RunDescription, runRow } from './store-writer.ts';

export interface LiveStats {
  /** not stored yet, in text as sent */
  readonly bufferedBytes: number;
  readonly bufferedRows: number;
  /** of the oldest row not stored yet; 0 = none */
  readonly oldestBufferedAgeMs: number;
  /** since the beginning: attempts that failed and were made again */
  readonly retries: number;
  readonly rowsWritten: number;
  readonly deadLetteredRows: number;
  /** Unix ms; null = never yet */
  readonly lastSuccessMs: number | null;
  /** between the two calls of `onTrouble` */
  readonly isInTrouble: boolean;
}

export interface LiveOptions {
  /** Folder for rows that the store refuses, made where needed; `dead-letters-<host>.ndjson` in it. */
  readonly deadLetterDir: string;
  /** Called once when the store begins to fail, and once when that is over. */
  readonly onTrouble: (message: string) => void;
  /** Called for every batch that had rows put aside. */
  readonly onDeadLetters: (message: string) => void;
  /** 64 MiB unless told. The buffers of batches that fill take up to as much again as their share of it. */
  readonly maxBufferedBytes?: number;
  /** A batch is sent when it has so many rows (50,000) or bytes (4 MiB), or when its oldest row has this age (1 s). */
  readonly batchRows?: number;
  readonly batchBytes?: number;
  readonly maxAgeMs?: number;
  /** 0.2 to 15 s */
  readonly backoff?: Backoff;
  /** How long nothing may fail before trouble is over: 10 s. */
  readonly calmMs?: number;
}

export const LIVE_DEFAULTS = {
  maxBufferedBytes: 64 << 20,
  batchRows: 50_000,
  batchBytes: 4 << 20,
  maxAgeMs: 1_000,
  backoff: { firstMs: 200, mostMs: 15_000 },
  calmMs: 10_000,
};

interface Waiter {
  readonly isDone: () => boolean;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** The rows of a live writer on their way; see `LiveWriter` (store-live.ts). */
export class LiveRows {
  readonly #db: Database;
  readonly #where: string;
  readonly #concurrency: number;
  readonly #options: LiveOptions & typeof LIVE_DEFAULTS;
  readonly #delivery: Delivery;
  readonly #trouble: Trouble;
  readonly #stop = new AbortController();
  readonly #lanes = new Map<string, Lane>();
  readonly #waiters = new Set<Waiter>();
  #runId: string | null = null;
  #inserts = 0;
  #bufferedBytes = 0;
  #timer: NodeJS.Timeout | null = null;
  #isClosing = false;
  #lastError = '';
  readonly #counts = { retries: 0, rowsWritten: 0, deadLetteredRows: 0, lastSuccessMs: null as number | null };

  constructor(db: Database, where: string, concurrency: number, options: LiveOptions & typeof LIVE_DEFAULTS) {
    this.#db = db;
    this.#where = where;
    this.#concurrency = concurrency;
    // a writer that is full has batches to send, so that waiting for room ends
    const batchBytes = Math.min(options.batchBytes, Math.ceil(options.maxBufferedBytes / 16));
    this.#options = { ...options, batchBytes };
    this.#trouble = new Trouble(options.onTrouble, options.calmMs);
    this.#delivery = new Delivery({
      db,
      backoff: options.backoff,
      deadLetterDir: options.deadLetterDir,
      signal: this.#stop.signal,
      onFailure: (of, error) => this.#failed(of, error),
      onStored: (of, count) => this.#stored(of, count),
      onDeadLetters: (of, count, message) => {
        this.#counts.deadLetteredRows += count;
        this.#succeeded(of);
        options.onDeadLetters(message);
      },
    });
  }

  get stats(): LiveStats {
    const lanes = [...this.#lanes.values()];
    const since = Math.min(...lanes.map((lane) => lane.sinceMs ?? Number.POSITIVE_INFINITY));
    return {
      bufferedBytes: this.#bufferedBytes,
      bufferedRows: lanes.reduce((sum, lane) => sum + lane.rows, 0),
      oldestBufferedAgeMs: Number.isFinite(since) ? performance.now() - since : 0,
      ...this.#counts,
      isInTrouble: this.#trouble.isOn,
    };
  }

  async beginRun(run: Omit<RunDescription, 'resume'>): Promise<void> {
    checkRunId(run);
    const token = ownToken();
    await this.#insist(() => insertRow(this.#db, 'runs_data', runRow(run, 'running', ''), token));
    await this.#insist(async () => {
      const current = await this.#db.query({ query: 'SELECT run_id FROM current_run', format: 'JSONEachRow' });
      const [row] = await current.json<{ run_id: string }>();
      if (row?.run_id !== run.runId) await insertRow(this.#db, 'current_run_data', currentRunRow(run), ownToken());
    });
    this.#runId = run.runId;
  }

  async write<Row>(table: Table<Row>, rows: readonly Row[]): Promise<void> {
    this.#checkOpen();
    if (this.#runId === null) throw new Error('rows are written before beginRun');
    const lane = this.#lane(table);
    for (const row of rows) {
      if (this.#bufferedBytes >= this.#options.maxBufferedBytes) {
        await this.#until(() => this.#hasRoom());
        this.#checkOpen();
      }
      this.#bufferedBytes += lane.add(table, this.#runId, row, performance.now());
    }
    this.#pump();
  }

  async flush(): Promise<void> {
    this.#checkOpen();
    await this.#drained();
  }

  async close(deadlineMs: number): Promise<void> {
    if (this.#isClosing) return;
    this.#isClosing = true;
    const late = setTimeout(() => this.#giveUp(), deadlineMs);
    try {
      await this.#drained();
    } finally {
      clearTimeout(late);
      if (this.#timer !== null) clearTimeout(this.#timer);
      this.#trouble.stop();
      this.#stop.abort();
    }
  }

  #giveUp(): void {
    const { bufferedRows } = this.stats;
    const why = this.#lastError === '' ? 'it is too slow' : this.#lastError;
    const message = `${bufferedRows} rows are not stored in ${this.#where}: ${why}`;
    this.#stop.abort();
    for (const waiter of this.#waiters) waiter.reject(new StoreError('STORE_FAILED', message));
    this.#waiters.clear();
  }

  #checkOpen(): void {
    if (this.#isClosing) throw new StoreError('STORE_FAILED', `the writer to the store in ${this.#where} is closed`);
  }

  #lane<Row>(table: Table<Row>): Lane {
    let lane = this.#lanes.get(table.name);
    if (lane === undefined) {
      lane = new Lane(table, this.#options);
      this.#lanes.set(table.name, lane);
    }
    return lane;
  }

  #hasRoom(): boolean {
    return this.#bufferedBytes < this.#options.maxBufferedBytes;
  }

  /** Everything that was written until now is stored, or put aside. */
  async #drained(): Promise<void> {
    const targets = [...this.#lanes.values()].map((lane) => ({ lane, written: lane.written }));
    for (const { lane } of targets) lane.hurry();
    await this.#until(() => targets.every(({ lane, written }) => lane.settled >= written));
  }

  async #until(isDone: () => boolean): Promise<void> {
    this.#pump();
    if (isDone()) return;
    await new Promise<void>((resolve, reject) => this.#waiters.add({ isDone, resolve, reject }));
  }

  #wake(): void {
    for (const waiter of this.#waiters) {
      if (!waiter.isDone()) continue;
      this.#waiters.delete(waiter);
      waiter.resolve();
    }
  }

  /** Starts what is due, the oldest first, and sets the alarm for what will be. */
  #pump(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    while (this.#inserts < this.#concurrency && !this.#stop.signal.aborted) {
      const [next] = [...this.#lanes.values()]
        .flatMap((lane) => (lane.dueMs === null ? [] : [{ lane, dueMs: lane.dueMs }]))
        .sort((one, other) => one.dueMs - other.dueMs);
      if (next === undefined) return;
      const waitMs = next.dueMs - performance.now();
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.#pump(), waitMs + 1);
        return;
      }
      void this.#send(next.lane);
    }
  }

  async #send(lane: Lane): Promise<void> {
    this.#inserts++;
    const batch: Batch = lane.start();
    try {
      await this.#delivery.deliver(lane.table, batch);
    } catch (error) {
      if (this.#stop.signal.aborted) return; // the rows stay counted as not stored
      throw error;
    } finally {
      this.#inserts--;
    }
    lane.end(batch);
    this.#bufferedBytes -= batch.bytes.length;
    this.#pump();
    this.#wake();
  }

  /** Runs what can be run again until it has been. @throws what will never pass */
  async #insist(run: () => Promise<void>): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      this.#checkOpen();
      try {
        await run();
        this.#succeeded(this);
        return;
      } catch (error) {
        if (refusalOf(error) !== 'passing') throw error;
        this.#failed(this, error);
        await pause(this.#options.backoff, attempt, this.#stop.signal);
      }
    }
  }

  #stored(of: unknown, rows: number): void {
    this.#counts.rowsWritten += rows;
    this.#succeeded(of);
  }

  #succeeded(of: unknown): void {
    this.#counts.lastSuccessMs = Date.now();
    this.#lastError = '';
    this.#trouble.succeeded(
      of,
      (seconds) => `the store in ${this.#where} takes rows again, after ${seconds.toFixed(0)} s of trouble`,
    );
  }

  #failed(of: unknown, error: unknown): void {
    this.#counts.retries++;
    this.#lastError = firstLine(error instanceof Error ? error.message : String(error));
    this.#trouble.failed(
      of,
      () => `the store in ${this.#where} does not take rows (${this.#lastError}): they wait, and are sent again`,
    );
  }
}
