import { readdirSync, readFileSync } from 'node:fs';
import type { Cluster, Database } from './clickhouse.ts';
import { clusterStatements } from './store-cluster.ts';
import { StoreError } from './store-error.ts';
import { insertRow } from './store-insert.ts';

const SQL_DIR = new URL('./sql/', import.meta.url);
const NUMBERED = /^(\d{3})_[a-z0-9_]+\.sql$/;

/** Which migrations have run. */
export const MIGRATIONS_TABLE = `CREATE TABLE IF NOT EXISTS migrations
(
    number UInt32,
    name String,
    applied_at DateTime('UTC') MATERIALIZED now()
)
ENGINE = ReplacingMergeTree
ORDER BY number`;

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
 * Brings the schema up to date, on all servers of `cluster` where there is one. A migration is recorded once all its
 * statements have run, so one that a crash cut short runs again from its start. Where nothing is to do, only reads.
 * @throws {StoreError} STORE_FAILED where a newer program has been here
 */
export async function migrate(
  db: Database,
  known: readonly Migration[] = migrations(),
  cluster: Cluster | null = null,
): Promise<void> {
  const applied = await appliedMigrations(db);
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
    for (const query of [MIGRATIONS_TABLE, ...migration.statements].flatMap((text) => placed(text, cluster)))
      await db.command({ query });
    await insertRow(db, 'migrations', { number: migration.number, name: migration.name });
  }
}

async function appliedMigrations(db: Database): Promise<Set<number>> {
  const query = "SELECT 1 FROM system.tables WHERE database = currentDatabase() AND name = 'migrations'";
  const tables = await db.query({ query, format: 'JSONEachRow' });
  if ((await tables.json()).length === 0) return new Set();
  const rows = await db.query({ query: 'SELECT DISTINCT number FROM migrations', format: 'JSONEachRow' });
  return new Set((await rows.json<{ number: number }>()).map((row) => row.number));
}

/** The statements that do on a cluster what `statement` does on one server. */
function placed(statement: string, cluster: Cluster | null): string[] {
  return cluster === null ? [statement] : clusterStatements(statement, cluster);
}
