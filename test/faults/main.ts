import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Broker } from './broker.ts';
import { DATA_FAULTS } from './faults-data.ts';
import { INFRA_FAULTS } from './faults-infra.ts';
import { INGEST_FAULT } from './faults-ingest.ts';
import { NEWER } from './faults-newer.ts';
import { ORDER_FAULT } from './faults-order.ts';
import { WORKER_FAULTS } from './faults-workers.ts';
import type { Lab } from './lab.ts';
import { Processes } from './processes.ts';
import { ingestOnce, measureOf, UNDISTURBED } from './reference.ts';
import { type Fault, passed, type Reference, type Row, rowOf, runWith } from './run.ts';
import { failureOf, tableOf } from './table.ts';
import { writeWorkload } from './workload.ts';

const HELP = `Usage: npm run test:faults -- [options]
Injects faults into real workers on a real broker and a real ClickHouse, and compares what each run leaves with an
undisturbed run. Prints a table; exits 0 only when every row passes.
  --quick        each fault once, 5 kills, shorter outages (CI)
  --only NAME    only the faults whose name has this in it; may be given several times
  --seed N       of when what is hit (1)
  --jobs N       runs at a time (2)
  --keep         leave folders and logs
Needs Java 17 (and once Maven) for a broker of its own. Without, KAFKA_BROKERS names one, and what would stop that one
is not run. Exit 77: there is neither.`;

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: [] },
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string', default: '2' },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const FAULTS: readonly Fault[] = [
  ...UNDISTURBED,
  ...WORKER_FAULTS,
  INGEST_FAULT,
  ...INFRA_FAULTS,
  ...DATA_FAULTS,
  ORDER_FAULT,
  NEWER,
];
const ROOT = resolve(import.meta.dirname, '../../..');
const QUICK_FEED_MS = 10_000;
const FEED_MS = 20_000;
const CANNOT = 77;

const say = (message: string): void => {
  process.stderr.write(`${message}\n`);
};

/** Why no broker can be started here; null = one can. */
function whyNoBroker(): string | null {
  const { status, stderr } = spawnSync(join(ROOT, 'infra/kafka/dev-broker'), ['--check'], { encoding: 'utf8' });
  return status === CANNOT ? stderr.trim() : null;
}

async function openLab(processes: Processes, dir: string): Promise<Lab> {
  const options = { processes, root: ROOT, dir: join(dir, 'broker') };
  const ownBroker = whyNoBroker() === null ? await Broker.start(options) : null;
  return {
    processes,
    root: ROOT,
    dir,
    brokers: ownBroker?.address ?? process.env.KAFKA_BROKERS ?? '',
    ownBroker,
    seed: Number(flags.seed),
    isQuick: flags.quick,
    feedMs: flags.quick ? QUICK_FEED_MS : FEED_MS,
    file: join(dir, 'fleet.ndjson'),
    say,
  };
}

async function referenceOf(lab: Lab): Promise<Reference> {
  const lines = writeWorkload(lab.file);
  say(`a fleet of ${lines} lines; sending it through tripline ingest`);
  const records = await ingestOnce(lab);
  say(`${records.length} records; the undisturbed run …`);
  const { outcome } = await runWith(lab, { name: 'undisturbed', records });
  process.stdout.write(`undisturbed: ${measureOf(outcome)}\n`);
  return { records, outcome };
}

const isWanted = ({ name, isSlow }: Fault): boolean =>
  flags.only.length === 0 ? !(flags.quick && isSlow === true) : flags.only.some((part) => name.includes(part));

/** Those that disturb the broker run alone, after the others. */
async function runAll(lab: Lab): Promise<Row[]> {
  const reference = await referenceOf(lab);
  const rows = new Map<Fault, Row>();
  const isAlone = (fault: Fault) => fault.needsOwnBroker === true;
  const wanted = FAULTS.filter(isWanted);
  const lane = async (waiting: Fault[]): Promise<void> => {
    for (let fault = waiting.shift(); fault !== undefined; fault = waiting.shift()) {
      const { name } = fault;
      if (isAlone(fault) && lab.ownBroker === null) {
        say(`${name}: NOT RUN, because the broker is not ours`);
        continue;
      }
      const row = await rowOf(lab, name, () => fault.run(lab, reference));
      rows.set(fault, row);
      if (!passed(row)) say(failureOf(row, lab.dir));
    }
  };
  const together = wanted.filter((fault) => !isAlone(fault));
  await Promise.all(Array.from({ length: Number(flags.jobs) }, () => lane(together)));
  await lane(wanted.filter(isAlone));
  return FAULTS.flatMap((fault) => rows.get(fault) ?? []);
}

/** For .ci/run, as infra/build/jest-results.mjs does it. */
function leaveResults(rows: readonly Row[]): void {
  const { TRIPLINE_RESULTS: file } = process.env;
  if (file === undefined) return;
  const good = rows.filter(passed).length;
  writeFileSync(file, `${JSON.stringify({ passed: good, failed: rows.length - good, skipped: 0 })}\n`);
}

async function main(): Promise<number> {
  if (flags.help) {
    process.stdout.write(`${HELP}\n`);
    return 0;
  }
  const why = whyNoBroker();
  if (why !== null && process.env.KAFKA_BROKERS === undefined) {
    say(`nothing was tested: ${why}, and KAFKA_BROKERS names none`);
    return CANNOT;
  }
  const processes = new Processes();
  const dir = mkdtempSync(join(tmpdir(), 'tripline-faults-'));
  let isKept = true; // until it is known that nothing went wrong
  process.once('exit', () => {
    processes.killAll();
    if (!isKept) rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      isKept = flags.keep;
      process.exit(130);
    });
  }
  say(`logs and folders: ${dir}`);
  const startMs = Date.now();
  const rows = await runAll(await openLab(processes, dir));
  process.stdout.write(tableOf(rows));
  leaveResults(rows);
  const failed = rows.filter((row) => !passed(row));
  for (const row of failed) process.stdout.write(`${failureOf(row, dir)}\n`);
  const seconds = ((Date.now() - startMs) / 1000).toFixed(0);
  process.stdout.write(`${rows.length - failed.length} of ${rows.length} rows pass, ${seconds} s\n`);
  isKept = flags.keep || failed.length > 0;
  return rows.length > 0 && failed.length === 0 ? 0 : 1;
}

process.exitCode = await main().catch((error: unknown) => {
  say(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return 1;
});
process.exit();
