import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openEmbedded, type Sessions } from './clickhouse.ts';
import { type Front, startFront } from './dev/front.ts';
import { type LiveStore, openLiveStore, openStore } from './store.ts';
import { LIVE_RUN_ID } from './store-live.ts';
import type { LiveOptions } from './store-live-rows.ts';
import { temporary } from './store-places.fixture.ts';
import { coverageRow, minuteRow, RUN, rows, scoreRow, writeEach } from './store-samples.fixture.ts';

const DATA = ['function_minutes', 'invocations', 'scores', 'alert_events', 'functions', 'coverage', 'rejects'];
const NO_FAULTS = { away: false, hang: false, errorShare: 0, ambiguousShare: 0 };

let root = '';
let front: Front;
let behind: Sessions;
let store: LiveStore;
let said: string[] = [];
let putAside: string[] = [];
let runs = 0;
let runId = '';

beforeAll(async () => {
  root = temporary();
  front = await startFront(join(root, 'served'));
  behind = await openEmbedded(join(root, 'served')); // the same process may open it twice
});
afterAll(async () => {
  await behind.close();
  await front.close();
  rmSync(root, { recursive: true });
});
beforeEach(() => {
  said = [];
  putAside = [];
  runId = (0x1000 + ++runs).toString(16);
});
afterEach(async () => {
  await front.setFaults(NO_FAULTS);
  await store.close();
});

const options = (more: Partial<LiveOptions> = {}): LiveOptions => ({
  deadLetterDir: join(root, `letters-${runs}`),
  onTrouble: (message) => said.push(message),
  onDeadLetters: (message) => putAside.push(message),
  backoff: { firstMs: 2, mostMs: 20 },
  maxAgeMs: 10,
  calmMs: 0,
  ...more,
});

/** A writer of a run of its own, so that no test sees another's rows. */
async function begin(more: Partial<LiveOptions> = {}, requestTimeoutMs = 30_000): Promise<void> {
  store = await openLiveStore({ url: front.url, requestTimeoutMs }, options(more));
  await store.writer.beginRun({ ...RUN, runId });
}

/** Rows as they lie there, counted without removing duplicates, and as readers see them. */
async function stored(): Promise<Record<string, [raw: number, shown: number]>> {
  const counts: Record<string, [number, number]> = {};
  for (const name of DATA) {
    const query = `SELECT (SELECT count() FROM ${name}_data WHERE run_id = '${runId}') AS raw, (SELECT count() FROM ${name}_all WHERE run_id = '${runId}') AS shown`;
    const answer = await behind.reader.query({ query, format: 'JSONEachRow' });
    const [row] = await answer.json<{ raw: number; shown: number }>();
    counts[name] = [Number(row?.raw), Number(row?.shown)];
  }
  return counts;
}

const each = (count: number): Record<string, [number, number]> =>
  Object.fromEntries(DATA.map((name) => [name, [count, count]]));

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(2);
}

