import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  DeleteLogGroupCommand,
  PutLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { LogsClient } from '../../infra/aws/logs-client.ts';
import type { LogsApi, PolledEvent } from '../../ingest/cloudwatch/api.ts';
import { LogsEmulator } from './emulator.ts';
import { EmulatorServer } from './emulator-server.ts';

/** What can be done to an account from outside, besides reading it. */
interface Account {
  readonly api: LogsApi;
  create(name: string, tags: Record<string, string>): Promise<void>;
  remove(name: string): Promise<void>;
  put(name: string, stream: string, events: readonly { timestamp: number; message: string }[]): Promise<void>;
  close(): Promise<void>;
}

const REGION = 'eu-central-1';
const clientAt = (endpoint: string) => new LogsClient({ region: REGION, role: null, endpoint });

async function emulated(): Promise<Account> {
  const emulator = new LogsEmulator(Date.now, Math.random);
  const server = new EmulatorServer(emulator);
  const client = clientAt(await server.listen());
  return {
    api: client,
    create: async (name, tags) => emulator.createGroup(name, tags),
    remove: async (name) => emulator.deleteGroup(name),
    put: async (name, stream, events) => {
      for (const { timestamp, message } of events) emulator.put(name, stream, timestamp, message);
    },
    close: async () => {
      client.close();
      await server.close();
    },
  };
}

/** moto's server, where infra/ci/moto.sh has started one. */
async function motos(endpoint: string): Promise<Account> {
  const writer = new CloudWatchLogsClient({ region: REGION, endpoint });
  const client = clientAt(endpoint);
  const streams = new Set<string>();
  return {
    api: client,
    create: async (logGroupName, tags) => void (await writer.send(new CreateLogGroupCommand({ logGroupName, tags }))),
    remove: async (logGroupName) => void (await writer.send(new DeleteLogGroupCommand({ logGroupName }))),
    put: async (logGroupName, logStreamName, logEvents) => {
      const key = `${logGroupName} ${logStreamName}`;
      if (!streams.has(key)) await writer.send(new CreateLogStreamCommand({ logGroupName, logStreamName }));
      streams.add(key);
      await writer.send(new PutLogEventsCommand({ logGroupName, logStreamName, logEvents: [...logEvents] }));
    },
    close: async () => {
      client.close();
      writer.destroy();
    },
  };
}

const MOTO_URL = process.env['MOTO_URL'] ?? '';
const before = { ...process.env };
beforeAll(() => {
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' });
  if (MOTO_URL === '')
    process.stderr.write('SKIPPED: the contract against moto; infra/ci/moto.sh npm test -- test/cloudwatch\n');
});
afterAll(() => {
  process.env = { ...before };
});

const ACCOUNTS: [string, () => Promise<Account>][] = [['the emulator', emulated]];
if (MOTO_URL !== '') ACCOUNTS.push(['moto', () => motos(MOTO_URL)]);

describe.each(ACCOUNTS)('CloudWatch Logs, as %s plays it', (_name, open) => {
  let account: Account;
  const group = `/aws/lambda/contract-${Date.now()}`;
  beforeAll(async () => {
    account = await open();
    await account.create(group, { team: 'pay' });
  });
  afterAll(async () => {
    await account.close();
  });

  async function all(startMs: number, endMs: number, limit: number): Promise<{ events: PolledEvent[]; pages: number }> {
    const events: PolledEvent[] = [];
    let nextToken: string | null = null;
    for (let pages = 1; ; pages++) {
      const page: Awaited<ReturnType<LogsApi['filterLogEvents']>> = await account.api.filterLogEvents({
        logGroup: group,
        startMs,
        endMs,
        limit,
        nextToken,
      });
      events.push(...page.events);
      nextToken = page.nextToken;
      if (nextToken === null) return { events, pages };
    }
  }

  test('groups are listed with their ARN and when they were made; tags can be asked for', async () => {
    const { groups } = await account.api.describeLogGroups({ prefix: group, nextToken: null });
    expect(groups).toEqual([
      {
        name: group,
        arn: expect.stringMatching(/^arn:aws:logs:eu-central-1:\d{12}:log-group:\//),
        createdMs: expect.any(Number),
      },
    ]);
    expect(groups[0]!.arn.endsWith('*')).toBe(false);
    expect(await account.api.tagsOf(groups[0]!.arn)).toEqual({ team: 'pay' });
  });

  test('a listing has pages, both ends of its window count, and ids are unlike', async () => {
    const startMs = Date.now() - 60_000;
    const lines = Array.from({ length: 25 }, (_, i) => ({ timestamp: startMs + i, message: `line ${i}` }));
    await account.put(
      group,
      'a',
      lines.filter((_, i) => i % 2 === 0),
    );
    await account.put(
      group,
      'b',
      lines.filter((_, i) => i % 2 === 1),
    );
    const { events, pages } = await all(startMs, startMs + 19, 7);
    expect(pages).toBeGreaterThan(2);
    expect(new Set(events.map(({ message }) => message))).toEqual(
      new Set(lines.slice(0, 20).map(({ message }) => message)),
    );
    expect(new Set(events.map(({ id }) => id)).size).toBe(20);
    expect(new Set(events.map(({ stream }) => stream))).toEqual(new Set(['a', 'b']));
    expect(events.every(({ timestampMs, ingestionMs }) => timestampMs >= startMs && ingestionMs >= timestampMs)).toBe(
      true,
    );
  });

  test('a group that is not there is told apart', async () => {
    await account.create(`${group}-gone`, {});
    await account.remove(`${group}-gone`);
    const request = { logGroup: `${group}-gone`, startMs: 0, endMs: Date.now(), limit: 10, nextToken: null };
    await expect(account.api.filterLogEvents(request)).rejects.toMatchObject({ kind: 'gone' });
  });
});

test('nobody listens: transient; denied: with the action that is missing', async () => {
  const nobody = clientAt('http://127.0.0.1:9');
  await expect(nobody.describeLogGroups({ prefix: null, nextToken: null })).rejects.toMatchObject({
    kind: 'transient',
  });
  nobody.close();
  const server = new EmulatorServer(new LogsEmulator(Date.now, Math.random));
  server.denied.add('DescribeLogGroups');
  const client = clientAt(await server.listen());
  const denied = client.describeLogGroups({ prefix: null, nextToken: null });
  await expect(denied).rejects.toMatchObject({ kind: 'denied', action: 'logs:DescribeLogGroups' });
  client.close();
  await server.close();
});
