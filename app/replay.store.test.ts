import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { openStore } from '../infra/store.ts';
import { generateFleet } from '../scenarios/fleet.ts';
import { file, folder, LOG, tripline } from '../test/captured-run.ts';

const TABLES = [
  'invocations',
  'function_minutes',
  'scores',
  'alert_events',
  'alerts',
  'functions',
  'coverage',
  'rejects',
  'runs',
];
const FLEET = {
  functions: 6,
  days: 1,
  warmupDays: 0.5,
  invocations: 15_000,
  startMs: Date.UTC(2026, 10, 16),
  incidents: 3,
};
const lines = (seed: number) => [...generateFleet({ seed, ...FLEET }).lines()];

/** Count and a digest of every table, by a plain SELECT. */
async function contentOf(dir: string): Promise<Record<string, unknown>> {
  const store = await openStore({ dir });
  const content: Record<string, unknown> = {};
  try {
    for (const table of TABLES) {
      const answer = await store.query(
        `SELECT count() AS n, groupBitXor(cityHash64(toString(tuple(*)))) AS digest FROM ${table}`,
        'json',
      );
      content[table] = JSON.parse(Buffer.concat(await answer.toArray()).toString());
    }
  } finally {
    await store.close();
  }
  return content;
}

const run = (dir: string, ...args: string[]) => tripline(['replay', ...args, '--store', dir, '--invocations', 'all']);

test('a second run leaves every table as the first did, and another config gets a run of its own', async () => {
  const dir = folder();
  const half = file('a.ndjson', `${LOG}{"messageType":"DATA_MESSAGE"`);
  const first = await run(dir, half);
  expect(first.code).toBe(0);
  const before = await contentOf(dir);
  expect(before).toMatchObject({ runs: { n: 1 }, rejects: { n: 1 }, functions: { n: 4 } });
  expect((await run(dir, half)).out).toBe(first.out);
  expect(await contentOf(dir)).toEqual(before);
  const config = file('c.yaml', 'detection: { bar: 7 }\n');
  expect((await run(dir, half, '--config', config)).code).toBe(0);
  expect(await contentOf(dir)).toMatchObject({ runs: { n: 2 }, functions: { n: 4 } });
}, 60_000);

/** Starts a replay, kills it once it has said so many alerts (0 = once it reads), and returns the signal it ended by. */
async function killed(dir: string, log: string, afterAlerts: number): Promise<string | null> {
  const args = ['--import', 'tsx', 'app/main.ts', 'replay', log, '--store', dir, '--invocations', 'all', '--json'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let alerts = 0;
  child.stderr.on('data', () => afterAlerts === 0 && child.kill('SIGKILL'));
  child.stdout.on('data', (data) => {
    alerts += String(data).split('\n').length - 1;
    if (alerts >= afterAlerts) child.kill('SIGKILL');
  });
  await once(child, 'exit');
  return child.signalCode;
}

test('replays that were killed leave nothing behind that a whole one does not', async () => {
  const log = file('a.ndjson', lines(2).join('\n'));
  const whole = folder();
  expect((await run(whole, log)).code).toBe(0);
  const dir = folder();
  for (const afterAlerts of [0, 1, 4]) expect(await killed(dir, log, afterAlerts)).toBe('SIGKILL');
  expect((await run(dir, log)).code).toBe(0);
  expect(await contentOf(dir)).toEqual(await contentOf(whole));
}, 120_000);

describe('--continue', () => {
  test('goes on as if there had been one input', async () => {
    const all = lines(3);
    const cut = Math.floor(all.length / 2);
    const [one, two, both] = [all.slice(0, cut), all.slice(cut), all].map((part) => file('a.ndjson', part.join('\n')));
    const whole = folder();
    expect((await run(whole, both!)).code).toBe(0);
    const dir = folder();
    expect((await run(dir, one!)).code).toBe(0);
    expect((await run(dir, two!, '--continue')).code).toBe(0);
    const [inParts, atOnce] = [await contentOf(dir), await contentOf(whole)];
    const { runs: _one, ...partsRows } = inParts;
    const { runs: _other, ...wholeRows } = atOnce;
    expect(partsRows).toEqual(wholeRows);
    expect(inParts.runs).toMatchObject({ n: 1 });
  }, 60_000);

  test('needs a state, and the settings it was learnt with', async () => {
    const dir = folder();
    const log = file('a', LOG);
    expect(await run(dir, log, '--continue')).toMatchObject({
      code: 1,
      err: expect.stringContaining('nothing to continue in'),
    });
    expect((await run(dir, log)).code).toBe(0);
    const config = file('c.yaml', 'detection: { bar: 7 }\n');
    const other = await run(dir, log, '--continue', '--config', config);
    expect(other).toMatchObject({ code: 2, err: expect.stringContaining('was learnt with other settings') });
  }, 60_000);
});

test('what is kept is for its owner alone, and nothing temporary stays', async () => {
  const dir = join(folder(), 'store');
  writeFileSync(join(dir, '..', 'a'), LOG);
  expect((await run(dir, join(dir, '..', 'a'), '--memory', '1')).code).toBe(0);
  const open = readdirSync(dir, { recursive: true })
    .map((name) => join(dir, String(name)))
    .filter((path) => (statSync(path).mode & 0o077) !== 0);
  expect(open).toEqual([]);
  expect(readdirSync(dir, { recursive: true }).filter((name) => String(name).endsWith('.tmp'))).toEqual([]);
}, 60_000);

test('where the store cannot be opened the message says why, and nothing is read', async () => {
  const blocked = file('store', 'a file, not a folder');
  const { code, err } = await run(blocked, file('a', LOG));
  expect(code).toBe(1);
  expect(err).toMatch(/error: cannot use \S+store as a store: /);
});
