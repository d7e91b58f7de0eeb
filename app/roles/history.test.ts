import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Notice } from '../../alerts/notice.ts';
import { createHealth } from '../../infra/health.ts';
import { createLog } from '../../infra/log.ts';
import { createMetrics } from '../../infra/metrics.ts';
import { createMemoryTopics } from '../../infra/topics-local.ts';
import { LogsEmulator, NO_FAULTS } from '../../test/cloudwatch/emulator.ts';
import { EmulatorServer } from '../../test/cloudwatch/emulator-server.ts';
import { parseConfig } from '../config.ts';
import { isCloudWatchSource } from '../config-sources.ts';
import type { Io } from '../io.ts';
import type { RoleContext } from './context.ts';
import { DeadLetterBox } from './dead-letters.ts';
import { runDetect } from './detect.ts';
import { CloudWatchIngest } from './ingest-cloudwatch.ts';
import { runNotify } from './notify.ts';
import { NO_ROWS } from './open-rows.ts';

const MINUTE_MS = 60_000;
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
const before = { ...process.env };

beforeEach(async () => {
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' });
  dir = mkdtempSync(join(tmpdir(), 'history-'));
  emulator = new LogsEmulator(Date.now, Math.random);
  server = new EmulatorServer(emulator);
  endpoint = await server.listen();
});
afterEach(async () => {
  process.env = { ...before };
  await server.close();
  rmSync(dir, { recursive: true, force: true });
});

let serial = 0;
const idOf = () => `00000000-0000-4000-8000-${String(++serial).padStart(12, '0')}`;

/** Six calls a minute for eight hours; where `isBad` of how many minutes ago it was, every one runs into its time limit. */
function say(fn: string, isBad: (minutesAgo: number) => boolean): void {
  const nowMs = Date.now();
  const name = `/aws/lambda/${fn}`;
  emulator.createGroup(name);
  for (let ago = 8 * 60; ago >= 0; ago--) {
    for (let call = 0; call < 6; call++) {
      const atMs = nowMs - ago * MINUTE_MS + call * 9_000 - 60_000;
      const id = idOf();
      const end = isBad(ago)
        ? `REPORT RequestId: ${id}\tDuration: 3000.00 ms\tBilled Duration: 3000 ms\tMemory Size: 128 MB\tMax Memory Used: 64 MB\tStatus: timeout\t\n`
        : `REPORT RequestId: ${id}\tDuration: ${20 + (serial % 7)}.00 ms\tBilled Duration: 27 ms\tMemory Size: 128 MB\tMax Memory Used: 64 MB\t\n`;
      emulator.put(name, '2026/11/23/[$LATEST]0123456789abcdef', atMs, `START RequestId: ${id} Version: $LATEST\n`);
      emulator.put(name, '2026/11/23/[$LATEST]0123456789abcdef', atMs + 30, end);
    }
  }
}

function contextOf(signal: AbortSignal, topics: RoleContext['topics']): RoleContext {
  const source = `{regions: eu-central-1, endpoint: '${endpoint}', since: 8h, fastestMs: 100, requestsPerSecond: 200, share: 1}`;
  const yaml = `state: ${dir}/state
sources: [{cloudwatch: ${source}}]
destinations: [{type: file, path: ${dir}/told.ndjson}]
live: {flushMs: 20}`;
  return {
    config: parseConfig(yaml, 'c.yaml'),
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
    nowMs: Date.now,
    elapsedMs: () => performance.now(),
  };
}

function told(): Notice[] {
  let text = '';
  try {
    text = readFileSync(`${dir}/told.ndjson`, 'utf8');
  } catch {}
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Notice);
}

/** Lets the roles work until `isDone`, then ends them in order. */
async function work(topics: RoleContext['topics'], isDone: (polling: CloudWatchIngest) => Promise<unknown>) {
  const stop = new AbortController();
  const context = contextOf(stop.signal, topics);
  const sources = context.config.live.sources.filter(isCloudWatchSource).map(({ cloudwatch }) => cloudwatch);
  const polling = new CloudWatchIngest({ ...context, health: createHealth() }, sources);
  const roles = [polling.run(), runDetect(context), runNotify({ ...context, health: createHealth() })];
  await Promise.race([isDone(polling), ...roles]);
  stop.abort();
  await Promise.all(roles);
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 20));
}

test('of the past nobody is told, over a restart too; what is still open when it ends is told once', async () => {
  say('was-bad', (ago) => ago < 200 && ago > 150);
  say('is-bad', (ago) => ago < 30);
  const topics = createMemoryTopics(2);
  emulator.faults = { ...NO_FAULTS, partial: 1 }; // many pages: time to stop in the middle
  await work(topics, () => until(() => emulator.counts.requests > 100));
  emulator.faults = NO_FAULTS;
  await work(topics, async ({ caughtUp }) => {
    await caughtUp;
    await until(() => told().length > 0);
  });
  await topics.close();
  const opened = told().filter(({ transition }) => transition === 'opened');
  expect(opened).toEqual([
    expect.objectContaining({ loud: true, version: 1, reason: 'it was open already when watching began' }),
  ]);
  expect(new Set(told().map(({ event }) => event.function.name))).toEqual(new Set(['is-bad']));
});
