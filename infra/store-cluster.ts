import type { Cluster, Database } from './clickhouse.ts';
import { StoreError } from './store-error.ts';

/**
 * How rows are spread where a cluster has several shards: what replaces itself must meet on one shard, so a sharding key
 * is a function of the table's key.
 */
const SHARDED_BY: Readonly<Record<string, string>> = {
  function_minutes_data: 'cityHash64(fn)',
  invocations_data: 'cityHash64(fn)',
  scores_data: 'cityHash64(fn)',
  functions_data: 'cityHash64(fn)',
  coverage_data: 'cityHash64(fn)',
  alert_events_data: 'cityHash64(alert_id)',
  rejects_data: 'cityHash64(origin, offset)',
  deliveries_data: 'cityHash64(destination)',
  incident_events_data: 'cityHash64(incident_id)',
};

/** Few rows, which every server holds: views join them with their own shard's. */
const WHOLE = new Set(['current_run_data', 'runs_data', 'migrations']);

/** Tokens of inserts are kept for a week: longer than anybody leaves a store alone while rows wait for it. */
const REPLICATED_WINDOW = 'replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 604800';

/** ` ON CLUSTER …`, or nothing. */
export const everywhere = (cluster: Cluster | null): string =>
  cluster === null ? '' : ` ON CLUSTER \`${cluster.name}\``;

/** The table that holds the rows of `table` on each server. */
export const storageName = (table: string, cluster: Cluster | null): string =>
  cluster?.isSharded === true && table in SHARDED_BY ? `${table}_local` : table;

/** What lists the parts of tables on all servers. */
export const partsOf = (cluster: Cluster | null): string =>
  cluster === null ? 'system.parts' : `clusterAllReplicas('${cluster.name}', system.parts)`;

/**
 * The statements that do on all servers of a cluster what a statement of sql/ does on one: tables become replicated,
 * sharded ones get a Distributed table in front, under the name that readers and writers use. Each may run again.
 * @throws {Error} on a kind of statement that has no such form yet: a bug of the migration
 */
export function clusterStatements(statement: string, cluster: Cluster): string[] {
  const on = everywhere(cluster);
  const [, kind = '', name = '', rest = ''] = STATEMENT.exec(statement) ?? [];
  const storage = storageName(name, cluster);
  const front = storage === name ? [] : [distributed(name, cluster)];
  if (kind.startsWith('CREATE OR REPLACE VIEW')) return [`${kind} ${name}${on}${rest}`];
  if (!(name in SHARDED_BY || WHOLE.has(name))) throw new Error(`no table of the cluster is named in: ${statement}`);
  if (kind.startsWith('CREATE TABLE')) return [`${kind} ${storage}${on}${replicated(name, rest)}`, ...front];
  if (/^\s+MODIFY SETTING non_replicated_deduplication_window = \d+$/.test(rest))
    return [`${kind} ${storage}${on} MODIFY SETTING ${REPLICATED_WINDOW}`];
  if (/^\s+ADD COLUMN IF NOT EXISTS /.test(rest)) return [`${kind} ${storage}${on}${rest}`, ...front];
  throw new Error(`what a cluster does for this statement is not known: ${statement}`);
}

const STATEMENT = /^(CREATE TABLE IF NOT EXISTS|CREATE OR REPLACE VIEW|ALTER TABLE) (\w+)(\s[\s\S]*)$/;

/** Sharded: a path a shard. Whole: one path for all servers, who differ in shard or in replica. */
function replicated(table: string, definition: string): string {
  const place =
    table in SHARDED_BY
      ? "'/clickhouse/tables/{shard}/{database}/{table}', '{replica}'"
      : "'/clickhouse/tables/all/{database}/{table}', '{shard}-{replica}'";
  const engine = /\bENGINE = (\w*MergeTree)(?:\(([^)]*)\))?/;
  if (!engine.test(definition)) throw new Error(`${table} has no engine that can be replicated`);
  return definition.replace(engine, (_, name: string, options?: string) => {
    const all = options === undefined ? place : `${place}, ${options}`;
    return `ENGINE = Replicated${name}(${all})`;
  });
}

