import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { AlertEvent } from '../../alerts/event.ts';
import { deliveryKey, type Notice } from '../../alerts/notice.ts';
import { createHealth } from '../../infra/health.ts';
import { createLog } from '../../infra/log.ts';
import { createMetrics } from '../../infra/metrics.ts';
import type { RowSink } from '../../infra/store-rows.ts';
import type { Topics } from '../../infra/topics.ts';
import { createMemoryTopics } from '../../infra/topics-local.ts';
import type { Reject } from '../../ingest/reject.ts';
import { generateFleet } from '../../scenarios/fleet.ts';
import { inSharedGroup, isEven, SHARED_GROUP } from '../../test/shared-group.ts';
import { parseConfig } from '../config.ts';
import type { Io } from '../io.ts';
import { createParts, parserOf } from '../parts.ts';
import { replay } from '../replay.ts';
import type { Source } from '../replay-read.ts';
import type { RoleContext } from './context.ts';
import { DeadLetterBox } from './dead-letters.ts';
import { runDetect } from './detect.ts';
import { ingestInputs } from './ingest-inputs.ts';
import { runNotify } from './notify.ts';
import { NO_ROWS } from './open-rows.ts';

const silent = { isTTY: false, write: async () => {} };
const io = (): Io => ({
  stdin: (async function* () {})(),
  stdout: silent,
  stderr: silent,
  env: {},
  nowMs: () => 0,
  onInterrupt: () => () => {},
});

let dir = '';
let lines = '';
let told: AlertEvent[] = [];

const sourceOf = (name: string, content: string): Source => ({
  name,
  sizeBytes: content.length,
  open: async function* () {
    yield Buffer.from(content);
  },
});

beforeAll(async () => {
  const fleet = generateFleet({
    seed: 7,
    functions: 12,
    days: 1,
    invocations: 6_000,
    startMs: Date.UTC(2026, 10, 9),
    incidents: 6,
  });
  lines = `${inSharedGroup(fleet.lines(), isEven).join('\n')}\n`;
  const config = parseConfig('detection: {latenessMs: 900000}', 'c.yaml');
  const options = { config, store: null, invocations: 'none' as const, resume: false, memoryBytes: 1 << 28 };
  told = [];
  const listener = {
    phase: async () => {},
    readProgress: () => {},
    stepProgress: () => {},
    alert: async (event: AlertEvent) => void told.push(event),
  };
  await replay([sourceOf('fleet', lines)], options, createParts(config), listener, io());
  expect(told.some(({ function: { log_group } }) => log_group === SHARED_GROUP)).toBe(true);
});
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'roles-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Rows in memory, those that tests look at. */
function collectRows(): { rows: RowSink; events: AlertEvent[]; rejects: Reject[]; minutes: { count: number } } {
  const events: AlertEvent[] = [];
  const rejects: Reject[] = [];
  const minutes = { count: 0 };
  const rows: RowSink = {
    ...NO_ROWS,
    writeMinutes: async (given) => {
      minutes.count += given.length;
    },
    writeAlertEvents: async (given) => void events.push(...given),
    writeRejects: async (given) => void rejects.push(...given),
  };
  return { rows, events, rejects, minutes };
}

function contextOf(topics: Topics, yaml: string, rows: RowSink, signal: AbortSignal): RoleContext {
  return {
    config: parseConfig(`state: ${dir}/state\nlive: {snapshotMs: 1000}\n${yaml}`, 'c.yaml'),
    model: null,
    topics,
    stateDir: `${dir}/state`,
    rows,
    hasStore: true,
    deadLetters: new DeadLetterBox(topics.rejects),
    log: createLog({ level: 'error', to: { isTerminal: false, write: () => {} } }),
    metrics: createMetrics(),
    health: createHealth(),
    io: io(),
    signal,
    nowMs: Date.now,
    elapsedMs: () => performance.now(),
  };
}

/** The essence of what is said: configuration hashes differ between a replay and a live installation. */
const essence = (events: readonly AlertEvent[]) =>
  events.map(({ alert_id, event, at, text, severity, function: { log_group } }) => ({
    alert_id,
    event,
    at,
    text,
    severity,
    log_group,
  }));
const lastMs = () => Math.max(...told.map(({ at }) => Date.parse(at)));

