import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Command } from 'commander';
import { openStore } from '../../infra/store.ts';
import { alertEvent, coverageRow, functionRow, RUN, rejectRow, writeRun } from '../../infra/store-samples.fixture.ts';
import type { Io } from '../io.ts';
import { budgetCommand } from './budget.ts';
import { coverageCommand } from './coverage.ts';
import { functionsCommand } from './functions.ts';
import { queryCommand } from './query.ts';

const HOSTILE = '=1+1\u001b[31m"<!channel>"\n\u2028\u202e';
let dir = '';

async function run(make: (io: Io) => Command, ...args: string[]): Promise<{ out: string; err: string }> {
  const said = { out: '', err: '' };
  const collect = (to: keyof typeof said) => ({
    isTTY: false,
    write: async (text: string) => {
      said[to] += text;
    },
  });
  const io: Io = {
    stdin: (async function* () {})(),
    stdout: collect('out'),
    stderr: collect('err'),
    env: {},
    nowMs: () => 0,
    onInterrupt: () => () => undefined,
  };
  await make(io)
    .exitOverride()
    .parseAsync([...args, '--store', dir], { from: 'user' });
  return said;
}

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'tripline-test-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

test('without a store each command says how to get one', async () => {
  for (const command of [queryCommand, functionsCommand, coverageCommand, budgetCommand]) {
    const asked = run(command, ...(command === queryCommand ? ['SELECT 1'] : []));
    await expect(asked).rejects.toMatchObject({
      code: 'STORE_MISSING',
      message: expect.stringMatching(/no store in .*tripline replay FILE/),
    });
  }
});

test('an empty store is not an error', async () => {
  await (await openStore({ dir })).close();
  expect((await run(functionsCommand)).out).toMatch(/^no functions yet/);
  expect((await run(coverageCommand)).out).toMatch(/^nothing is known yet/);
  expect((await run(budgetCommand)).out).toBe('no budget is known yet: fill the store with `tripline replay FILE`\n');
  expect((await run(budgetCommand, '--json')).out).toBe('');
  expect(await run(queryCommand, 'SELECT alert_id FROM alerts')).toEqual({ out: '', err: '0 rows\n' });
});

