/**
 * How fast one thread turns subscription messages into fragments, beside a bare JSON.parse of the same lines.
 * Input is made in memory: Zipf-like functions, START + END + REPORT, 18 % of them in JSON format.
 *
 *   npx tsx bench/parse.ts [invocations]
 */
import { gunzipSync } from 'node:zlib';
import { FragmentWriter } from '../ingest/fragment.ts';
import { createParser } from '../ingest/parser.ts';

const FUNCTIONS = 5000;
const JSON_SHARE = 0.18;
const INVOCATIONS_A_MESSAGE = 3;
const CHUNK_BYTES = 256 * 1024;
const START_MS = Date.UTC(2026, 10, 21);

/** Deterministic stand-in for Math.random (Lehmer). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

const random = generator(7);
const hex = (digits: number): string =>
  Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16)).join('');
const uuid = (): string => `${hex(8)}-${hex(4)}-${hex(4)}-${hex(4)}-${hex(12)}`;

interface Event {
  id: string;
  timestamp: number;
  message: string;
}

function textEvents(timeMs: number): Event[] {
  const id = uuid();
  const duration = 5 + random() * 200;
  const event = (timestamp: number, message: string): Event => ({
    id: `3924${'0'.repeat(40)}${1e11 + Math.floor(random() * 1e11)}`,
    timestamp,
    message,
  });
  return [
    event(timeMs, `START RequestId: ${id} Version: $LATEST\n`),
    event(timeMs + 90, `END RequestId: ${id}\n`),
    event(
      timeMs + 90,
      `REPORT RequestId: ${id}\tDuration: ${duration.toFixed(2)} ms\tBilled Duration: ${Math.ceil(duration)} ms\tMemory Size: 512 MB\tMax Memory Used: 91 MB\t${random() < 0.02 ? 'Init Duration: 301.20 ms\t' : ''}\n`,
    ),
  ];
}

function jsonEvents(timeMs: number): Event[] {
  const requestId = uuid();
  const durationMs = Number((5 + random() * 200).toFixed(3));
  const event = (timestamp: number, type: string, record: object): Event => ({
    id: `3924${'0'.repeat(40)}${1e11 + Math.floor(random() * 1e11)}`,
    timestamp,
    message: JSON.stringify({ time: new Date(timestamp).toISOString(), type, record: { requestId, ...record } }),
  });
  const metrics = { durationMs, billedDurationMs: Math.ceil(durationMs), memorySizeMB: 512, maxMemoryUsedMB: 91 };
  return [
    event(timeMs, 'platform.start', { version: '$LATEST' }),
    event(timeMs + 90, 'platform.runtimeDone', { status: 'success', metrics: { durationMs } }),
    event(timeMs + 90, 'platform.report', { metrics, status: 'success' }),
  ];
}

function makeInput(invocations: number): Buffer {
  const lines: string[] = [];
  for (let done = 0; done < invocations; done += INVOCATIONS_A_MESSAGE) {
    const fn = Math.floor(FUNCTIONS ** random()) - 1;
    const isJson = (fn * 7919) % 100 < JSON_SHARE * 100;
    const stream = `2026/11/21/[$LATEST]${((fn * 2654435761) >>> 0).toString(16).padStart(32, '0')}`;
    const logEvents: Event[] = [];
    for (let i = 0; i < INVOCATIONS_A_MESSAGE; i++)
      logEvents.push(...(isJson ? jsonEvents : textEvents)(START_MS + done + i * 100));
    lines.push(
      JSON.stringify({
        messageType: 'DATA_MESSAGE',
        owner: '123456789012',
        logGroup: `/aws/lambda/function-${fn}`,
        logStream: stream,
        subscriptionFilters: ['all'],
        logEvents,
      }),
    );
  }
  return Buffer.from(`${lines.join('\n')}\n`);
}

function parse(input: Buffer): number {
  let fragments = 0;
  let rejects = 0;
  const out = new FragmentWriter((block) => {
    fragments += block.n;
  });
  const parser = createParser({ origin: 'bench', gunzip: (bytes) => gunzipSync(bytes) }, out, () => rejects++);
  for (let at = 0; at < input.length; at += CHUNK_BYTES) parser.push(input.subarray(at, at + CHUNK_BYTES));
  parser.end();
  out.flush();
  if (rejects > 0) throw new Error(`${rejects} rejects`);
  return fragments;
}

function parseJson(input: Buffer): number {
  let events = 0;
  for (let at = 0; at < input.length; ) {
    const end = input.indexOf(10, at);
    events += (JSON.parse(input.toString('utf8', at, end)) as { logEvents: unknown[] }).logEvents.length;
    at = end + 1;
  }
  return events;
}

const invocations = Number(process.argv[2] ?? 200_000);
const input = makeInput(invocations);
const perSecond: Record<string, number[]> = { scanner: [], 'JSON.parse': [] };
for (let round = 0; round < 7; round++) {
  for (const [name, run] of Object.entries({ scanner: parse, 'JSON.parse': parseJson })) {
    const start = process.cpuUsage();
    run(input);
    const { user, system } = process.cpuUsage(start); // processor time: other work on the machine does not count
    perSecond[name]?.push(Math.round((invocations / (user + system)) * 1e6));
  }
}
const median = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const scanner = median(perSecond['scanner'] ?? []);
const peer = median(perSecond['JSON.parse'] ?? []);
console.log(
  `${Math.round(input.length / invocations)} bytes an invocation, ${parse(input)} fragments of ${invocations} invocations`,
);
console.log(
  JSON.stringify({
    invocations_per_s: scanner,
    json_parse_per_s: peer,
    ratio: Number((scanner / peer).toFixed(2)),
    runs: perSecond['scanner'],
  }),
);