/** Holds no rows, so it is made anew whenever the columns behind it change. */
function distributed(table: string, cluster: Cluster): string {
  const storage = storageName(table, cluster);
  const place = `'${cluster.name}', '${cluster.database}', '${storage}', ${SHARDED_BY[table]}`;
  return `CREATE OR REPLACE TABLE ${table}${everywhere(cluster)} AS ${storage} ENGINE = Distributed(${place})`;
}

/**
 * What the server knows of the cluster `text`, a name or a macro in braces, and whether the tables in `database` suit it.
 * @throws {StoreError} STORE_FAILED where it knows no such cluster, has no macros, or the tables are laid out otherwise
 */
export async function findCluster(db: Database, text: string, database: string): Promise<Cluster> {
  const name = await nameOf(db, text);
  const [size] = await ask<{ shards: string }>(
    db,
    'SELECT uniqExact(shard_num) AS shards FROM system.clusters WHERE cluster = {name:String}',
    { name },
  );
  const shards = Number(size?.shards ?? 0);
  if (shards === 0) {
    const known = await ask<{ cluster: string }>(db, 'SELECT DISTINCT cluster FROM system.clusters ORDER BY cluster');
    const names = known.map(({ cluster }) => cluster).join(', ');
    throw wrong(`the server knows no cluster named ${name} (${names === '' ? 'it knows none' : `but ${names}`})`);
  }
  const macros = new Set((await ask<{ macro: string }>(db, 'SELECT macro FROM system.macros')).map((row) => row.macro));
  for (const macro of ['shard', 'replica'])
    if (!macros.has(macro))
      throw wrong(`the server's configuration has no macro {${macro}}: each server of a cluster needs one`);
  return { name, database, isSharded: await isSharded(db, database, shards) };
}

async function nameOf(db: Database, text: string): Promise<string> {
  const [, macro] = /^\{(\w+)\}$/.exec(text) ?? [];
  if (macro === undefined) {
    if (!/^[\w.-]+$/.test(text)) throw wrong(`${JSON.stringify(text)} is no name of a cluster`);
    return text;
  }
  const query = 'SELECT substitution FROM system.macros WHERE macro = {macro:String}';
  const [found] = await ask<{ substitution: string }>(db, query, { macro });
  if (found === undefined) throw wrong(`the server's configuration has no macro {${macro}}`);
  return found.substitution;
}

/** By the tables that are there; by the number of shards where there are none yet. */
async function isSharded(db: Database, database: string, shards: number): Promise<boolean> {
  const engine = await engineIn(db, database);
  if (engine === null) return shards > 1;
  if (engine === 'Distributed') return true;
  if (!engine.startsWith('Replicated'))
    throw wrong(
      `the tables in database ${database} were made for a single server: name another database, or no cluster`,
    );
  if (shards > 1) throw wrong(`the tables in database ${database} were made for one shard: name another database`);
  return false;
}

/**
 * A store that lies on shards is written through its cluster only.
 * @throws {StoreError} STORE_FAILED where the address does not name it
 */
export async function checkSingle(db: Database, database: string): Promise<void> {
  if ((await engineIn(db, database)) === 'Distributed')
    throw wrong(`the tables in database ${database} are spread over a cluster: name it (cluster)`);
}

async function engineIn(db: Database, database: string): Promise<string | null> {
  const query =
    "SELECT engine FROM system.tables WHERE database = {database:String} AND name = 'function_minutes_data'";
  return (await ask<{ engine: string }>(db, query, { database }))[0]?.engine ?? null;
}

async function ask<Row>(db: Database, query: string, params: Record<string, string> = {}): Promise<Row[]> {
  const answer = await db.query({ query, query_params: params, format: 'JSONEachRow' });
  return answer.json<Row>();
}

const wrong = (why: string): StoreError => new StoreError('STORE_FAILED', `the store's cluster: ${why}`);
