import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openStore, type Store } from './store.ts';
import { PLACES, type Place } from './store-places.fixture.ts';
import { coverageRow, functionRow, minuteRow, RUN, rejectRow, rows, scoreRow } from './store-samples.fixture.ts';

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

  test('hostile text comes back as it was', async () => {
    await begin();
    const nasty = [
      "'; DROP TABLE runs_data; --",
      'a\tb\nc\r\\N\0\b\f',
      '\u001b[31mred\u009b0m',
      '<!channel> =cmd()',
      '{x:String}',
      '\\',
      "\\'",
      '__proto__',
      '💥\u202e',
      ';\n\n',
      `${'x'.repeat(1 << 20)}`,
    ];
    await store.writer.writeRejects(
      nasty.map((excerpt, i) => ({ ...rejectRow(i), origin: excerpt.slice(0, 100), excerpt })),
    );
    await store.writer.writeCoverage([{ ...coverageRow(0), reason: nasty.join('|') }]);
    await store.writer.writeFunctions([{ ...functionRow(0), fields: nasty }]);
    await store.writer.flush();
    const excerpts = (await rows(store, 'SELECT excerpt FROM rejects ORDER BY offset')) as { excerpt: string }[];
    expect(excerpts.map((row) => row.excerpt)).toEqual(nasty);
    expect(await rows(store, 'SELECT fields FROM functions')).toEqual([{ fields: nasty }]);
    expect(await rows(store, 'SELECT reason FROM coverage')).toEqual([{ reason: nasty.join('|') }]);
    expect(await rows(store, 'SELECT {text:String} AS text', { text: nasty[1] as string })).toEqual([
      { text: nasty[1] },
    ]);
  });

  test('numbers come back exactly, extremes too', async () => {
    await begin();
    const values = [0, -0.1, 1 / 3, 5e-324, 1.7976931348623157e308, Number.MAX_SAFE_INTEGER, 1e21, -1e-300];
    await store.writer.writeScores(values.map((observed, i) => ({ ...scoreRow(i), observed })));
    await store.writer.writeMinutes([{ ...minuteRow(0), costPicoUsd: 2 ** 53 - 1, invocations: -3, errors: 0 }]);
    await store.writer.flush();
    const stored = (await rows(store, 'SELECT observed FROM scores ORDER BY minute')) as { observed: number }[];
    expect(stored.map((row) => row.observed)).toEqual(values);
    expect(await rows(store, 'SELECT invocations, cost_usd FROM function_minutes')).toEqual([
      { invocations: -3, cost_usd: (2 ** 53 - 1) / 1e12 },
    ]);
  });

  test.each([
    { name: 'an unknown table', sql: 'SELECT * FROM no_such_table', says: /unknown table.*no_such_table/i },
    { name: 'broken syntax', sql: 'SELECT FROM WHERE', says: /syntax error/i },
    { name: 'a write', sql: 'INSERT INTO runs_data (run_id) VALUES (1)', says: /INSERT is not allowed/ },
    { name: 'a write behind a reading word', sql: 'EXPLAIN SELECT 1; DROP TABLE runs_data', says: /one statement/ },
    { name: 'lifting its own limits', sql: 'SELECT 1 SETTINGS readonly = 0', says: /readonly/ },
    {
      name: 'an answer too large',
      sql: 'SELECT repeat(toString(number), 200) FROM numbers(200000)',
      says: /Ask for less/,
    },
    { name: 'a file', sql: "SELECT * FROM file('/etc/passwd', 'LineAsString')", says: /file\(\) is not allowed/ },
  ])('a query is refused in one line: $name', async ({ sql, says }) => {
    const error = await store.query(sql, 'json').catch((refusal: unknown) => refusal);
    expect(error).toMatchObject({ code: 'BAD_QUERY', message: expect.stringMatching(says) });
    expect((error as Error).message).not.toContain('\n');
  });

  test('a query that fails half way leaves nothing in the answer to the next, nor to one asked at the same time', async () => {
    const fails = () =>
      expect(rows(store, "SELECT throwIf(number > 500000, 'boom') FROM numbers(1000000)")).rejects.toThrow('boom');
    await fails();
    expect(await rows(store, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    const both = await Promise.all([
      fails(),
      rows(store, 'SELECT 2 AS two'),
      fails(),
      rows(store, 'SELECT 3 AS three'),
    ]);
    expect(both.filter((answer) => answer !== undefined)).toEqual([[{ two: 2 }], [{ three: 3 }]]);
  });

  test('the read-only session refuses a write even where the words would pass', async () => {
    await begin();
    await expect(store.query('WITH 1 AS x INSERT INTO runs_data (run_id) SELECT x', 'json')).rejects.toMatchObject({
      code: 'BAD_QUERY',
    });
    await store.writer.writeMinutes([minuteRow(0)]); // and the writer still writes
    await store.writer.flush();
    expect(await count('function_minutes')).toEqual({ n: 1 });
  });
});