describe('a store that fails', () => {
  test.each([1, 2, 3])(
    'half of the inserts, and says of a third that it did not what it did: each row stands once (seed %i)',
    async (seed) => {
      await begin();
      await front.setFaults({ errorShare: 0.5, ambiguousShare: 0.35, seed });
      const before = front.counts;
      for (let from = 0; from < 200; from += 10) {
        await writeEach(store.writer, from, from + 10);
        if (from % 30 === 0) await store.writer.flush();
      }
      await store.writer.flush();
      expect(await stored()).toEqual(each(200));
      expect(front.counts.errors).toBeGreaterThan(before.errors + 10);
      expect(front.counts.ambiguous).toBeGreaterThan(before.ambiguous + 5);
      expect(store.writer.stats).toMatchObject({
        rowsWritten: 1400,
        deadLetteredRows: 0,
        bufferedRows: 0,
        bufferedBytes: 0,
      });
      expect(store.writer.stats.retries).toBeGreaterThan(15);
    },
  );

  test('away: writing goes on, trouble is said once and its end once, and nothing is lost or twice', async () => {
    await begin();
    await writeEach(store.writer, 0, 10);
    await front.setFaults({ away: true });
    for (let from = 10; from < 500; from += 10) await writeEach(store.writer, from, from + 10);
    await until(() => store.writer.stats.retries > 5);
    const { isInTrouble, bufferedRows, oldestBufferedAgeMs } = store.writer.stats;
    expect([isInTrouble, bufferedRows >= 7 * 490, oldestBufferedAgeMs > 0]).toEqual([true, true, true]);
    expect(said).toEqual([
      expect.stringMatching(/^the store in 127\.0\.0\.1:\d+ does not take rows \(.*(ECONN|hang up).*\): they wait/),
    ]);
    await front.setFaults({ away: false });
    await store.writer.flush();
    expect(await stored()).toEqual(each(500));
    expect(said).toEqual([said[0], expect.stringMatching(/takes rows again, after \d+ s/)]);
    expect(store.writer.stats).toMatchObject({ isInTrouble: false, oldestBufferedAgeMs: 0, bufferedBytes: 0 });
  });

  test('takes requests and answers none: they time out and are sent again', async () => {
    await begin({}, 150);
    await front.setFaults({ hang: true });
    await writeEach(store.writer, 0, 20);
    await until(() => store.writer.stats.retries >= 2);
    await front.setFaults({ hang: false });
    await store.close(); // flushes
    expect(await stored()).toEqual(each(20));
  });

  test('away with the buffer full: writing waits, goes on when there is room, and memory keeps its bound', async () => {
    const maxBufferedBytes = 100_000;
    await begin({ maxBufferedBytes });
    await front.setFaults({ away: true });
    let written = 0;
    const writing = (async () => {
      for (; written < 400; written += 10) await writeEach(store.writer, written, written + 10);
    })();
    await until(() => store.writer.stats.bufferedBytes >= maxBufferedBytes);
    const before = written;
    await until(() => store.writer.stats.retries > 10);
    expect(written).toBe(before);
    expect(store.writer.stats.bufferedBytes).toBeLessThan(maxBufferedBytes + 2_000); // a row over it
    await front.setFaults({ away: false });
    await writing;
    await store.writer.flush();
    expect(await stored()).toEqual(each(400));
  });

  test('away at the deadline of close: it says how many rows are not stored, and who waits is told', async () => {
    await begin();
    await front.setFaults({ away: true });
    await store.writer.writeMinutes([minuteRow(0), minuteRow(1)]);
    const flushing = store.writer.flush().catch((error: unknown) => error);
    await expect(store.writer.close({ deadlineMs: 20 })).rejects.toMatchObject({
      code: 'STORE_FAILED',
      message: expect.stringMatching(/^2 rows are not stored in 127\.0\.0\.1:\d+: /),
    });
    expect(await flushing).toMatchObject({ code: 'STORE_FAILED' });
    await expect(store.writer.writeMinutes([minuteRow(2)])).rejects.toMatchObject({ code: 'STORE_FAILED' });
  });

  test('away when it is opened: it is waited for, unless that is called off', async () => {
    await begin();
    await front.setFaults({ away: true });
    const stop = new AbortController();
    const givenUp = openLiveStore({ url: front.url }, { ...options(), signal: stop.signal });
    const waiting = openLiveStore({ url: front.url }, options());
    await until(() => said.length === 2);
    stop.abort();
    await expect(givenUp).rejects.toMatchObject({ name: 'AbortError' });
    await front.setFaults({ away: false });
    await (await waiting).close();
    expect(said.at(-1)).toBe('the store answers');
  });

  test('a table that is not there yet is waited for; nothing is put aside', async () => {
    await begin();
    await behind.writer.command({ query: 'RENAME TABLE scores_data TO scores_elsewhere' });
    await store.writer.writeScores([scoreRow(0)]);
    await until(() => store.writer.stats.retries > 8);
    await behind.writer.command({ query: 'RENAME TABLE scores_elsewhere TO scores_data' });
    await store.writer.flush();
    expect((await stored())['scores']).toEqual([1, 1]);
    expect(store.writer.stats.deadLetteredRows).toBe(0);
  });
});

