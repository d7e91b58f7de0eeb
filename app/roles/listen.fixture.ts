import { mkdtempSync, rmSync } from 'node:fs';
import { type IncomingHttpHeaders, request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect } from '@jest/globals';
import type { Bus } from '../../infra/bus.ts';
import { createHealth } from '../../infra/health.ts';
import { createLog } from '../../infra/log.ts';
import { createMetrics, type Metrics } from '../../infra/metrics.ts';
import { createMemoryTopics } from '../../infra/topics-local.ts';
import { decodeFragments } from '../../infra/wire.ts';
import type { Reject } from '../../ingest/reject.ts';
import { type Readable, readable } from '../../test/readable.ts';
import { parseConfig } from '../config.ts';
import type { Io } from '../io.ts';
import type { RoleContext } from './context.ts';
import { DeadLetterBox } from './dead-letters.ts';
import { ingestListen } from './ingest-listen.ts';
import { decodeRejects } from './messages.ts';
import { NO_ROWS } from './open-rows.ts';

export const REQUEST_ID = 'ed4acda5-034f-9f42-bba1-f29aea6d7d8f';
export const KEY = 'correct horse battery staple';

/** A bus that keeps what it was given, and can be told to wait, or to fail. */
export class TestBus implements Bus {
  readonly partitions = 1;
  readonly records: Uint8Array[] = [];
  /** publishes wait for it */
  gate: Promise<void> = Promise.resolve();
  failure: Error | null = null;
  asked = 0;

  async publish(_partition: number, records: readonly Uint8Array[]): Promise<void> {
    this.asked++;
    const copies = records.map((record) => Uint8Array.from(record));
    await this.gate;
    if (this.failure !== null) throw this.failure;
    this.records.push(...copies);
  }

  publishToAll(records: readonly Uint8Array[]): Promise<void> {
    return this.publish(0, records);
  }

  async *subscribe(): AsyncGenerator<never> {}

  async close(): Promise<void> {}
}

export interface Listening {
  readonly url: string;
  readonly fragmentBus: TestBus;
  readonly rejectBus: TestBus;
  readonly metrics: Metrics;
  readonly logged: string[];
  /** the clock of the process under test, ms */
  readonly now: { ms: number | null };
  /** what is safe on the bus, ticks left out */
  fragments(): Readable[];
  ticks(): Readable[];
  rejects(): Reject[];
  /** asks for an orderly end and waits for it */
  stop(): Promise<void>;
  begin(): Promise<void>;
}

const silent = { isTTY: false, write: async () => {} };
const noIo: Io = {
  stdin: (async function* () {})(),
  stdout: silent,
  stderr: silent,
  env: {},
  nowMs: () => 0,
  onInterrupt: () => () => {},
};

/** @param yaml of `listen`, in flow style and without its braces */
export async function listening(
  yaml: string,
  dir = mkdtempSync(join(tmpdir(), 'listen-')),
  caughtUp = Promise.resolve(),
): Promise<Listening> {
  const stop = new AbortController();
  const fragmentBus = new TestBus();
  const rejectBus = new TestBus();
  const logged: string[] = [];
  const now = { ms: null as number | null };
  const topics = { ...createMemoryTopics(1), fragments: fragmentBus, rejects: rejectBus };
  const config = parseConfig(`live: {flushMs: 20}\nlisten: {address: "127.0.0.1:0", ${yaml}}`, 'c.yaml');
  const context: RoleContext = {
    config,
    model: null,
    topics,
    stateDir: join(dir, 'state'),
    rows: NO_ROWS,
    hasStore: false,
    deadLetters: new DeadLetterBox(topics.rejects),
    log: createLog({ level: 'info', to: { isTerminal: false, write: (line) => void logged.push(line) } }),
    metrics: createMetrics(),
    health: createHealth(),
    io: noIo,
    signal: stop.signal,
    nowMs: () => now.ms ?? Date.now(),
    elapsedMs: () => now.ms ?? performance.now(),
  };
  let end: Promise<void> = Promise.resolve();
  const url = await new Promise<string>((resolve, reject) => {
    end = ingestListen(context, resolve, caughtUp);
    end.catch(reject);
  });
  const all = () =>
    fragmentBus.records.flatMap((record) => {
      const block = decodeFragments(record);
      return Array.from({ length: block.n }, (_, i) => readable(block, i));
    });
  const begin = async () => stop.abort();
  return {
    url,
    fragmentBus,
    rejectBus,
    metrics: context.metrics,
    logged,
    now,
    fragments: () => all().filter(({ kind }) => kind !== 'tick'),
    ticks: () => all().filter(({ kind }) => kind === 'tick'),
    rejects: () => rejectBus.records.flatMap((record) => decodeRejects(record)),
    begin,
    stop: async () => {
      await begin();
      await end;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

export interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Sending {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | AsyncIterable<Uint8Array>;
  readonly ca?: string;
}

/** One request on a connection of its own. */
export function send(url: string, { method = 'POST', headers = {}, body, ca }: Sending = {}): Promise<Got> {
  return new Promise((resolve, reject) => {
    const request = url.startsWith('https:') ? secureRequest : plainRequest;
    const out = request(url, { method, headers, agent: false, ...(ca === undefined ? {} : { ca }) }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks) }),
      );
      response.on('error', reject);
    });
    out.on('error', reject);
    if (body === undefined || body instanceof Uint8Array) {
      out.end(body);
      return;
    }
    (async () => {
      for await (const chunk of body) if (!out.write(chunk)) await new Promise((next) => out.once('drain', next));
      out.end();
    })().catch(reject);
  });
}

