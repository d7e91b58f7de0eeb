import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createHealth } from '../../infra/health.ts';
import { createLog } from '../../infra/log.ts';
import { createMetrics } from '../../infra/metrics.ts';
import type { Topics } from '../../infra/topics.ts';
import { createMemoryTopics } from '../../infra/topics-local.ts';
import { LogsEmulator } from '../../test/cloudwatch/emulator.ts';
import { EmulatorServer } from '../../test/cloudwatch/emulator-server.ts';
import { NO_PROXY_FAULTS } from '../../test/cloudwatch/fault-plan.ts';
import { FaultProxy } from '../../test/cloudwatch/fault-proxy.ts';
import { decodeFragments } from '../../test/cloudwatch/fragments.ts';
import { parseConfig } from '../config.ts';
import { isCloudWatchSource } from '../config-sources.ts';
import type { Io } from '../io.ts';
import type { RoleContext } from './context.ts';
import { DeadLetterBox } from './dead-letters.ts';
import { CloudWatchIngest } from './ingest-cloudwatch.ts';
import { decodeAlertRecord } from './messages.ts';
import { NO_ROWS } from './open-rows.ts';

const silent = { isTTY: false, write: async () => {} };
const io: Io = {
  stdin: (async function* () {})(),
  stdout: silent,
  stderr: silent,
  env: {},
  nowMs: () => 0,
  onInterrupt: () => () => {},
};

let dir = '';
let emulator: LogsEmulator;
let server: EmulatorServer;
let endpoint = '';
/** how far the wall clock of this machine is from the truth */
let setByMs = 0;
let topics: Topics;
const KEYS = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
const before = { ...process.env };

beforeEach(async () => {
  Object.assign(process.env, KEYS);
  setByMs = 0;
  dir = mkdtempSync(join(tmpdir(), 'cloudwatch-'));
  emulator = new LogsEmulator(Date.now, Math.random);
  server = new EmulatorServer(emulator);
  endpoint = await server.listen();
  topics = createMemoryTopics(2);
});
afterEach(async () => {
  process.env = { ...before };
  await topics.close();
  await server.close();
  rmSync(dir, { recursive: true, force: true });
});

function contextOf(signal: AbortSignal, more = ''): RoleContext {
  const source = `{regions: eu-central-1, endpoint: '${endpoint}', fastestMs: 100, refreshMs: 1000, requestsPerSecond: 200, share: 1${more}}`;
  return {
    config: parseConfig(`state: ${dir}/state\nsources: [{cloudwatch: ${source}}]\nlive: {flushMs: 20}`, 'c.yaml'),
    model: null,
    topics,
    stateDir: `${dir}/state`,
    rows: NO_ROWS,
    hasStore: false,
    deadLetters: new DeadLetterBox(topics.rejects),
    log: createLog({ level: 'error', to: { isTerminal: false, write: () => {} } }),
    metrics: createMetrics(),
    health: createHealth(),
    io,
    signal,
    nowMs: () => Date.now() + setByMs,
    elapsedMs: () => performance.now(),
  };
}

/** Runs the role until `isDone`, then ends it in order. */
async function poll(isDone: () => boolean | Promise<boolean>, more = ''): Promise<RoleContext> {
  const stop = new AbortController();
  const context = contextOf(stop.signal, more);
  const sources = context.config.live.sources.filter(isCloudWatchSource).map(({ cloudwatch }) => cloudwatch);
  const running = new CloudWatchIngest(context, sources).run();
  try {
    while (!(await isDone())) {
      await Promise.race([running, new Promise((resolve) => setTimeout(resolve, 20))]);
    }
  } finally {
    stop.abort();
    await running;
  }
  return context;
}

const report = (id: number) =>
  `REPORT RequestId: 00000000-0000-4000-8000-${String(id).padStart(12, '0')}\tDuration: 12.00 ms\tBilled Duration: 13 ms\tMemory Size: 128 MB\tMax Memory Used: 64 MB\t\n`;

function say(name: string, from: number, to: number, ageMs: number): void {
  for (let id = from; id < to; id++)
    emulator.put(name, '2026/11/23/[$LATEST]0123456789abcdef', Date.now() - ageMs - (to - id), report(id));
}

/** What the desk is told, ever. */
async function commands(): Promise<unknown[]> {
  const stop = new AbortController();
  for await (const { records } of topics.alerts.subscribe('test', { signal: stop.signal })) {
    return records.map((record) => decodeAlertRecord(record));
  }
  return [];
}

