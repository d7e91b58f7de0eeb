import { createHash } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';
import { type FleetOptions, generateFleet } from '../../scenarios/fleet.ts';
import type { KindName } from '../../scenarios/kinds.ts';

const KINDS: readonly KindName[] = [
  'egress-burst',
  'outage',
  'flood-constant',
  'errors-burst',
  'timeouts',
  'silence',
  'new-function-burst',
  'secret-in-log',
  'duration-step',
  'oom',
  'crash',
  'cost-memory',
  'recursion',
];
/** A Monday, long ago: nothing of it counts as live, so no tick follows the wall clock. */
const START_MS = Date.UTC(2026, 1, 2);
const DAY_MS = 24 * 3_600_000;
const MINUTE_MS = 60_000;
const CHUNK_CHARACTERS = 1 << 20;
/** Every so many lines one follows that is broken: rejects are a table, too. */
const BROKEN_EVERY_LINES = 4_000;
const BROKEN_LINE = '{"messageType":"DATA_MESSAGE","owner":"123456789012","logGroup":"/aws/lambda/';

/** Of one account; they are called at the same times, and then fail together: one cause, one incident. */
const CHOIR = 6;
const CHOIR_FROM_MS = START_MS + 1.5 * DAY_MS;
const CHOIR_UNTIL_MS = START_MS + 2.9 * DAY_MS;
const CHOIR_FAILS_FROM_MS = START_MS + 2.6 * DAY_MS;
const CHOIR_FAILS_FOR_MS = 20 * MINUTE_MS;

/** A small fleet in which much happens: floods, silences, failures of many kinds, and a hole in everyone's telemetry. */
const FLEET: FleetOptions = {
  seed: 7,
  functions: 32,
  days: 3,
  warmupDays: 1.2,
  invocations: 14_000,
  startMs: START_MS,
  incidents: KINDS.length,
  holes: 1,
  wishes: KINDS.map((kind) => ({ kind, grade: 'gross' })),
};

/** Writes subscription lines into `file`, always the same. Returns how many. */
export function writeWorkload(file: string): number {
  const out = openSync(file, 'w', 0o600);
  let lines = 0;
  let chunk = '';
  try {
    for (const line of allLines()) {
      chunk += `${line}\n`;
      if (++lines % BROKEN_EVERY_LINES === 0) chunk += `${BROKEN_LINE}\n`;
      if (chunk.length < CHUNK_CHARACTERS) continue;
      writeSync(out, chunk);
      chunk = '';
    }
    writeSync(out, chunk);
  } finally {
    closeSync(out);
  }
  return lines;
}

/** The fleet's in order of arrival, and those of the choir where their time has come. */
function* allLines(): Generator<string> {
  const choir = choirLines();
  let next = choir.next();
  for (const line of generateFleet(FLEET).lines()) {
    const timeMs = Number(/"timestamp":(\d+)/.exec(line)?.[1]);
    for (; next.done !== true && next.value.timeMs <= timeMs; next = choir.next()) yield next.value.line;
    yield line;
  }
}

function* choirLines(): Generator<{ readonly timeMs: number; readonly line: string }> {
  for (let timeMs = CHOIR_FROM_MS; timeMs < CHOIR_UNTIL_MS; timeMs += 2 * MINUTE_MS) {
    const doFail = timeMs >= CHOIR_FAILS_FROM_MS && timeMs < CHOIR_FAILS_FROM_MS + CHOIR_FAILS_FOR_MS;
    for (let i = 0; i < CHOIR; i++) yield { timeMs, line: choirLine(i, timeMs, doFail) };
  }
}

function choirLine(i: number, timeMs: number, doesFail: boolean): string {
  const digest = createHash('sha256').update(`${i} ${timeMs}`).digest('hex');
  const id = `${digest.slice(0, 8)}-${digest.slice(8, 12)}-4${digest.slice(13, 16)}-8${digest.slice(17, 20)}-${digest.slice(20, 32)}`;
  const report = `REPORT RequestId: ${id}\tDuration: 52.00 ms\tBilled Duration: 52 ms\tMemory Size: 128 MB\tMax Memory Used: 60 MB\t`;
  const failure = 'Status: error\tError Type: Runtime.ExitError';
  const messages = [
    `START RequestId: ${id} Version: 1\n`,
    `END RequestId: ${id}\n`,
    report + (doesFail ? failure : ''),
  ];
  const logEvents = messages.map((message, at) => ({
    id: `38${timeMs}${'0'.repeat(36)}${i}${at}`,
    timestamp: timeMs + (at === 0 ? 0 : 52),
    message,
  }));
  return JSON.stringify({
    messageType: 'DATA_MESSAGE',
    owner: '210987654321',
    logGroup: `/aws/lambda/choir-${i}`,
    logStream: `2026/02/03/[1]${'c'.repeat(31)}${i}`,
    subscriptionFilters: ['to-tripline'],
    logEvents,
  });
}