export interface FirehoseSending {
  readonly requestId?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly isGzip?: boolean;
}

export const HEADERS = (requestId: string): Record<string, string> => ({
  'x-amz-firehose-protocol-version': '1.0',
  'x-amz-firehose-request-id': requestId,
  'x-amz-firehose-source-arn': 'arn:aws:firehose:eu-central-1:123456789012:deliverystream/logs',
  'x-amz-firehose-access-key': KEY,
  'content-type': 'application/json',
});

/** What Firehose sends for records of these bytes. */
export function firehose(
  records: readonly (string | Uint8Array)[],
  { requestId = REQUEST_ID, headers = {}, isGzip = false }: FirehoseSending = {},
): Sending {
  const data = records.map((record) => ({ data: Buffer.from(record).toString('base64') }));
  const json = Buffer.from(JSON.stringify({ requestId, timestamp: 1795255260000, records: data }));
  const encoding: Record<string, string> = isGzip ? { 'content-encoding': 'gzip' } : {};
  return { headers: { ...HEADERS(requestId), ...encoding, ...headers }, body: isGzip ? gzipSync(json) : json };
}

/** Listeners of one test, ended after it. */
export function listeners(usual: string) {
  const open: Listening[] = [];
  return {
    async started(yaml = usual): Promise<Listening> {
      const one = await listening(yaml);
      open.push(one);
      return one;
    },
    async stopAll(): Promise<void> {
      for (const one of open.splice(0)) {
        one.fragmentBus.failure = null;
        await one.stop();
      }
    },
  };
}

export const post = (
  one: Listening,
  records: readonly (string | Uint8Array)[],
  sending: FirehoseSending = {},
): Promise<Got> => send(`${one.url}/firehose`, firehose(records, sending));
export const bodyOf = ({ body }: Got) => JSON.parse(body.toString()) as Record<string, unknown>;
/** What tells the reports that were read apart. */
export const durations = (one: Listening) =>
  one.fragments().map(({ durationUs }) => Math.floor((durationUs as number) / 1000));

/** Every answer of the contract: exact type, length, integer time, the id of the request. */
export function expectContract(got: Got, status: number, errorMessage?: string | RegExp): void {
  expect(got.headers['content-type']).toBe('application/json');
  expect(got.headers['content-length']).toBe(String(got.body.length));
  expect(got.headers['content-encoding']).toBeUndefined();
  expect(got.headers['transfer-encoding']).toBeUndefined();
  const body = bodyOf(got);
  expect({ ...body, timestamp: 0 }).toEqual({
    requestId: REQUEST_ID,
    timestamp: 0,
    ...(errorMessage === undefined
      ? {}
      : { errorMessage: errorMessage instanceof RegExp ? expect.stringMatching(errorMessage) : errorMessage }),
  });
  expect(Number.isSafeInteger(body['timestamp'])).toBe(true);
  expect(got.status).toBe(status);
}
