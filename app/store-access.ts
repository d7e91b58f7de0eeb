import { setTimeout as wait } from 'node:timers/promises';
import { openStore, type StoreReader } from '../infra/store.ts';
import { StoreError } from '../infra/store-error.ts';
import { hasStore } from '../infra/store-folder.ts';
import { linesOf } from '../infra/store-lines.ts';
import type { QueryParams } from '../infra/store-query.ts';
import { answers, askHolder } from '../infra/store-socket.ts';
import { addressOf, type StoreSettings } from './config-store.ts';

export const DEFAULT_STORE = './.tripline';

/** How long a store may be held by a process that does not answer: one that is just opening or closing it. */
const PATIENCE_MS = 15_000;
const RETRY_MS = 100;

/**
 * Opens what `--store` names for reading: through the process that holds it, or itself. Where the holder does not answer
 * it waits a while and tells `say`, once.
 * @throws {StoreError} STORE_MISSING, STORE_HELD, STORE_UNAVAILABLE, STORE_FAILED
 */
export async function openForReading(
  store: StoreSettings,
  say: (message: string) => Promise<void>,
): Promise<StoreReader> {
  const address = addressOf(store);
  if (!('dir' in address)) return openStore(address);
  const { dir } = address;
  if (!hasStore(dir)) {
    const next = 'fill one with `tripline demo` or `tripline replay FILE`, or name another with --store';
    throw new StoreError('STORE_MISSING', `there is no store in ${dir}: ${next}`);
  }
  for (let waitedMs = 0; ; waitedMs += RETRY_MS) {
    if (await answers(dir)) return throughHolder(dir, () => openForReading(store, say));
    try {
      return await openStore({ dir });
    } catch (error) {
      if (!(error instanceof StoreError && error.code === 'STORE_HELD') || waitedMs >= PATIENCE_MS) throw error;
      if (waitedMs === 0) await say(`${error.message.split(':')[0]}: waiting for it\n`);
    }
    await wait(RETRY_MS);
  }
}

/** Asks the process that holds the store; where it ends meanwhile, the store is free and is opened here. */
function throughHolder(dir: string, reopen: () => Promise<StoreReader>): StoreReader {
  let own: StoreReader | null = null;
  return {
    async query(sql, format, params = {}) {
      if (own !== null) return own.query(sql, format, params);
      const answer = await askHolder(dir, { sql, format, params }).catch(async (error: unknown) => {
        const isGone = error instanceof StoreError && error.code === 'STORE_FAILED' && !(await answers(dir));
        if (isGone) return null;
        throw error;
      });
      if (answer !== null) return answer;
      own = await reopen();
      return own.query(sql, format, params);
    },
    close: async () => own?.close(),
  };
}

/** The rows of a small answer as objects. @throws {StoreError} */
export async function rowsOf<Row>(reader: StoreReader, sql: string, params: QueryParams = {}): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const line of linesOf(await reader.query(sql, 'json', params))) rows.push(JSON.parse(line) as Row);
  return rows;
}

/** Opens, reads, closes, whatever happens in between. */
export async function withStore<Result>(
  store: StoreSettings,
  say: (message: string) => Promise<void>,
  read: (reader: StoreReader) => Promise<Result>,
): Promise<Result> {
  const reader = await openForReading(store, say);
  try {
    return await read(reader);
  } finally {
    await reader.close();
  }
}
