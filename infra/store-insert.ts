import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { Database } from './clickhouse.ts';
import { isAuthentication } from './store-error.ts';
import { RowText } from './store-text.ts';

export interface Insert {
  readonly table: string;
  readonly columns: readonly string[];
  /** TabSeparated */
  readonly bytes: Buffer;
  /** An insert whose token the table saw before is dropped. Letters, digits and `-`. */
  readonly token: string;
  readonly signal?: AbortSignal;
}

/** A token that no other insert has: ClickHouse would otherwise drop a batch that equals an earlier one, as if it were a retry. */
export const ownToken = (): string => randomUUID();

/** Resolves when the rows are stored, or were before. @throws what the client says */
export async function insertRows(db: Database, insert: Insert): Promise<void> {
  try {
    await attempt(db, insert);
  } catch (error) {
    if (!isAuthentication(error)) throw error;
    await attempt(db, insert); // the session has read its password again
  }
}

async function attempt(db: Database, { table, columns, bytes, token, signal }: Insert): Promise<void> {
  const { stream } = await db.exec({
    query: `INSERT INTO ${table} (${columns.join(', ')}) SETTINGS insert_deduplicate = 1, insert_deduplication_token = '${token}' FORMAT TabSeparated`,
    values: Readable.from([bytes], { objectMode: false }),
    ...(signal && { abort_signal: signal }),
  });
  stream.resume();
  await finished(stream);
}

/** One row of a small table. */
export function insertRow(
  db: Database,
  table: string,
  row: Readonly<Record<string, string | number>>,
  token = ownToken(),
): Promise<void> {
  const text = new RowText();
  for (const value of Object.values(row)) {
    if (typeof value === 'number') text.integer(value);
    else text.text(value);
  }
  text.endRow();
  return insertRows(db, { table, columns: Object.keys(row), bytes: text.take(), token });
}
