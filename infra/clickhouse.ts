import { type ClickHouseClient, ClickHouseLogLevel, type ClickHouseSettings, createClient } from '@clickhouse/client';
import { StoreError } from './store-error.ts';

type Connection = NonNullable<NonNullable<Parameters<typeof createClient>[0]>['connection']>;

/** What we ask of a session, embedded or on a server. */
export type Database = Pick<ClickHouseClient, 'command' | 'exec' | 'query'>;

/** Servers that hold one store together. */
export interface Cluster {
  /** as in `system.clusters` */
  readonly name: string;
  readonly database: string;
  /** Rows are spread over several shards, behind Distributed tables. */
  readonly isSharded: boolean;
}

/** Two sessions on one database: what `reader` is asked cannot change anything, whatever its SQL says. */
export interface Sessions {
  readonly writer: Database;
  readonly reader: Database;
  /** null = one engine, embedded or a server */
  readonly cluster: Cluster | null;
  close(): Promise<void>;
}

export const DATABASE = 'tripline';

/** Errors are thrown; the client would print them as well. */
export const QUIET = { level: ClickHouseLogLevel.OFF };

/** Duplicates are removed on reading; merging them in every insert would cost a third of the speed. */
export const WRITE_SETTINGS: ClickHouseSettings = {
  optimize_on_insert: 0,
  max_partitions_per_insert_block: '0', // 0 = no limit: a replay of years is fine
  async_insert: 0,
  date_time_input_format: 'basic',
};

/** What one question may cost before it is refused. `readonly` comes last: nothing can be set after it. */
export const READ_SETTINGS: ClickHouseSettings = {
  max_execution_time: 120,
  max_memory_usage: '4000000000',
  max_result_bytes: '100000000', // the embedded engine hands over an answer in one piece
  optimize_aggregation_in_order: 1, // minutes are stored in the order they are summed in: bounded memory
  output_format_json_quote_64bit_integers: 0,
  output_format_json_escape_forward_slashes: 0,
  readonly: '1',
};

/**
 * ClickHouse inside this process, its files in `dir`. One directory a process, and one process a directory. Loads a
 * library of 566 MB: 0.3–0.5 s the first time.
 * @throws {StoreError} STORE_UNAVAILABLE where the library cannot be loaded; whatever the engine says where `dir` is held
 */
export async function openEmbedded(dir: string): Promise<Sessions> {
  const { createChdbConnection } = await loadEngine();
  // The two packages ship separate copies of the Connection type, equal in shape: the only cast in the project.
  const session = () => createChdbConnection({ path: dir }) as unknown as Connection;
  const connect = () => createClient({ log: QUIET, connection: oneAtATime(session()) });
  const sessions = { writer: connect(), reader: connect() };
  try {
    await sessions.writer.command({ query: `CREATE DATABASE IF NOT EXISTS ${DATABASE} ENGINE = Atomic` });
    await prepare(sessions.writer, WRITE_SETTINGS);
    await prepare(sessions.reader, READ_SETTINGS);
  } catch (error) {
    await closeBoth(sessions);
    throw error;
  }
  return { ...sessions, cluster: null, close: () => closeBoth(sessions) };
}

/**
 * The embedded engine leaves what a failed query had already answered in the session, in front of the next answer. So
 * queries run one at a time, and after a failure one runs whose answer is thrown away.
 */
function oneAtATime(session: Connection): Connection {
  let last: Promise<unknown> = Promise.resolve();
  function queued<Params, Result>(run: (params: Params) => Promise<Result>): (params: Params) => Promise<Result> {
    return (params) => {
      const result = last.then(() => run(params));
      last = result.catch(() => session.ping({ select: true }));
      return result;
    };
  }
  return {
    query: queued((params) => session.query(params)),
    exec: queued((params) => session.exec(params)),
    command: queued((params) => session.command(params)),
    insert: queued((params) => session.insert(params)),
    ping: queued((params) => session.ping(params)),
    close: () => last.then(() => session.close()),
  };
}

/** The embedded engine keeps settings in the session, so they are set once here, not with every query. */
async function prepare(session: Database, settings: ClickHouseSettings): Promise<void> {
  await session.command({ query: `USE ${DATABASE}` });
  for (const [name, value] of Object.entries(settings)) await session.command({ query: `SET ${name} = '${value}'` });
}

async function loadEngine(): Promise<typeof import('chdb/connection')> {
  try {
    return await import('chdb/connection');
  } catch (cause) {
    const why = (cause instanceof Error ? cause.message : String(cause)).split('\n', 1)[0];
    const message = `the embedded ClickHouse cannot be loaded here (${why}); --store none works without it, as does a ClickHouse server given by URL`;
    throw new StoreError('STORE_UNAVAILABLE', message, { cause });
  }
}

export async function closeBoth(sessions: Record<'reader' | 'writer', Pick<ClickHouseClient, 'close'>>): Promise<void> {
  await sessions.reader.close();
  await sessions.writer.close();
}
