import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { LogsClient } from '../../infra/aws/logs-client.ts';
import { LogsError, type PolledEvent } from '../../ingest/cloudwatch/api.ts';
import { LogsEmulator } from './emulator.ts';
import { EmulatorServer } from './emulator-server.ts';
import { NO_PROXY_FAULTS, type ProxyFaults } from './fault-plan.ts';
import { FaultProxy } from './fault-proxy.ts';

const GROUP = '/aws/lambda/pay';
const EVENTS = 100;

let emulator: LogsEmulator;
let server: EmulatorServer;
let proxy: FaultProxy;
let client: LogsClient;
let endpoint = '';
const delivered: string[] = [];
const before = { ...process.env };

beforeEach(async () => {
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' });
  emulator = new LogsEmulator(Date.now, Math.random);
  server = new EmulatorServer(emulator);
  delivered.length = 0;
  proxy = new FaultProxy({
    upstream: await server.listen(),
    seed: 1,
    onDelivered: (_group, events) => delivered.push(...events.map(({ eventId }) => eventId)),
  });
  endpoint = await proxy.listen();
  client = new LogsClient({ region: 'eu-central-1', role: null, endpoint });
  emulator.createGroup(GROUP);
  for (let i = 0; i < EVENTS; i++) emulator.put(GROUP, `stream-${i % 3}`, Date.now() - EVENTS + i, `line ${i}`);
});
afterEach(async () => {
  client.close();
  await proxy.close();
  await server.close();
  process.env = { ...before };
});

const set = (faults: Partial<ProxyFaults>): void => {
  proxy.faults = { ...NO_PROXY_FAULTS, ...faults };
};

const ask = async (nextToken: string | null = null) =>
  await client.filterLogEvents({ logGroup: GROUP, startMs: 0, endMs: Date.now() + 1000, limit: 10_000, nextToken });

/** All pages; `onPage` may change what goes wrong. */
async function list(onPage: (page: number) => void = () => {}): Promise<{ events: PolledEvent[]; pages: number }> {
  const events: PolledEvent[] = [];
  let token: string | null = null;
  for (let pages = 0; ; ) {
    onPage(pages++);
    const page: Awaited<ReturnType<typeof ask>> = await ask(token);
    events.push(...page.events);
    token = page.nextToken;
    if (token === null) return { events, pages };
  }
}

const messages = (events: readonly PolledEvent[]) => events.map(({ message }) => message);
const ALL = Array.from({ length: EVENTS }, (_, i) => `line ${i}`);

test.each<[keyof ProxyFaults, string]>([
  ['throttled', 'throttled'],
  ['serverError', 'transient'],
  ['resetBefore', 'transient'],
  ['resetWithin', 'transient'],
])('%s: the SDK gives an error that we take for %s, and nothing counts as delivered', async (fault, kind) => {
  set({ [fault]: 1 });
  for (let i = 0; i < 6; i++) {
    const failure = await ask().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(LogsError);
    expect(failure).toMatchObject({ kind });
  }
  await expect(client.describeLogGroups({ prefix: null, nextToken: null })).rejects.toMatchObject({ kind });
  expect(proxy.counts).toMatchObject({ [fault]: 7 });
  expect(delivered).toEqual([]);
  set({});
  expect(messages((await list()).events)).toEqual(ALL);
  expect(delivered).toHaveLength(EVENTS);
});

test('an empty page that is not the last: its token gives what was asked for', async () => {
  set({ empty: 1 });
  const { events, pages } = await list((page) => set({ empty: page < 3 ? 1 : 0 }));
  expect(messages(events)).toEqual(ALL);
  expect(pages).toBe(4);
  expect(proxy.counts.empty).toBe(3);
  set({ empty: 1 });
  const { groups, nextToken } = await client.describeLogGroups({ prefix: null, nextToken: null });
  expect(groups).toEqual([]);
  set({});
  expect((await client.describeLogGroups({ prefix: null, nextToken })).groups).toHaveLength(1);
});

test('short pages, with the end of one at the beginning of the next, events twice and in any order', async () => {
  set({ short: 1, twiceOverPages: 1, twice: 0.1, shuffled: 1 });
  const { events, pages } = await list();
  const { counts } = proxy;
  expect(pages).toBeGreaterThan(2);
  expect(counts.short).toBe(pages - 1);
  expect(counts.twice).toBeGreaterThan(0);
  expect(counts.twiceOverPages).toBeGreaterThan(0);
  expect(counts.shuffled).toBeGreaterThan(0);
  expect(events).toHaveLength(EVENTS + counts.twice + counts.twiceOverPages);
  expect(new Set(messages(events))).toEqual(new Set(ALL));
  expect(messages(events)).not.toEqual(messages(events.toSorted((a, b) => a.timestampMs - b.timestampMs)));
});

test('some events come late, and the same ones each time', async () => {
  set({ late: 0.3, lateMs: 3600_000 });
  const first = messages((await list()).events);
  expect(messages((await list()).events)).toEqual(first);
  expect(proxy.counts.late).toBe(EVENTS - first.length);
  expect(proxy.counts.late).toBeGreaterThan(10);
});

test('a slow answer is whole; who waits no longer has not got it', async () => {
  set({ slow: 1, slowMs: [300, 300] });
  const impatient = new LogsClient({ region: 'eu-central-1', role: null, endpoint, requestTimeoutMs: 100 });
  await expect(impatient.describeLogGroups({ prefix: null, nextToken: null })).rejects.toMatchObject({
    kind: 'transient',
  });
  impatient.close();
  expect(messages((await list()).events)).toEqual(ALL);
});

test('a clock that is off: signatures are refused until the SDK goes by the time of the service', async () => {
  for (const skewMs of [3600_000, -3600_000, 0]) {
    set({ skewMs, skewEveryMs: 0 });
    await expect(ask()).rejects.toMatchObject({ kind: 'transient' });
    expect(messages((await list()).events)).toEqual(ALL);
    expect(Math.round((client.clockAheadMs + skewMs) / 60_000) + 0).toBe(0);
  }
  expect(proxy.counts.skewRefused).toBe(3);
  expect(proxy.counts.skewedDate).toBe(4);
});
