import { readdirSync, readFileSync } from 'node:fs';
import type { ClickHouseClient } from '@clickhouse/client';
import { StoreError } from './store-error.ts';

const SQL_DIR = new URL('./sql/', import.meta.url);
const NUMBERED = /^(\d{3})_[a-z0-9_]+\.sql$/;

/** One file of sql/: its number and its statements, each of which may run again without harm. */
export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly statements: readonly string[];
}

/** The migrations this program knows, in order. */
export function migrations(): Migration[] {
  return readdirSync(SQL_DIR)
    .filter((name) => NUMBERED.test(name))
    .sort()
    .map((name) => ({
      number: Number(name.slice(0, 3)),
      name,
      statements: statementsOf(readFileSync(new URL(name, SQL_DIR), 'utf8')),
    }));
}

/** Cut after each `;` that ends a line; whole-line comments go. */
export function statementsOf(sql: string): string[] {
  const bare = sql.replace(/^\s*--.*$/gm, '');
  return bare
    .split(/;[ \t]*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
}

/**
 * Brings the schema up to date. A migration is recorded once all its statements have run, so one that a crash cut short
 * runs again from its start.
 * @throws {StoreError} STORE_FAILED where a newer program has been here
 */
export async function migrate(db: ClickHouseClient, known: readonly Migration[] = migrations()): Promise<void> {
  await db.command({
    query: `CREATE TABLE IF NOT EXISTS migrations
      (number UInt32, name String, applied_at DateTime('UTC') MATERIALIZED now())
      ENGINE = ReplacingMergeTree ORDER BY number`,
  });
  const rows = await db.query({ query: 'SELECT DISTINCT number FROM migrations', format: 'JSONEachRow' });
  const applied = new Set((await rows.json<{ number: number }>()).map((row) => row.number));
  const newest = known.at(-1)?.number ?? 0;
  const ahead = [...applied].filter((number) => number > newest);
  if (ahead.length > 0) {
    throw new StoreError(
      'STORE_FAILED',
      `the store was written by a newer tripline (schema ${Math.max(...ahead)}, this one knows ${newest}): upgrade, or use another --store`,
    );
  }
  for (const migration of known) {
    if (applied.has(migration.number)) continue;
    for (const query of migration.statements) await db.command({ query });
    await db.insert({
      table: 'migrations',
      columns: ['number', 'name'],
      format: 'JSONEachRow',
      values: [{ number: migration.number, name: migration.name }],
    });
  }
}
