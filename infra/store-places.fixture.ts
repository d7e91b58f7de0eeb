import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@clickhouse/client';
import { expect } from '@jest/globals';
import { startFront } from './clickhouse-front.fixture.ts';
import type { StoreAddress } from './store.ts';

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
  const { url, seen, close } = await startFront(dir);
  return {
    address: { url, user: 'default', password: '' },
    clean: async () => {
      await close();
      rmSync(dir, { recursive: true });
      expect([...seen]).toEqual(expect.arrayContaining(['database=tripline', 'readonly=1', 'optimize_on_insert=0']));
    },
  };
}

// biome-ignore lint/style/noProcessEnv: where a server is to be had, the same tests run against it
const { CLICKHOUSE_URL } = process.env;
export const PLACES: [string, () => Promise<Place>][] = [
  ['embedded', folder],
  ['over HTTP', front],
];
if (CLICKHOUSE_URL !== undefined) PLACES.push(['a server', async () => server(CLICKHOUSE_URL)]);

async function server(url: string): Promise<Place> {
  const database = `tripline_test_${process.pid}`;
  return {
    address: { url, database },
    clean: async () => {
      const client = createClient({ url });
      await client.command({ query: 'DROP DATABASE IF EXISTS {database:Identifier}', query_params: { database } });
      await client.close();
    },
  };
}
