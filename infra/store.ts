import type { Readable } from 'node:stream';
import { type Database, openEmbedded, type Sessions } from './clickhouse.ts';
import { openServer, type ServerAddress } from './clickhouse-server.ts';
import { isNoSpace, StoreError, writeError } from './store-error.ts';
import { engineDir, holderOf, keepPrivate, makeFolder } from './store-folder.ts';
import { createLiveWriter, type LiveWriter } from './store-live.ts';
import { LIVE_DEFAULTS, type LiveOptions } from './store-live-rows.ts';
import { migrate, migrations } from './store-migrations.ts';
import { ask, type QueryFormat, type QueryParams } from './store-query.ts';
import { isAway, pause } from './store-retry.ts';
import type { RowSink } from './store-rows.ts';
import { answers, type ReadRequest, serveReaders } from './store-socket.ts';
import { BatchWriter, type RunWriter } from './store-writer.ts';

export type StoreAddress = { readonly dir: string } | ServerAddress;

/** What `--store` names: a folder, or a server as `http://user:password@host:8123/database`, `?cluster=name` where it is one. */
export function storeAddress(text: string): StoreAddress {
  if (!/^https?:\/\//i.test(text)) return { dir: text };
  const { origin, username, password, pathname, searchParams } = new URL(text);
  const database = decodeURIComponent(pathname.slice(1));
  const cluster = searchParams.get('cluster');
  return {
    url: origin,
    ...(username !== '' && { user: decodeURIComponent(username) }),
    ...(password !== '' && { password: decodeURIComponent(password) }),
    ...(database !== '' && { database }),
    ...(cluster !== null && { cluster }),
  };
}

/** What can be asked of a store, opened here or reached through the process that holds it. */
export interface StoreReader {
  /**
   * One reading statement; `{name:Type}` in it stands for a value of `params`. The text of the answer, UTF-8.
   * @throws {StoreError} BAD_QUERY, STORE_FAILED
   */
  query(sql: string, format: QueryFormat, params?: QueryParams): Promise<Readable>;
  close(): Promise<void>;
}

export interface Store extends StoreReader {
  readonly writer: RunWriter;
  /** Flushes and closes. After a failed write it closes all the same and does not repeat the error. */
  close(): Promise<void>;
}

export interface LiveStore extends StoreReader {
  readonly writer: LiveWriter;
  /** Flushes until the deadline, 10 s unless told, and closes. @throws {StoreError} how many rows are not stored */
  close(options?: { readonly deadlineMs: number }): Promise<void>;
}

export interface LiveStoreOptions extends LiveOptions {
  /** Ends the wait for a store that is away. */
  readonly signal?: AbortSignal;
}

/** Two inserts at once are what one server merges in peace; the embedded engine runs one statement at a time. */
const INSERTS_AT_ONCE = { server: 2, embedded: 1 };
const CLOSE_DEADLINE_MS = 10_000;

/**
 * Opens a store, making it where it does not exist, and brings its schema up to date. A store in a folder is held until
 * `close`: other commands read it through the socket this process serves in it.
 * @throws {StoreError} STORE_UNAVAILABLE, STORE_HELD, STORE_FAILED
 */
export async function openStore(where: StoreAddress): Promise<Store> {
  return openFor(where, ({ sessions, name }) => {
    const writer = new BatchWriter(sessions.writer, name, sessions.cluster);
    return { writer, close: () => writer.close() };
  });
}

/**
 * The same for a worker that goes on whatever the store does: it waits for a server that is away, now and later.
 * @throws {StoreError} as `openStore`, where waiting does not help; the reason of `signal`
 */
export async function openLiveStore(where: StoreAddress, options: LiveStoreOptions): Promise<LiveStore> {
  const { backoff = LIVE_DEFAULTS.backoff, signal, onTrouble } = options;
  for (let attempt = 0; ; attempt++) {
    try {
      const store = await openFor(where, ({ sessions, name }) => {
        const inserts = 'dir' in where ? INSERTS_AT_ONCE.embedded : INSERTS_AT_ONCE.server;
        const writer = createLiveWriter(sessions.writer, name, inserts, options);
        const close = ({ deadlineMs } = { deadlineMs: CLOSE_DEADLINE_MS }) => writer.close({ deadlineMs });
        return { writer, close };
      });
      if (attempt > 0) onTrouble('the store answers');
      return store;
    } catch (error) {
      if (!(error instanceof StoreError && isAway(error.cause))) throw error;
      if (attempt === 0) onTrouble(`${error.message}: waiting for it`);
      await pause(backoff, attempt, signal);
    }
  }
}

/** Sessions on a store whose schema is of now. */
interface Opened {
  readonly sessions: Sessions;
  /** names it in messages */
  readonly name: string;
  /** Lets other processes ask what stands behind `query`. */
  readonly serve: (query: (request: ReadRequest) => Promise<Readable>) => Promise<void>;
  readonly close: () => Promise<void>;
}

async function openFor<Writer extends Pick<RowSink, 'flush'>, Options>(
  where: StoreAddress,
  writerOf: (opened: Opened) => { writer: Writer; close: (options?: Options) => Promise<void> },
): Promise<Omit<StoreReader, 'close'> & { writer: Writer; close: (options?: Options) => Promise<void> }> {
  const opened = await ('dir' in where ? openFolder(where.dir) : openRemote(where));
  const { writer, close } = writerOf(opened);
  const query: StoreReader['query'] = (sql, format, params) =>
    ask(opened.sessions.reader, opened.name, sql, format, params);
  await opened.serve(async ({ sql, format, params }) => {
    await writer.flush(); // a reader sees what was said so far
    return query(sql, format, params);
  });
  return {
    writer,
    query,
    close: async (options) => {
      try {
        await close(options);
      } finally {
        await opened.close();
      }
    },
  };
}

async function openFolder(dir: string): Promise<Opened> {
  makeFolder(dir);
  const holder = holderOf(dir);
  // The engine would find out too, but says so on stderr; a process id alone may have gone to another process.
  if (holder !== null && holder !== process.pid && (await answers(dir))) throw heldBy(dir, holder);
  const steps: (() => Promise<void> | void)[] = [keepPrivate()]; // undone backwards
  const close = async (): Promise<void> => {
    for (const step of steps.splice(0).reverse()) await step();
  };
  const orClose = async <Result>(run: () => Promise<Result>): Promise<Result> => {
    try {
      return await run();
    } catch (error) {
      await close();
      throw openError(dir, error);
    }
  };
  const sessions = await orClose(async () => {
    const made = await openEmbedded(engineDir(dir));
    steps.push(() => made.close());
    await migrate(made.writer);
    await endDeadRuns(made.writer);
    return made;
  });
  const serve: Opened['serve'] = (query) => orClose(async () => void steps.push(await serveReaders(dir, query)));
  return { sessions, name: dir, serve, close };
}

async function openRemote(address: ServerAddress): Promise<Opened> {
  const name = new URL(address.url).host;
  let sessions: Sessions | null = null;
  try {
    sessions = await openServer(address);
    await migrate(sessions.writer, migrations(), sessions.cluster);
    return { sessions, name, serve: async () => undefined, close: sessions.close };
  } catch (error) {
    await sessions?.close();
    throw writeError(name, error);
  }
}

/** This process holds the store, so a run that another left `running` is over. A full disk can still be read: then it stays so. */
async function endDeadRuns(db: Database): Promise<void> {
  const dead = "FROM runs_data FINAL WHERE status = 'running'";
  const found = await db.query({ query: `SELECT 1 ${dead} LIMIT 1`, format: 'JSONEachRow' });
  if ((await found.json()).length === 0) return;
  const columns = 'run_id, config_hash, input_fingerprint, command, totals';
  const query = `INSERT INTO runs_data (${columns}, status) SELECT ${columns}, 'interrupted' ${dead}`;
  await db.command({ query }).catch((error: unknown) => {
    if (!isNoSpace(error)) throw error;
  });
}

/** The engine says only that it could not open the folder; who holds it stands beside its files. */
function openError(dir: string, cause: unknown): StoreError {
  const pid = holderOf(dir);
  return pid === null || pid === process.pid || cause instanceof StoreError
    ? writeError(dir, cause)
    : heldBy(dir, pid, cause);
}

function heldBy(dir: string, pid: number, cause?: unknown): StoreError {
  const message = `the store in ${dir} is held by process ${pid}: wait until it ends, or use another --store`;
  return new StoreError('STORE_HELD', message, { cause });
}
