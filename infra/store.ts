import type { Readable } from 'node:stream';
import type { ClickHouseClient } from '@clickhouse/client';
import { openEmbedded, openServer, type ServerAddress } from './clickhouse.ts';
import { isNoSpace, StoreError, writeError } from './store-error.ts';
import { engineDir, holderOf, keepPrivate, makeFolder } from './store-folder.ts';
import { migrate } from './store-migrations.ts';
import { ask, type QueryFormat, type QueryParams } from './store-query.ts';
import { answers, type ReadRequest, serveReaders } from './store-socket.ts';
import { BatchWriter, type RunWriter } from './store-writer.ts';

export type StoreAddress = { readonly dir: string } | ServerAddress;

/** What `--store` names: a folder, or a server as `http://user:password@host:8123/database`. */
export function storeAddress(text: string): StoreAddress {
  if (!/^https?:\/\//i.test(text)) return { dir: text };
  const { origin, username, password, pathname } = new URL(text);
  const database = decodeURIComponent(pathname.slice(1));
  return {
    url: origin,
    ...(username !== '' && { user: decodeURIComponent(username) }),
    ...(password !== '' && { password: decodeURIComponent(password) }),
    ...(database !== '' && { database }),
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

/**
 * Opens a store, making it where it does not exist, and brings its schema up to date. A store in a folder is held until
 * `close`: other commands read it through the socket this process serves in it.
 * @throws {StoreError} STORE_UNAVAILABLE, STORE_HELD, STORE_FAILED
 */
export async function openStore(where: StoreAddress): Promise<Store> {
  return 'dir' in where ? openFolder(where.dir) : openRemote(where);
}

async function openFolder(dir: string): Promise<Store> {
  makeFolder(dir);
  const holder = holderOf(dir);
  // The engine would find out too, but says so on stderr; a process id alone may have gone to another process.
  if (holder !== null && holder !== process.pid && (await answers(dir))) throw heldBy(dir, holder);
  const opened: (() => Promise<void> | void)[] = [keepPrivate()]; // undone backwards
  const undo = async (): Promise<void> => {
    for (const step of opened.splice(0).reverse()) await step();
  };
  try {
    const sessions = await openEmbedded(engineDir(dir));
    opened.push(() => sessions.close());
    await migrate(sessions.writer);
    await endDeadRuns(sessions.writer);
    const writer = new BatchWriter(sessions.writer, dir);
    const query: StoreReader['query'] = (sql, format, params) => ask(sessions.reader, dir, sql, format, params);
    const answer = async ({ sql, format, params }: ReadRequest): Promise<Readable> => {
      await writer.flush(); // a reader sees what was said so far
      return query(sql, format, params);
    };
    opened.push(await serveReaders(dir, answer));
    const close = async (): Promise<void> => {
      try {
        await writer.close();
      } finally {
        await undo();
      }
    };
    return { writer, query, close };
  } catch (error) {
    await undo();
    throw openError(dir, error);
  }
}

async function openRemote(address: ServerAddress): Promise<Store> {
  const where = new URL(address.url).host;
  try {
    const sessions = await openServer(address);
    await migrate(sessions.writer);
    const writer = new BatchWriter(sessions.writer, where);
    return {
      writer,
      query: (sql, format, params) => ask(sessions.reader, where, sql, format, params),
      close: async () => {
        try {
          await writer.close();
        } finally {
          await sessions.close();
        }
      },
    };
  } catch (error) {
    throw writeError(where, error);
  }
}

/** This process holds the store, so a run that another left `running` is over. A full disk can still be read: then it stays so. */
async function endDeadRuns(db: ClickHouseClient): Promise<void> {
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
