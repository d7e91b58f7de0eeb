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
const CHUNK_CHARACTERS = 1 << 20;
/** Every so many lines one follows that is broken: rejects are a table, too. */
const BROKEN_EVERY_LINES = 4_000;
const BROKEN_LINE = '{"messageType":"DATA_MESSAGE","owner":"123456789012","logGroup":"/aws/lambda/';

/** A small fleet in which much happens: common causes, floods, silences, and a hole in everyone's telemetry. */
const fleetOptions = (seed: number): FleetOptions => ({
  seed,
  functions: 32,
  days: 3,
  warmupDays: 1.2,
  invocations: 36_000,
  startMs: START_MS,
  incidents: KINDS.length,
  holes: 1,
  wishes: KINDS.map((kind) => ({ kind, grade: 'gross' })),
});

/** Writes the subscription lines of the fleet into `file`. Returns how many. */
export function writeWorkload(file: string, seed: number): number {
  const out = openSync(file, 'w', 0o600);
  let lines = 0;
  let chunk = '';
  try {
    for (const line of generateFleet(fleetOptions(seed)).lines()) {
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
