import { createHash, randomUUID } from 'node:crypto';
import { appendFile, mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Database } from './clickhouse.ts';
import { firstLine } from './store-error.ts';
import { insertRows } from './store-insert.ts';
import { type Backoff, pause, refusalOf } from './store-retry.ts';
import type { Table } from './store-tables.ts';

/** Rows of one table as TabSeparated text, each ending with a newline. */
export interface Batch {
  readonly bytes: Buffer;
  readonly rows: number;
}

export interface DeliveryOptions {
  readonly db: Database;
  readonly backoff: Backoff;
  /** Folder of the dead-letter file. */
  readonly deadLetterDir: string;
  readonly signal: AbortSignal;
  /** An attempt failed, of rows that will be sent again. */
  readonly onFailure: (table: string, error: unknown) => void;
  readonly onStored: (table: string, rows: number) => void;
  readonly onDeadLetters: (table: string, rows: number, message: string) => void;
}

interface Piece extends Batch {
  readonly token: string;
}

/** After so many tries an error that says nothing of itself is looked into. */
const TRIES_OF_UNKNOWN = 5;
/** Splitting a batch to find its bad rows ends here: what is refused after that is put aside in pieces. */
const MOST_REFUSALS = 2_000;

const NEWLINE = 0x0a;

/**
 * Stores each batch once, whatever it takes: sends it again under the same token until the store takes it, and puts rows
 * that the store will never take into the dead-letter file. Rejects only when its signal is aborted.
 */
export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #process = randomUUID();
  #restated = 0;

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  async deliver(table: Table<never>, batch: Batch): Promise<void> {
    const pieces: Piece[] = [this.#piece(table, batch.bytes, batch.rows)];
    let refusals = 0;
    for (let piece = pieces.pop(); piece !== undefined; piece = pieces.pop()) {
      const refusal = await this.#store(table, piece);
      if (refusal === null) {
        this.#options.onStored(table.name, piece.rows);
      } else if (piece.rows === 1 || ++refusals > MOST_REFUSALS) {
        await this.#putAside(table, piece, refusal);
      } else {
        const { first, second } = halves(piece);
        pieces.push(this.#piece(table, second.bytes, second.rows), this.#piece(table, first.bytes, first.rows));
      }
    }
  }

  /** The token follows from the rows, so that a batch that another process sends again counts once; see `isRestated`. */
  #piece(table: Table<never>, bytes: Buffer, rows: number): Piece {
    const hash = createHash('sha256').update(`${table.name}\0`).update(bytes);
    if (table.isRestated === true) hash.update(`\0${this.#process} ${this.#restated++}`);
    return { bytes, rows, token: hash.digest('hex') };
  }

  /** null = stored; else why these rows will never be. */
  async #store(table: Table<never>, { bytes, token }: Piece): Promise<Error | null> {
    const { db, backoff, signal, onFailure } = this.#options;
    const columns = ['run_id', ...table.columns];
    for (let attempt = 0; ; attempt++) {
      signal.throwIfAborted();
      try {
        await insertRows(db, { table: table.name, columns, bytes, token, signal });
        return null;
      } catch (error) {
        signal.throwIfAborted();
        const refusal = refusalOf(error);
        if (refusal === 'rows') return error as Error;
        if (refusal === 'unknown' && attempt >= TRIES_OF_UNKNOWN && (await this.#takesNoRows(table)))
          return error as Error;
        onFailure(table.name, error);
        await pause(backoff, attempt, signal);
      }
    }
  }

  /** The table takes an insert of these columns without rows: then it is the rows that it does not take. */
  async #takesNoRows(table: Table<never>): Promise<boolean> {
    const columns = ['run_id', ...table.columns].join(', ');
    try {
      const query = `INSERT INTO ${table.name} (${columns}) SELECT ${columns} FROM ${table.name} WHERE 0`;
      await this.#options.db.command({ query });
      return true;
    } catch {
      return false;
    }
  }

  async #putAside(table: Table<never>, piece: Piece, refusal: Error): Promise<void> {
    const { deadLetterDir, backoff, signal, onFailure, onDeadLetters } = this.#options;
    const file = join(deadLetterDir, `dead-letters-${hostname()}.ndjson`);
    const error = firstLine(refusal.message);
    const letter = {
      at: new Date().toISOString(),
      table: table.name,
      columns: ['run_id', ...table.columns],
      error,
      rows: piece.bytes.toString('utf8'),
    };
    for (let attempt = 0; ; attempt++) {
      try {
        await mkdir(deadLetterDir, { recursive: true, mode: 0o700 });
        await appendFile(file, `${JSON.stringify(letter)}\n`, { mode: 0o600, flush: true });
        onDeadLetters(
          table.name,
          piece.rows,
          `${table.name} refuses ${piece.rows === 1 ? 'a row' : `${piece.rows} rows`} (${error}): kept in ${file}`,
        );
        return;
      } catch (failure) {
        onFailure(table.name, failure);
        await pause(backoff, attempt, signal);
      }
    }
  }
}

/** Two batches of whole rows, half of them each. */
export function halves({ bytes, rows }: Batch): { first: Batch; second: Batch } {
  const half = Math.floor(rows / 2);
  let end = 0;
  for (let row = 0; row < half; row++) end = bytes.indexOf(NEWLINE, end) + 1;
  return {
    first: { bytes: bytes.subarray(0, end), rows: half },
    second: { bytes: bytes.subarray(end), rows: rows - half },
  };
}
