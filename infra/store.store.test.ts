import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openStore, type Store } from './store.ts';
import { PLACES, type Place } from './store-places.fixture.ts';
import {
  alertEvent,
  coverageRow,
  everything,
  functionRow,
  invocationRow,
  minuteRow,
  RUN,
  rejectRow,
  rows,
  START_MS,
  scoreRow,
  TABLES,
  writeRun,
} from './store-samples.fixture.ts';

const MONTH_MS = 31 * 86_400_000;

describe.each(PLACES)('a store %s', (_name, open) => {
  let place: Place;
  let store: Store;
  const count = async (table: string): Promise<unknown> => (await rows(store, `SELECT count() AS n FROM ${table}`))[0];
  const runs = { n: 0 };
  /** A run of its own for each test, so that none sees another's rows. */
  const begin = (resume = false) =>
    store.writer.beginRun({ ...RUN, runId: (0x100 + (resume ? runs.n : ++runs.n)).toString(16), resume });

  beforeAll(async () => {
    place = await open();
    store = await openStore(place.address);
  });
  afterAll(async () => {
    await store.close();
    await place.clean();
  });

  test('shows nothing before the first run, and every table exists', async () => {
    for (const table of TABLES) expect(await rows(store, `SELECT * FROM ${table}`)).toEqual([]);
  });

  test('a row written twice counts once, in one batch or in two', async () => {
    await begin();
    const few = [0, 1, 2];
    const write = async () => {
      await store.writer.writeMinutes(few.map((i) => minuteRow(i)));
      await store.writer.writeInvocations(few.map(invocationRow));
      await store.writer.writeScores(few.map(scoreRow));
      await store.writer.writeAlertEvents(few.map((i) => alertEvent(i, 'opened', 1)));
      await store.writer.writeRejects(few.map(rejectRow));
      await store.writer.writeFunctions(few.map(functionRow));
      await store.writer.writeCoverage(few.map(coverageRow));
    };
    await write();
    await write();
    await store.writer.flush();
    await write();
    await store.writer.flush();
    for (const table of TABLES.filter((name) => name !== 'runs'))
      expect([table, await count(table)]).toEqual([table, { n: 3 }]);
  });

  test('of two versions of one row the later written stands', async () => {
    await begin();
    for (const errors of [1, 2]) await store.writer.writeMinutes([{ ...minuteRow(0), errors }]);
    await store.writer.flush();
    expect(await rows(store, 'SELECT errors FROM function_minutes')).toEqual([{ errors: 2 }]);
    await store.writer.writeMinutes([{ ...minuteRow(0), errors: 3 }]);
    await store.writer.flush();
    expect(await rows(store, 'SELECT errors FROM function_minutes')).toEqual([{ errors: 3 }]);
  });

  test('corrections of a minute add up: sums, maxima, histogram and its quantiles', async () => {
    await begin();
    const one = {
      ...minuteRow(0),
      invocations: 10,
      errors: 1,
      durationBuckets: [80],
      durationCounts: [10],
      durationUsSum: 10_500,
      durationUsMax: 1_100,
      memoryUsedMaxKib: null,
      egressSamples: 0,
    };
    const late = {
      ...one,
      patch: 77,
      invocations: 10,
      errors: 3,
      durationBuckets: [80, 160],
      durationCounts: [9, 1],
      durationUsSum: 1_060_000,
      durationUsMax: 1_050_000,
      memoryUsedMaxKib: 2,
      egressSamples: 1,
      egressBytes: 0,
    };
    await store.writer.writeMinutes([one, late]);
    await store.writer.flush();
    const [row] = (await rows(store, 'SELECT * FROM function_minutes')) as [Record<string, number>];
    expect(row).toMatchObject({
      minute: '2026-01-05 00:00:00',
      cloud_provider: 'aws',
      cloud_account_id: '123456789012',
      cloud_region: 'eu-west-1',
      faas_name: 'service-0',
      invocations: 20,
      errors: 4,
      error_rate: 0.2,
      duration_max_ms: 1050,
      duration_avg_ms: 53.525,
      cost_usd: 3e-6,
      egress_bytes: 0,
      egress_samples: 1,
      memory_used_max_bytes: 2048,
    });
    // 19 of 20 lie in bucket 80, [1.024, 1.117) ms; the p99 is in bucket 160, [1.049, 1.143) s, and never over the maximum
    expect(row.duration_p50_ms).toBeGreaterThan(1.024);
    expect(row.duration_p95_ms).toBeLessThanOrEqual(1.117);
    expect(row.duration_p99_ms).toBeGreaterThan(1048);
    expect(row.duration_p99_ms).toBeLessThanOrEqual(1050);
  });

  test('unknown stays NULL: no bytes seen, no duration, no account', async () => {
    await begin();
    await store.writer.writeMinutes([
      { ...minuteRow(0), fn: 'azure/-/-/app/function', durationBuckets: [], durationCounts: [], memorySizeKib: null },
    ]);
    await store.writer.flush();
    expect(
      await rows(
        store,
        'SELECT faas_name, cloud_account_id, cloud_region, egress_bytes, duration_p50_ms, duration_max_ms, memory_size_bytes FROM function_minutes',
      ),
    ).toEqual([
      {
        faas_name: 'app/function',
        cloud_account_id: null,
        cloud_region: null,
        egress_bytes: null,
        duration_p50_ms: null,
        duration_max_ms: null,
        memory_size_bytes: null,
      },
    ]);
  });

  test('an alert is its newest event, its versions count from 1', async () => {
    await begin();
    await store.writer.writeAlertEvents([
      alertEvent(1, 'opened', 1),
      alertEvent(2, 'opened', 1),
      alertEvent(1, 'updated', 5),
      alertEvent(1, 'updated', 9),
    ]);
    await store.writer.flush();
    await store.writer.writeAlertEvents([alertEvent(1, 'resolved', 9)]);
    await store.writer.flush();
    expect(await rows(store, 'SELECT alert_id, version, event FROM alert_events ORDER BY 1, 2')).toEqual([
      { alert_id: 'a1', version: 1, event: 'opened' },
      { alert_id: 'a1', version: 2, event: 'updated' },
      { alert_id: 'a1', version: 3, event: 'updated' },
      { alert_id: 'a1', version: 4, event: 'resolved' },
      { alert_id: 'a2', version: 1, event: 'opened' },
    ]);
    expect(
      await rows(store, 'SELECT alert_id, status, versions, ended_at, expected_mid FROM alerts ORDER BY 1'),
    ).toEqual([
      { alert_id: 'a1', status: 'resolved', versions: 4, ended_at: '2026-01-05 00:09:00.000', expected_mid: 1 },
      { alert_id: 'a2', status: 'open', versions: 1, ended_at: null, expected_mid: 1 },
    ]);
    const [stored] = (await rows(store, "SELECT event_json FROM alert_events WHERE alert_id = 'a2'")) as [
      { event_json: string },
    ];
    expect(JSON.parse(stored.event_json)).toEqual(alertEvent(2, 'opened', 1));
  });

  test('rejects that look alike at one place are all kept', async () => {
    await begin();
    await store.writer.writeRejects([rejectRow(0), rejectRow(0), rejectRow(1)]);
    await store.writer.flush();
    expect(await count('rejects')).toEqual({ n: 3 });
  });

  test('a run that starts again forgets what it stored, one that resumes keeps it, another is apart', async () => {
    await begin();
    await store.writer.writeMinutes([minuteRow(0), minuteRow(1)]);
    await store.writer.writeFunctions([functionRow(0)]);
    await store.writer.finishRun('interrupted', {});
    await begin(true);
    await store.writer.writeMinutes([minuteRow(2)]);
    await store.writer.finishRun('done', { invocations: 3 });
    expect([await count('function_minutes'), await count('functions')]).toEqual([{ n: 3 }, { n: 1 }]);
    const run = (await rows(store, 'SELECT run_id FROM current_run')) as [{ run_id: string }];

    await begin();
    expect([await count('function_minutes'), await count('functions')]).toEqual([{ n: 0 }, { n: 0 }]);
    expect(
      await rows(store, 'SELECT count() AS n FROM function_minutes_all WHERE run_id = {run:String}', {
        run: run[0].run_id,
      }),
    ).toEqual([{ n: 3 }]);
    expect(
      await rows(store, 'SELECT status, totals FROM runs WHERE run_id = {run:String}', { run: run[0].run_id }),
    ).toEqual([{ status: 'done', totals: '{"invocations":3}' }]);

    await store.writer.beginRun({ ...RUN, runId: run[0].run_id });
    expect([await count('function_minutes'), await count('functions')]).toEqual([{ n: 0 }, { n: 0 }]);
  });

  test('one batch may span a hundred and more months', async () => {
    await begin();
    await store.writer.writeMinutes(
      Array.from({ length: 140 }, (_, i) => ({ ...minuteRow(0), minuteMs: START_MS - i * MONTH_MS })),
    );
    await store.writer.flush();
    expect(await rows(store, 'SELECT count() AS n, uniq(toYYYYMM(minute)) AS months FROM function_minutes')).toEqual([
      { n: 140, months: 140 },
    ]);
  });

  test('writers that do not wait for each other lose nothing', async () => {
    await begin();
    const parts = Array.from({ length: 20 }, (_, part) =>
      Array.from({ length: 7_000 }, (_, i) => minuteRow(part * 7_000 + i)),
    );
    await Promise.all([...parts.map((part) => store.writer.writeMinutes(part)), store.writer.flush()]);
    await store.writer.flush();
    expect(await count('function_minutes')).toEqual({ n: 140_000 });
  });

  test('the same run written again leaves the same tables', async () => {
    await writeRun(store, 2_000);
    const first = await everything(store);
    await store.writer.beginRun(RUN);
    await store.writer.writeMinutes([minuteRow(999_999)]); // a row of a run cut short that the whole one does not have
    await store.writer.flush();
    await writeRun(store, 2_000);
    expect(await everything(store)).toEqual(first);
    expect(await count('function_minutes')).toEqual({ n: 2000 });
  });
});
