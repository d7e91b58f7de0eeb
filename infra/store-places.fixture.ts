import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@clickhouse/client';
import { expect } from '@jest/globals';
import { startFront } from './dev/front.ts';
import { type StoreAddress, storeAddress } from './store.ts';

export const temporary = (): string => mkdtempSync(join(tmpdir(), 'tripline-test-'));

/** Somewhere a store can be, for the tests that hold everywhere. */
export interface Place {
  readonly address: StoreAddress;
  clean(): Promise<void>;
}

async function folder(): Promise<Place> {
  const dir = temporary();
  return { address: { dir }, clean: async () => rmSync(dir, { recursive: true }) };
}

async function front(): Promise<Place> {
  const dir = temporary();
  const started = await startFront(dir);
  return {
    address: { url: started.url, user: 'default', password: '' },
    clean: async () => {
      await started.close();
      rmSync(dir, { recursive: true });
      expect([...started.seen]).toEqual(
        expect.arrayContaining(['database=tripline', 'readonly=1', 'optimize_on_insert=0']),
      );
    },
  };
}

// biome-ignore lint/style/noProcessEnv: where a server is to be had, the same tests run against it
const { CLICKHOUSE_URL } = process.env;
export const PLACES: [string, () => Promise<Place>][] = [
  ['embedded', folder],
  CLICKHOUSE_URL === undefined ? ['over HTTP', front] : ['on the server', async () => server(CLICKHOUSE_URL)],
];

/** A database of its own on a real server, `CLICKHOUSE_URL=http://user:password@host:8123`. */
async function server(text: string): Promise<Place> {
  const database = `tripline_test_${process.pid}`;
  const address = storeAddress(text);
  if ('dir' in address) throw new Error('CLICKHOUSE_URL must begin with http:// or https://');
  return {
    address: { ...address, database },
    clean: async () => {
      const client = createClient({
        url: address.url,
        username: address.user ?? 'default',
        password: address.password ?? '',
      });
      await client.command({ query: 'DROP DATABASE IF EXISTS {database:Identifier}', query_params: { database } });
      await client.close();
    },
  };
}