describe('rows that the store will never take', () => {
  test('are kept as text beside their reason, and all others are stored', async () => {
    await begin();
    const good = Array.from({ length: 100 }, (_, i) => scoreRow(i));
    const bad = [
      { ...scoreRow(7), horizonMin: -5 },
      { ...scoreRow(8), horizonMin: -7 },
    ];
    await store.writer.writeScores([...good.slice(0, 40), bad[0]!, ...good.slice(40), bad[1]!]);
    await store.writer.writeMinutes([minuteRow(0)]);
    await store.writer.flush();
    expect(await stored()).toMatchObject({ scores: [100, 100], function_minutes: [1, 1] });
    expect(store.writer.stats).toMatchObject({ deadLetteredRows: 2, rowsWritten: 101, bufferedRows: 0 });
    const dir = join(root, `letters-${runs}`);
    const [file = ''] = readdirSync(dir);
    const letters = readFileSync(join(dir, file), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(letters.map(({ table, rows: text }) => [table, String(text).split('\t')[4]])).toEqual([
      ['scores_data', '-5'],
      ['scores_data', '-7'],
    ]);
    expect(putAside).toEqual([
      expect.stringContaining(`kept in ${join(dir, file)}`),
      expect.stringContaining('scores_data refuses a row'),
    ]);
    expect(said).toEqual([]);
  });

  test('wait while they cannot be kept either', async () => {
    await begin({ deadLetterDir: join('/dev/null', 'letters') });
    await store.writer.writeScores([scoreRow(0), { ...scoreRow(1), horizonMin: -1 }]);
    await until(() => store.writer.stats.retries > 3);
    expect(store.writer.stats).toMatchObject({ deadLetteredRows: 0, bufferedRows: 2 });
    await expect(store.writer.close({ deadlineMs: 0 })).rejects.toMatchObject({ code: 'STORE_FAILED' });
  });
});

describe('many writers', () => {
  test('begin the same run at once: its rows stay, it is the current one, and begun again nothing is written about that', async () => {
    runId = LIVE_RUN_ID;
    expect(LIVE_RUN_ID).toMatch(/^[0-9a-f]{16}$/);
    await begin();
    await writeEach(store.writer, 0, 5);
    await store.writer.flush();
    const others = await Promise.all([0, 1, 2].map(() => openLiveStore({ url: front.url }, options())));
    await Promise.all(others.map(({ writer }) => writer.beginRun({ ...RUN, runId })));
    await Promise.all(others.map(({ writer }, i) => writer.writeMinutes([minuteRow(5 + i)])));
    await Promise.all(others.map((other) => other.close()));
    expect(await stored()).toMatchObject({ ...each(5), function_minutes: [8, 8] });
    expect(await rows(store, 'SELECT run_id, status FROM runs WHERE is_current')).toEqual([
      { run_id: runId, status: 'running' },
    ]);
    expect(await rows(store, `SELECT count() AS n FROM current_run_data WHERE run_id = '${runId}'`)).toEqual([
      { n: 1 },
    ]);
  });

  test('a batch that another process has sent already counts once, even before duplicates are removed', async () => {
    await begin();
    await writeEach(store.writer, 0, 5);
    await store.close();
    await begin();
    await writeEach(store.writer, 0, 5);
    await store.writer.flush();
    const counts = await stored();
    for (const name of ['functions', 'coverage']) delete counts[name]; // what may go back to an earlier state is sent again
    expect(counts).toEqual(Object.fromEntries(Object.keys(counts).map((name) => [name, [5, 5]])));
  });

  test('what goes back to an earlier state is seen to', async () => {
    await begin();
    for (const state of ['covered', 'blind', 'covered'] as const) {
      await store.writer.writeCoverage([{ ...coverageRow(0), state }]);
      await store.writer.flush();
    }
    expect(await rows(store, 'SELECT state FROM coverage')).toEqual([{ state: 'covered' }]);
  });

  test('a replay begun beside them and begun again is shown, not taken for a repetition', async () => {
    await begin();
    const replay = await openStore({ url: front.url });
    for (const id of ['aaa1', 'aaa2', 'aaa1']) {
      await replay.writer.beginRun({ ...RUN, runId: id });
      await replay.writer.writeMinutes([minuteRow(0)]);
      await replay.writer.flush();
      expect(await rows(replay, 'SELECT run_id FROM current_run')).toEqual([{ run_id: id }]);
      expect(await rows(replay, 'SELECT count() AS n FROM function_minutes')).toEqual([{ n: 1 }]);
    }
    await replay.close();
  });
});
