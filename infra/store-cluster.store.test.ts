import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Session } from 'chdb';
import { type Front, startFront } from './dev/front.ts';
import { openLiveStore, openStore } from './store.ts';
import { clusterStatements } from './store-cluster.ts';
import { MIGRATIONS_TABLE, migrations } from './store-migrations.ts';
import { temporary } from './store-places.fixture.ts';
import { everything, minuteRow, RUN, rows, writeEach, writeRun } from './store-samples.fixture.ts';

/** Two shards, which are both this engine, and one; a keeper in memory. */
const SHARD = '<shard><internal_replication>true</internal_replication><replica><host>127.0.0.1</host><port>9000</port></replica></shard>'; // biome-ignore format: one line
const CONFIG = `<clickhouse>
  <tcp_port>9000</tcp_port>
  <zookeeper><implementation>testkeeper</implementation></zookeeper>
  <macros><shard>01</shard><replica>r1</replica><cluster>two</cluster></macros>
  <remote_servers><two>${SHARD}${SHARD}</two><one>${SHARD}</one></remote_servers>
</clickhouse>`;

let root = '';
let engine: { close(): void };
let front: Front;

/**
 * The embedded engine runs nothing ON CLUSTER and cannot be a replica, so what each server of a cluster would run is run
 * here without these words, and of the two shards there is one.
 */
const onThisServer = (sql: string): string =>
  sql
    .replace(/ ON CLUSTER `\w+`/, '')
    .replace(/Replicated(\w+MergeTree)\('[^']*', '[^']*'\)/, '$1')
    .replace(' replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 604800', ' non_replicated_deduplication_window = 1000') // biome-ignore format: one line
    .replace("Distributed('two'", "Distributed('one'");

beforeAll(async () => {
  root = temporary();
  const config = join(root, 'config.xml');
  writeFileSync(config, CONFIG);
  const dir = join(root, 'served');
  engine = new Session(dir, { connectionArgs: [`--config-file=${config}`] });
  front = await startFront(dir, { rewrite: onThisServer });
});
afterAll(async () => {
  await front.close();
  engine.close();
  rmSync(root, { recursive: true });
});

const address = (cluster: string) => ({ url: front.url, cluster });

describe('a store on a cluster of several shards', () => {
  test('holds what a single server does, under the same names', async () => {
    const store = await openStore(address('two'));
    const engines = await rows(store, "SELECT name, engine FROM system.tables WHERE database = 'tripline' AND name LIKE 'scores_data%' ORDER BY name"); // biome-ignore format: one line
    expect(engines).toEqual([
      { name: 'scores_data', engine: 'Distributed' },
      { name: 'scores_data_local', engine: 'ReplacingMergeTree' },
    ]);
    await writeRun(store, 1000);
    const first = await everything(store);
    expect(first['function_minutes']?.[0]).toBe('{"n":1000}');
    expect(first['alerts']?.[0]).toBe('{"n":1}');
    await store.writer.beginRun(RUN); // drops what the shards hold
    expect(await rows(store, 'SELECT count() AS n FROM function_minutes')).toEqual([{ n: 0 }]);
    await writeRun(store, 1000);
    expect(await everything(store)).toEqual(first);
    await store.close();
  });

  test('takes each row once from a live writer whose inserts fail or say nothing', async () => {
    const ignored = () => undefined;
    const options = {
      deadLetterDir: root,
      onTrouble: ignored,
      onDeadLetters: ignored,
      backoff: { firstMs: 2, mostMs: 20 },
    };
    const store = await openLiveStore(address('two'), options);
    await store.writer.beginRun({ ...RUN, runId: 'bb' });
    await front.setFaults({ errorShare: 0.3, ambiguousShare: 0.4, seed: 5 });
    for (let from = 0; from < 50; from += 10) {
      await writeEach(store.writer, from, from + 10);
      await store.writer.flush();
    }
    await front.setFaults({ errorShare: 0, ambiguousShare: 0 });
    expect(await rows(store, "SELECT count() AS n FROM scores_data WHERE run_id = 'bb'")).toEqual([{ n: 50 }]);
    expect(await rows(store, 'SELECT count() AS n FROM alert_events')).toEqual([{ n: 50 }]);
    await store.close();
  });

  test('is found by a macro, too, and is written through its cluster only', async () => {
    const store = await openStore(address('{cluster}'));
    await store.writer.beginRun({ ...RUN, runId: 'cc' });
    await store.writer.writeMinutes([minuteRow(0)]);
    await store.close();
    await expect(openStore({ url: front.url })).rejects.toMatchObject({
      code: 'STORE_FAILED',
      message: "the store's cluster: the tables in database tripline are spread over a cluster: name it (cluster)",
    });
  });

  test.each([
    ['none', 'the server knows no cluster named none (but one, two)'],
    ['{nothing}', "the server's configuration has no macro {nothing}"],
    ['a b', '"a b" is no name of a cluster'],
  ])('named wrongly (%s) is a clear error', async (cluster, why) => {
    await expect(openStore(address(cluster))).rejects.toMatchObject({
      code: 'STORE_FAILED',
      message: `the store's cluster: ${why}`,
    });
  });
});

test('every statement for a cluster is one that ClickHouse can read', async () => {
  const store = await openStore(address('two'));
  for (const isSharded of [true, false]) {
    const cluster = { name: 'two', database: 'tripline', isSharded };
    const all = [MIGRATIONS_TABLE, ...migrations().flatMap(({ statements }) => statements)];
    for (const sql of all.flatMap((statement) => clusterStatements(statement, cluster)))
      expect(await rows(store, "SELECT position(formatQuery({sql:String}), 'ON CLUSTER') > 0 AS ok", { sql })).toEqual([{ ok: 1 }]); // biome-ignore format: one line
  }
  await store.close();
});
