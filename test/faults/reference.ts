import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Notice } from '../../alerts/notice.ts';
import type { Outcome } from './compare.ts';
import { type Due, spread } from './feeder.ts';
import { Installation } from './installation.ts';
import { type Lab, until } from './lab.ts';
import { against, disturbed, type Fault, type Ran } from './run.ts';
import { readTopic } from './topics.ts';

const READ_MS = 180_000;
/** Nothing has changed for so long: it is done. */
const CALM_MS = 8_000;

/** The least that must be there for a comparison to mean something. */
const LEAST: Readonly<Record<string, number>> = {
  alerts: 25,
  kinds: 6,
  functions: 30,
  'rows of invocations': 10_000,
  'rows of function_minutes': 10_000,
  'rows of scores': 100,
  'rows of alert_events': 25,
  'rows of alerts': 10,
  'rows of alert_history': 50,
  'rows of coverage': 100,
  'rows of rejects': 3,
};

/** Sends the file through `tripline ingest` once. Returns what then lies in the topics: every run gets the same. */
export async function ingestOnce(lab: Lab): Promise<Due[]> {
  const installation = await Installation.open(lab, 'ingest once');
  try {
    const child = installation.launch('ingest', 'ingest', [lab.file]);
    const { code } = await child.endedWithin(READ_MS, 'after its start');
    if (code !== 0) throw new Error(`tripline ingest ended with ${code}: ${child.logFile}`);
    const { topics, progress } = installation;
    const fragments = await readTopic(topics, 'fragments', await progress.ends('fragments'));
    const rejects = await readTopic(topics, 'rejects', await progress.ends('rejects'));
    return [...spread('fragments', fragments), ...spread('rejects', rejects)];
  } finally {
    await installation.close();
  }
}

/** `tripline run FILE`: the same in one process, on the local log. */
async function runLocally(lab: Lab, expected: Outcome): Promise<Ran> {
  const name = 'tripline run FILE';
  const bus = { local: { dir: join(lab.dir, 'tripline-run-FILE', 'bus') } };
  const installation = await Installation.open(lab, name, { bus });
  try {
    const child = await installation.start('run', 'run', [lab.file]);
    await child.said(/read 1 input/, READ_MS);
    // a busy machine is silent for long: what is expected is waited for, and then whether more comes
    const { store } = installation;
    const count = async (view: string) => Number((await store.rows(`SELECT count() FROM ${view}`))[0]);
    const isThere = async (view: string) => (await count(view)) >= (expected.tables.get(view)?.length ?? 0);
    await until('all of what is expected', READ_MS, async () => {
      return (await isThere('function_minutes')) && (await isThere('alert_events'));
    }).catch((error: Error) => lab.say(error.message)); // the comparison shows what is missing
    let state = '';
    let sinceMs = Date.now();
    await until('the end of what tripline run says', READ_MS, async () => {
      const now = `${sizeOf(installation.alertsFile)} ${await installation.store.rows('SELECT (SELECT count() FROM function_minutes), (SELECT count() FROM alert_events)')}`;
      if (now !== state) sinceMs = Date.now();
      state = now;
      await wait(500);
      return Date.now() - sinceMs > CALM_MS;
    });
    await installation.endAll();
    return { injected: 'one process, the local log', outcome: await installation.outcome() };
  } finally {
    await installation.close();
  }
}

const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;

/** What there is, as counts. @throws {Error} where it is so little that equality would say nothing */
export function measureOf({ alerts, tables }: Outcome): string {
  const events = alerts.map((line) => (JSON.parse(line) as Notice).event);
  const counts: Record<string, number> = {
    alerts: alerts.length,
    kinds: new Set(events.map(({ signal }) => signal)).size,
    functions: tables.get('functions')?.length ?? 0,
  };
  for (const [name, rows] of tables) counts[`rows of ${name}`] = rows.length;
  for (const [name, least] of Object.entries(LEAST)) {
    if ((counts[name] ?? 0) < least) throw new Error(`the undisturbed run has ${counts[name] ?? 0} ${name}: too few`);
  }
  if (!events.some(({ functions }) => (functions?.length ?? 0) > 1)) {
    throw new Error('the undisturbed run has no alert of several functions');
  }
  return Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
}

const withWorkers = (count: number): Fault => {
  const name = `${count} detect worker${count === 1 ? '' : 's'}`;
  return disturbed(name, async () => 'nothing', { detectWorkers: count });
};

/** However many share the work, and whatever carries it, the result is one: else there is nothing to compare with. */
export const UNDISTURBED: readonly Fault[] = [
  withWorkers(1),
  { ...withWorkers(2), isSlow: true }, // the same as the run that all are compared with
  withWorkers(3),
  {
    name: 'tripline run FILE',
    async run(lab, { outcome }) {
      return against(outcome, await runLocally(lab, outcome));
    },
  },
];