test('history first, then what comes, each once, over a restart; time goes on', async () => {
  emulator.createGroup('/aws/lambda/pay');
  emulator.createGroup('/aws/lambda/ship');
  emulator.createGroup('/ecs/other');
  say('/aws/lambda/pay', 0, 50, 30 * 60_000);
  say('/ecs/other', 900, 910, 30 * 60_000);
  const read = decodeFragments(topics);
  await poll(async () => (await read()).reports.length >= 50);
  say('/aws/lambda/pay', 50, 60, 5_000);
  say('/aws/lambda/ship', 60, 70, 5_000);
  await poll(async () => (await read()).reports.length >= 70);
  say('/aws/lambda/pay', 70, 80, 1_000);
  const startMs = Date.now();
  await poll(async () => (await read()).reports.length >= 80 && (await read()).lastTickMs > startMs - 20_000);
  const { reports } = await read();
  expect(reports).toHaveLength(80);
  expect(new Set(reports.map(({ id }) => id)).size).toBe(80);
  expect(new Set(reports.map(({ fn }) => fn))).toEqual(
    new Set(['aws/123456789012/eu-central-1/pay', 'aws/123456789012/eu-central-1/ship']),
  );
  expect(await commands()).toEqual([
    { command: { id: expect.any(String), kind: 'history', untilMs: expect.any(Number) } },
  ]);
});

test('what may not be read is told with the action that is missing', async () => {
  emulator.createGroup('/aws/lambda/pay');
  server.denied.add('FilterLogEvents');
  let context: RoleContext | null = null;
  const isDenied = async () => /outcome="denied"} [1-9]/.test((await context?.metrics.text()) ?? '');
  const stop = new AbortController();
  const told: string[] = [];
  context = {
    ...contextOf(stop.signal),
    log: createLog({ level: 'warn', to: { isTerminal: false, write: (line) => void told.push(line) } }),
  };
  const sources = context.config.live.sources.filter(isCloudWatchSource).map(({ cloudwatch }) => cloudwatch);
  const running = new CloudWatchIngest(context, sources).run();
  while (!(await isDenied())) await new Promise((resolve) => setTimeout(resolve, 20));
  stop.abort();
  await running;
  expect(told.join('')).toContain('logs:FilterLogEvents is not allowed');
});

test.each([-3600_000, 3600_000])(
  'polls go on at their pace when the clock is set by %d ms, and when it is put right',
  async (ms) => {
    emulator.createGroup('/aws/lambda/pay');
    say('/aws/lambda/pay', 0, 10, 5_000);
    const read = decodeFragments(topics);
    const has = async (count: number) => (await read()).reports.length >= count;
    const steps = [
      { from: 10, setByMs: ms },
      { from: 20, setByMs: ms },
      { from: 30, setByMs: 0 },
      { from: 40, setByMs: 0 },
    ];
    let done = 0;
    await poll(async () => {
      if (!(await has(10 + 10 * done))) return false;
      const next = steps[done++];
      if (next === undefined) return true;
      setByMs = next.setByMs;
      say('/aws/lambda/pay', next.from, next.from + 10, 100);
      return false;
    });
    const { reports, lastTickMs } = await read();
    expect(new Set(reports.map(({ id }) => id)).size).toBe(50);
    expect(reports).toHaveLength(50);
    expect(lastTickMs).toBeLessThan(Date.now());
    expect(emulator.counts.requests).toBeLessThan(1000);
  },
);

test('a clock that is off by ten minutes: signatures are taken in the end, and it is said once', async () => {
  const proxy = new FaultProxy({ upstream: endpoint, seed: 1 });
  proxy.faults = { ...NO_PROXY_FAULTS, skewMs: 600_000 };
  endpoint = await proxy.listen();
  emulator.createGroup('/aws/lambda/pay');
  say('/aws/lambda/pay', 0, 10, 5_000);
  const read = decodeFragments(topics);
  const stop = new AbortController();
  const told: string[] = [];
  const to = { isTerminal: false, write: (line: string) => void told.push(line) };
  const context = { ...contextOf(stop.signal), log: createLog({ level: 'warn', to }) };
  const sources = context.config.live.sources.filter(isCloudWatchSource).map(({ cloudwatch }) => cloudwatch);
  const running = new CloudWatchIngest(context, sources).run();
  const isAhead = async () => /cloudwatch_clock_ahead_seconds -(599|6\d\d)/.test(await context.metrics.text());
  while ((await read()).reports.length < 10 || !(await isAhead()))
    await Promise.race([running, new Promise((resolve) => setTimeout(resolve, 20))]);
  stop.abort();
  await running;
  await proxy.close();
  expect(proxy.counts.skewRefused).toBeGreaterThan(0);
  expect(told.filter((line) => line.includes("this machine's clock is not CloudWatch's"))).toHaveLength(1);
  expect(told.join('')).not.toContain('cannot be');
});