describe('of a filled store', () => {
  beforeAll(async () => {
    const store = await openStore({ dir });
    await writeRun(store, 200);
    await store.writer.writeRejects([{ ...rejectRow(5000), excerpt: HOSTILE, reason: HOSTILE }]);
    await store.writer.writeFunctions([{ ...functionRow(0), learntWindows: 60, fn: 'aws/-/-/ready' }]);
    await store.writer.writeCoverage([
      { ...coverageRow(1), fn: 'aws/1/eu-west-1/twin' },
      { ...coverageRow(1), fn: 'aws/2/eu-west-1/twin' },
    ]);
    await store.close();
  });

  test('a query is a table, JSON lines or CSV', async () => {
    const sql =
      'SELECT faas_name, invocations, cloud_account_id FROM functions ORDER BY invocations, faas_name LIMIT 2';
    expect((await run(queryCommand, sql)).out).toBe(
      [
        'faas_name  invocations  cloud_account_id',
        '─────────  ───────────  ────────────────',
        'ready              100  -',
        'service-0          100  123456789012',
        '',
      ].join('\n'),
    );
    expect((await run(queryCommand, sql, '--json')).out).toBe(
      '{"faas_name":"ready","invocations":100,"cloud_account_id":null}\n{"faas_name":"service-0","invocations":100,"cloud_account_id":"123456789012"}\n',
    );
    expect((await run(queryCommand, sql, '--csv')).out).toBe(
      'faas_name,invocations,cloud_account_id\r\nready,100,\r\nservice-0,100,123456789012\r\n',
    );
  });

  test('hostile text does nothing in any output', async () => {
    const sql = 'SELECT excerpt, toInt32(-5) AS n FROM rejects WHERE offset = 500000';
    expect((await run(queryCommand, sql)).out.split('\n')[2]).toBe('=1+1\\x1b[31m"<!channel>"\\n\\u2028\\u202e  -5');
    const json = (await run(queryCommand, sql, '--json')).out;
    expect(json).toMatch(/^[ -~]+\n$/);
    expect(JSON.parse(json)).toEqual({ excerpt: HOSTILE, n: -5 });
    expect((await run(queryCommand, sql, '--csv')).out).toBe(
      'excerpt,n\r\n"\'=1+1\\x1b[31m""<!channel>""\n\\u2028\\u202e",-5\r\n',
    );
  });

  test('large whole numbers keep their digits', async () => {
    expect((await run(queryCommand, 'SELECT toUInt64(18446744073709551615) AS n', '--csv')).out).toBe(
      'n\r\n18446744073709551615\r\n',
    );
    expect((await run(queryCommand, 'SELECT toUInt64(18446744073709551615) AS n', '--json')).out).toBe(
      '{"n":18446744073709551615}\n',
    );
  });

  test('rows beyond the first block come out too', async () => {
    expect((await run(queryCommand, 'SELECT number FROM numbers(2500)', '--json')).out.split('\n')).toHaveLength(2501);
    expect((await run(queryCommand, 'SELECT number FROM numbers(2500)')).out.split('\n')).toHaveLength(2503);
  });

  test.each([
    { sql: 'SELECT * FROM alertz', says: /alertz/ },
    { sql: 'DELETE FROM alerts', says: /DELETE is not allowed/ },
  ])('$sql is bad usage, said in one line', async ({ sql, says }) => {
    await expect(run(queryCommand, sql)).rejects.toMatchObject({
      code: 'BAD_QUERY',
      message: expect.stringMatching(says),
    });
  });

  test('--json and --csv exclude each other', async () => {
    await expect(run(queryCommand, 'SELECT 1', '--json', '--csv')).rejects.toMatchObject({ code: 'BAD_USAGE' });
  });

  test('functions --timeouts reads the tail off the stored minutes', async () => {
    const lines = (await run(functionsCommand, '--timeouts', '--json')).out.trimEnd().split('\n');
    const [first] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(first).toMatchObject({ faas_name: 'service-0', timeout_ms: null, suggested_timeout_ms: null, days: 1 });
    expect(first?.reason).toMatch(/too few calls: \d+ of 2,995/);
    // buckets 100, 104 and 110, of which half of the calls are in the first
    expect(first?.duration_p50_ms).toBeCloseTo(2 ** (101 / 8) / 1000, 2);
    const table = (await run(functionsCommand, '--timeouts')).out;
    expect(table).toMatch(/^function +limit +p50 +p99 +p99\.9 +max +suggested +hung call +why +evidence/);
  });

  test('functions tells what was learnt of each', async () => {
    const { out } = await run(functionsCommand);
    const lines = out.split('\n').map((line) => line.split(/ {2,}/));
    expect(lines[0]).toEqual(['function', 'where', 'first seen (UTC)', 'last seen (UTC)', 'invocations', 'history']);
    expect(lines[2]).toEqual(['ready', 'aws', '2026-01-05 00:00', '2026-01-05 01:00', '100', 'learnt 60 windows']);
    expect(lines[3]).toEqual([
      'service-0',
      'aws 123456789012 eu-west-1',
      '2026-01-05 00:00',
      '2026-01-05 01:00',
      '100',
      'learnt 12 of 60 windows',
    ]);
    expect(out).toMatch(/\n41 functions, 1 with enough history of their own\n$/);
    const [first] = (await run(functionsCommand, '--json')).out.split('\n');
    expect(JSON.parse(first as string)).toMatchObject({ faas_name: 'ready', learnt_windows: 60, warmup_windows: 60 });
  });

  test('coverage sums up, then lists function by threat; functions of one name are told apart', async () => {
    const { out } = await run(coverageCommand);
    const lines = out.split('\n').map((line) => line.split(/ {2,}/));
    expect(lines[0]).toEqual(['42 functions, 3 threats that logs could show: 14 covered, 0 weak, 28 blind']);
    expect(lines[4]).toEqual(['T1 denial of wallet', '14', '0', '0']);
    expect(lines[5]).toEqual(['T2 denial of wallet', '0', '0', '15', 'no egress field']);
    expect(out).toContain('aws/1/eu-west-1/twin  T2 denial of wallet  blind');
  });

  test.each([
    { pattern: 'service-3', functions: 1 },
    { pattern: 'service-3?', functions: 10 },
    { pattern: '*-3*', functions: 11 },
    { pattern: 'aws/2/*', functions: 1 },
  ])('coverage of $pattern is of $functions functions', async ({ pattern, functions }) => {
    const { out } = await run(coverageCommand, '--function', pattern, '--json');
    expect(
      new Set(
        out
          .trim()
          .split('\n')
          .map((line) => (JSON.parse(line) as { fn: string }).fn),
      ).size,
    ).toBe(functions);
  });

  test.each(['service_3', 'nothing%', "x' OR '1'='1"])(
    'a pattern that matches nothing is an error: %s',
    async (pattern) => {
      await expect(run(coverageCommand, '--function', pattern)).rejects.toMatchObject({
        message: expect.stringContaining('no function matches'),
      });
    },
  );

  test('a budget is known once a run with one has ended', async () => {
    expect((await run(budgetCommand)).out).toMatch(/^no budget is known: the run has not ended yet/);
    const store = await openStore({ dir });
    await store.writer.beginRun({ ...RUN, resume: true });
    const judged = { owner: 'shop', page: false, page_reason: `held for the digest: ${HOSTILE}` };
    const paging = { rank_score: 0.5 } as never;
    const told = { ...alertEvent(7, 'opened', 1), ...judged };
    await store.writer.writeAlertEvents([
      { ...told, evidence: { ...told.evidence, paging } },
      { ...alertEvent(8, 'opened', 1), owner: 'shop', page: false, page_reason: 'held for the digest: small' },
      { ...alertEvent(8, 'updated', 2), owner: 'shop', page: true, page_reason: 'rank 1 of 2' },
      {
        ...alertEvent(8, 'resolved', 3),
        owner: 'shop',
        page: true,
        page_reason: 'paged at 2026-01-05 00:02 UTC: rank 1 of 2',
      },
      { ...alertEvent(9, 'opened', 1), severity: 'info', owner: 'shop', page: false },
    ]);
    const pages = { pages_per_week: 2, as_of: '2026-01-05T01:00:00.000Z', paged_in_7_days: 1, next_page_at: null };
    await store.writer.finishRun('done', {
      pages: [
        { ...pages, owner: null, paged: 0, held: 1, left: 2 },
        { ...pages, owner: 'shop', paged: 1, held: 1, left: -1, next_page_at: '2026-01-09T00:00:00.000Z' },
      ],
    });
    await store.close();
    const { out } = await run(budgetCommand);
    expect(out).toContain('Page budget as of 2026-01-05 01:00:00Z');
    expect(out).toMatch(/^all others +2 +1 +2 +now +0 +1$/m);
    expect(out).toMatch(/^shop +2 +1 +1 overdrawn +2026-01-09 00:00:00Z +1 +1$/m);
    expect(out).toMatch(/^Paged: 1 alert\n.*\n.*\na8 +2026-01-05 00:02 +error +service-8 +errors +rank 1 of 2$/m);
    expect(out).toMatch(/^For the digest: 2 alerts\n.*\n.*\na7 /m); // by rank
    expect(out).not.toContain('a9');
    expect(out).not.toContain('\u001b');
    const [others, shop] = (await run(budgetCommand, '--json')).out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(others).toMatchObject({ owner: null, pages: [], digest: [{ alert_id: 'a0' }] });
    expect(shop).toMatchObject({
      owner: 'shop',
      pages: [{ alert_id: 'a8', paged_at: '2026-01-05T00:02:00Z' }],
      digest: [{ alert_id: 'a7', rank_score: 0.5 }],
    });
  });

  test('all of it works while another process holds the store', async () => {
    const holder = spawn(process.execPath, ['--import', 'tsx', 'infra/store-child.fixture.ts', dir, 'hold']);
    for await (const line of createInterface({ input: holder.stdout })) if (line === 'open') break;
    const held = [
      await run(functionsCommand),
      await run(coverageCommand),
      await run(queryCommand, 'SELECT * FROM rejects ORDER BY offset', '--json'),
    ];
    await expect(run(queryCommand, 'SELECT * FROM alertz')).rejects.toMatchObject({ code: 'BAD_QUERY' });
    holder.stdin.end();
    await once(holder, 'exit');
    const free = [
      await run(functionsCommand),
      await run(coverageCommand),
      await run(queryCommand, 'SELECT * FROM rejects ORDER BY offset', '--json'),
    ];
    expect(held).toEqual(free);
  });

  test('another run has its own tables; the old one stays to be asked', async () => {
    const store = await openStore({ dir });
    await store.writer.beginRun({ ...RUN, runId: 'abc' });
    await store.writer.finishRun('done', {});
    await store.close();
    expect((await run(queryCommand, 'SELECT count() AS n FROM functions', '--json')).out).toBe('{"n":0}\n');
    expect(
      (await run(queryCommand, `SELECT count() AS n FROM functions_all WHERE run_id = '${RUN.runId}'`, '--json')).out,
    ).toBe('{"n":41}\n');
  });
});
