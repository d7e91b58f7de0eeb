import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { parseConfig } from '../app/config.ts';
import { DeadLetterBox } from '../app/roles/dead-letters.ts';
import { ingestListen } from '../app/roles/ingest-listen.ts';
import { NO_ROWS } from '../app/roles/open-rows.ts';
import { createHealth } from '../infra/health.ts';
import { createLog } from '../infra/log.ts';
import { createMetrics } from '../infra/metrics.ts';
import { openLocalTopics } from '../infra/topics-local.ts';

/**
 * What the listener takes: how soon a small Firehose request is safe at 1,000 lines a second, and what memory a body of
 * 64 MiB costs. The listener is a process of its own, on the local log. `node dist/bench/listener.js`, 20 s; last line JSON.
 */
const KEY = 'bench';
const SECONDS = 10;
const REQUESTS_A_SECOND = 50;
const LINES = 20;
const LARGE_BYTES = 64 * 1024 * 1024;
const SAMPLE_MS = 10;

/** The listener; tells its parent where it listens, and its largest resident size since it was last asked. */
async function serve(dir: string): Promise<void> {
  const stop = new AbortController();
  const topics = await openLocalTopics({ dir: join(dir, 'bus') });
  const listen = `listen: {address: "127.0.0.1:0", firehose: {accessKey: ${KEY}}, requestsPerSecond: 100000, timeoutMs: 170000}`;
  let peakBytes = 0;
  const sample = setInterval(() => {
    peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
  }, SAMPLE_MS);
  process.on('message', (message) => {
    if (message === 'stop') stop.abort();
    else {
      process.send!({ peakBytes });
      peakBytes = 0;
    }
  });
  const silent = { isTTY: false, write: async () => {} };
  const stdin = (async function* () {})();
  const io = { stdin, stdout: silent, stderr: silent, env: {}, nowMs: Date.now, onInterrupt: () => () => {} };
  await ingestListen(
    {
      config: parseConfig(listen, 'bench'),
      model: null,
      topics,
      stateDir: join(dir, 'state'),
      rows: NO_ROWS,
      hasStore: false,
      deadLetters: new DeadLetterBox(topics.rejects),
      log: createLog({ level: 'warn' }),
      metrics: createMetrics(),
      health: createHealth(),
      io,
      signal: stop.signal,
      nowMs: Date.now,
      elapsedMs: () => performance.now(),
    },
    (url) => process.send!({ url }),
  );
  clearInterval(sample);
  await topics.close();
  process.disconnect();
}

const agent = new Agent({ keepAlive: true });

function post(url: string, id: string, body: Uint8Array): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = {
      'x-amz-firehose-protocol-version': '1.0',
      'x-amz-firehose-request-id': id,
      'x-amz-firehose-access-key': KEY,
      'content-type': 'application/json',
      'content-length': body.length,
    };
    const out = request(`${url}/firehose`, { method: 'POST', headers, agent }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode!));
    });
    out.on('error', reject);
    out.end(body);
  });
}

function messageOf(lines: number, n: number): string {
  const nowMs = Date.now();
  const logEvents = Array.from({ length: lines }, (_, i) => ({
    id: String(n * lines + i).padStart(56, '3'),
    timestamp: nowMs,
    message: `REPORT RequestId: 6f1c2a5e-3b0d-4c57-9a51-${String(n * lines + i).padStart(12, '0')}\tDuration: 12.50 ms\tBilled Duration: 13 ms\tMemory Size: 128 MB\tMax Memory Used: 50 MB\t\n`,
  }));
  const head = { messageType: 'DATA_MESSAGE', owner: '123456789012', logGroup: `/aws/lambda/fn-${n % 100}` };
  return JSON.stringify({
    ...head,
    logStream: `2026/11/21/[$LATEST]${n % 100}`,
    subscriptionFilters: ['all'],
    logEvents,
  });
}

function bodyOf(id: string, records: readonly Uint8Array[]): Buffer {
  const data = records.map((record) => ({ data: Buffer.from(record).toString('base64') }));
  return Buffer.from(JSON.stringify({ requestId: id, timestamp: Date.now(), records: data }));
}

async function measure(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'bench-listener-'));
  const child = fork(process.argv[1]!, ['child', dir]);
  const said = <Message>() => new Promise<Message>((resolve) => child.once('message', (it) => resolve(it as Message)));
  try {
    const { url } = await said<{ url: string }>();
    const peak = async () => {
      child.send('peak');
      return (await said<{ peakBytes: number }>()).peakBytes / (1024 * 1024);
    };
    for (let i = 0; i < 100; i++) await post(url, `warm-${i}`, bodyOf(`warm-${i}`, [Buffer.from(messageOf(LINES, i))]));
    const ms = await steady(url);
    const idleMb = await peak();
    const plainMs = await large(url, 'plain', (n) => Buffer.from(messageOf(2000, n)));
    const plainMb = await peak();
    const packedMs = await large(url, 'packed', (n) => gzipSync(messageOf(2000, n)));
    const packedMb = await peak();
    child.send('stop');
    const round = (value: number) => Math.round(value * 10) / 10;
    const at = (share: number) => round(ms[Math.min(ms.length - 1, Math.floor(ms.length * share))]!);
    const figures = {
      safe_p50_ms: at(0.5),
      safe_p99_ms: at(0.99),
      safe_max_ms: at(1),
      idle_rss_mb: Math.round(idleMb),
    };
    const bodies = { plain_64mb_ms: Math.round(plainMs), plain_64mb_rss_mb: Math.round(plainMb) };
    const packed = { packed_64mb_ms: Math.round(packedMs), packed_64mb_rss_mb: Math.round(packedMb) };
    process.stdout.write(`${JSON.stringify({ ...figures, ...bodies, ...packed })}\n`);
    await new Promise((resolve) => child.once('exit', resolve));
  } finally {
    child.kill();
    agent.destroy();
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Sorted times from the sending of a request to its answer, ms; what is sent does not wait for what was. */
async function steady(url: string): Promise<number[]> {
  const ms: number[] = [];
  const all: Promise<void>[] = [];
  for (let n = 0; n < SECONDS * REQUESTS_A_SECOND; n++) {
    const body = bodyOf(`steady-${n}`, [gzipSync(messageOf(LINES, n))]);
    const startedMs = performance.now();
    const answered = post(url, `steady-${n}`, body).then((status) => {
      if (status !== 200) throw new Error(`answered with ${status}`);
      ms.push(performance.now() - startedMs);
    });
    all.push(answered);
    await wait(1000 / REQUESTS_A_SECOND);
  }
  await Promise.all(all);
  return ms.sort((a, b) => a - b);
}

/** One body of nearly 64 MiB: how long until it is safe, ms. */
async function large(url: string, id: string, recordOf: (n: number) => Uint8Array): Promise<number> {
  const kept = Array.from({ length: 20 }, (_, n) => recordOf(n));
  const records: Uint8Array[] = [];
  for (let bytes = 0, n = 0; ; n++) {
    const record = kept[n % kept.length]!;
    bytes += Math.ceil(record.length / 3) * 4 + 12;
    if (bytes > LARGE_BYTES - 1024) break;
    records.push(record);
  }
  const body = bodyOf(id, records);
  const startedMs = performance.now();
  const status = await post(url, id, body);
  if (status !== 200)
    throw new Error(`${id}: answered with ${status} after ${Math.round(performance.now() - startedMs)} ms`);
  return performance.now() - startedMs;
}

if (process.argv[2] === 'child') await serve(process.argv[3]!);
else await measure();