async function until(isDone: () => boolean): Promise<void> {
  while (!isDone()) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** Lets the roles work until `isDone`, then ends them in order. */
async function work(
  topics: Topics,
  yaml: string,
  rows: RowSink,
  isDone: () => boolean,
  before = async (_context: RoleContext) => {},
) {
  const stop = new AbortController();
  const context = contextOf(topics, yaml, rows, stop.signal);
  await before(context);
  const roles = [runDetect(context), runNotify({ ...context, health: createHealth() })];
  await until(isDone);
  stop.abort();
  await Promise.all(roles);
  return context;
}

describe('the roles on one bus', () => {
  test('say what a replay says, to the store and to a file, and go on after an orderly end without saying anything twice', async () => {
    const topics = createMemoryTopics(4);
    const { rows, events, minutes } = collectRows();
    const file = join(dir, 'alerts.ndjson');
    const yaml = `destinations: [{type: file, path: ${file}}]`;
    const half = lines.indexOf('\n', lines.length / 2) + 1;
    const written = () => readFileSync(file, { encoding: 'utf8', flag: 'a+' }).split('\n').length - 1;
    // a live stream has no end: what only the end of the input brings is left out
    const expected = told.filter(({ at }) => Date.parse(at) < lastMs() - 120_000);
    const firstHalf = sourceOf('fleet', lines.slice(0, half));
    const secondHalf = sourceOf('fleet', lines.slice(half));
    await work(
      topics,
      yaml,
      rows,
      () => minutes.count > 1000,
      async (context) => {
        await ingestInputs(context, [firstHalf], parserOf({}));
      },
    );
    await work(
      topics,
      yaml,
      rows,
      () => events.length >= expected.length && written() >= events.length,
      async (context) => {
        await ingestInputs(context, [secondHalf], parserOf({}));
      },
    );
    const inFile = readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Notice);
    expect(expected.length).toBeGreaterThan(10);
    expect(essence(events).slice(0, expected.length)).toEqual(essence(expected));
    expect(inFile.slice(0, events.length).map(({ event }) => event)).toEqual(events);
    expect(new Set(inFile.map(deliveryKey)).size).toBe(inFile.length);
  });

  test('records that cannot be read are set aside with their place, and change nothing else', async () => {
    const topics = createMemoryTopics(2);
    const { rows, events, rejects } = collectRows();
    const junk = [Buffer.from('junk'), Buffer.alloc(0), Buffer.from('TF\u0002\u0000cut')];
    await topics.fragments.publish(1, junk);
    await topics.verdicts.publish(0, [Buffer.from('{"tl":"verdicts","v":[1,0],"body":{}}')]);
    await topics.alerts.publish(0, [Buffer.from('{}')]);
    await work(
      topics,
      '',
      rows,
      () => events.length >= 10 && rejects.length >= 5,
      async (context) => {
        await ingestInputs(context, [sourceOf('fleet', lines)], parserOf({}));
      },
    );
    const places = rejects.map(({ origin, offset }) => `${origin}@${offset}`).sort((a, b) => (a < b ? -1 : 1));
    expect(places).toEqual(['alerts/0@0', 'fragments/1@0', 'fragments/1@1', 'fragments/1@2', 'verdicts/0@0']);
    expect(rejects.every(({ reason }) => reason.startsWith('poison record: '))).toBe(true);
    expect(essence(events).slice(0, 10)).toEqual(essence(told).slice(0, 10));
  });

  test('a block of a newer format is not passed over: the worker ends', async () => {
    const topics = createMemoryTopics(1);
    await topics.fragments.publish(0, [Buffer.from([0x54, 0x46, 99, 0, 1, 2, 3])]);
    const context = contextOf(topics, '', NO_ROWS, new AbortController().signal);
    await expect(runDetect(context)).rejects.toThrow(/format 99/);
  });

  test('several inputs are merged by time before they are sent', async () => {
    const topics = createMemoryTopics(2);
    const { rows, events } = collectRows();
    const all = lines.trim().split('\n');
    const parts = [0, 1, 2].map((k) => sourceOf(`part-${k}`, all.filter((_, i) => i % 3 === k).join('\n')));
    await work(
      topics,
      '',
      rows,
      () => events.length >= 8,
      async (context) => {
        const read = await ingestInputs(context, parts, parserOf({}));
        expect(read.problems).toEqual([]);
      },
    );
    expect(new Set(events.slice(0, 8).map(({ alert_id }) => alert_id)).size).toBeGreaterThan(2);
  });
});

describe('a web hook', () => {
  let server: Server;
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  test('gets each event once it answers, under one key, in order; what it refuses for good is a dead letter', async () => {
    const seen: { key: string; event: AlertEvent }[] = [];
    let failures = 2;
    server = createServer((request, response) => {
      void text(request).then((body) => {
        if (failures-- > 0) response.writeHead(503, { 'retry-after': '0' }).end();
        else {
          const { event } = JSON.parse(body) as Notice;
          seen.push({ key: String(request.headers['webhook-id']), event });
          response.writeHead(event.event === 'updated' ? 400 : 204).end();
        }
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const topics = createMemoryTopics(2);
    const { rows, events, rejects } = collectRows();
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
    const wanted = told.filter(({ at }) => Date.parse(at) < lastMs() - 120_000).length;
    await work(
      topics,
      `destinations: [{type: webhook, url: "${url}", allowPrivate: [127.0.0.1]}]`,
      rows,
      () => events.length >= wanted && seen.length >= wanted,
      async (context) => {
        await ingestInputs(context, [sourceOf('fleet', lines)], parserOf({}));
      },
    );
    expect(seen.map(({ event }) => event).slice(0, wanted)).toEqual(events.slice(0, wanted));
    expect(new Set(seen.map(({ key }) => key)).size).toBe(seen.length);
    const refused = seen.filter(({ event }) => event.event === 'updated').length;
    expect(
      rejects.filter(({ reason }) => reason === `not delivered: ${new URL(url).host} answers 400`).length,
    ).toBeLessThanOrEqual(refused);
  });
});
