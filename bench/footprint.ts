import { fork } from 'node:child_process';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Fleet } from '../alerts/fleet.ts';
import { Engine } from '../detectors/engine.ts';
import { PAGE } from '../detectors/page.ts';
import { DEFAULT_SETTINGS } from '../detectors/settings.ts';
import { DEFAULT_PRICES } from '../ingest/pricing.ts';
import { fill, LEARNT_DAYS, learn, TEMPLATES, Traffic } from './learnt-fleet.ts';

const HELP = `Usage: npm run bench:footprint -- [options]
  --sizes LIST   numbers of functions (1000,10000,100000,500000)
  --cycles N     least number of measured quarters of an hour (2)
  --json         one JSON line at the end
  --worker N     measure N functions in this process, for a profiler`;

const { values: flags } = parseArgs({
  options: {
    sizes: { type: 'string', default: '1000,10000,100000,500000' },
    cycles: { type: 'string', default: '2' },
    worker: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

/** As live: what came up to 15 minutes ago is known not to be counted twice. */
const LATENESS_MS = 15 * 60_000;
const CYCLE_MINUTES = 15;
/** Small fleets are measured for more cycles: at least this many calls. */
const LEAST_CALLS = 1_000_000;
const WARM_CYCLES = 1;
const MINUTE_MS = 60_000;

interface Footprint {
  readonly functions: number;
  /** what the process holds, after a full collection: freshly filled, and after the traffic */
  readonly filled: Memory;
  readonly afterTraffic: Memory;
  /** of the latter: keys of events seen, and open windows with what waits for another piece; they follow the rate of calls */
  readonly seenBytes: number;
  readonly openBytes: number;
  /** fastest quarter of an hour, µs a call, its share of grading and learning included */
  readonly usPerCall: number;
  readonly cycles: readonly number[];
  readonly alerts: number;
}

interface Memory {
  readonly rss: number;
  readonly heap: number;
  readonly buffers: number;
}

function memory(): Memory {
  if (globalThis.gc === undefined) throw new Error('needs node --expose-gc');
  globalThis.gc();
  globalThis.gc();
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  return { rss, heap: heapUsed, buffers: arrayBuffers };
}

/** The engine with the fleet stage behind it, every signal on, without rows for a store. */
function createEngine(onAlert: () => void): Engine {
  const fleet = new Fleet('footprint', onAlert);
  const options = {
    settings: { ...DEFAULT_SETTINGS, latenessMs: LATENESS_MS },
    pricesOf: () => DEFAULT_PRICES,
    invocations: 'none' as const,
    records: false,
  };
  return new Engine(options, (minute) => fleet.step(minute));
}

/** Fills an engine, lets every function be called once a minute, and says what that took. */
function measure(functions: number): Footprint {
  const learnt = learn(createEngine(() => {}));
  let alerts = 0;
  const engine = createEngine(() => {
    alerts++;
  });
  let stepUs = 0; // processor time: other work on the machine counts less
  const traffic = new Traffic(functions, 2, (block) => {
    const start = process.cpuUsage();
    engine.step(block);
    const { user, system } = process.cpuUsage(start);
    stepUs += user + system;
  });
  fill(engine, traffic.keys, learnt);
  const filled = memory();
  const wanted = Math.max(Number(flags.cycles), Math.ceil(LEAST_CALLS / CYCLE_MINUTES / Math.max(1, functions)));
  const cycles: number[] = [];
  let minuteMs = learnt.endMs;
  for (let cycle = 0; functions > 0 && cycle < WARM_CYCLES + wanted; cycle++) {
    stepUs = 0;
    for (let i = 0; i < CYCLE_MINUTES; i++, minuteMs += MINUTE_MS) traffic.minute(minuteMs, () => 1);
    if (cycle >= WARM_CYCLES) cycles.push(stepUs / CYCLE_MINUTES / functions);
  }
  const afterTraffic = memory();
  let seenBytes = 0;
  let openBytes = 0;
  for (const { reports, lines, cells, histograms } of engine.shards) {
    seenBytes += reports.bytes + lines.bytes;
    openBytes += cells.bytes + histograms.nodes.byteLength;
  }
  return { functions, filled, afterTraffic, seenBytes, openBytes, usPerCall: Math.min(...cycles), cycles, alerts };
}

/** Each size in a process of its own. */
function measureApart(functions: number): Promise<Footprint> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), ['--worker', String(functions), '--cycles', flags.cycles], {
      execArgv: [...new Set([...process.execArgv, '--expose-gc'])],
      serialization: 'advanced',
    });
    let footprint: Footprint | null = null;
    child.on('message', (message) => {
      footprint = message as Footprint;
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (footprint === null) reject(new Error(`${functions} functions ended with ${code}`));
      else resolve(footprint);
    });
  });
}

const mebibytes = (bytes: number): string => Math.round(bytes / 2 ** 20).toLocaleString('en-US');

/** Resident memory beyond an engine without functions, and beyond what follows the rate of calls. */
function residentBytes(footprint: Footprint, empty: Footprint): number {
  const rateBound = footprint.seenBytes + footprint.openBytes - empty.seenBytes - empty.openBytes;
  return footprint.afterTraffic.rss - empty.afterTraffic.rss - rateBound;
}

function table(footprints: readonly Footprint[], empty: Footprint): string {
  const rows = [
    [
      'functions',
      'state MiB',
      'bytes/fn',
      'heap',
      'buffers',
      'seen',
      'open',
      'rss in all',
      'µs/call',
      '× 1st',
      'alerts',
    ],
  ];
  for (const it of footprints) {
    const resident = residentBytes(it, empty);
    rows.push([
      it.functions.toLocaleString('en-US'),
      mebibytes(resident),
      Math.round(resident / it.functions).toLocaleString('en-US'),
      mebibytes(it.afterTraffic.heap - empty.afterTraffic.heap),
      mebibytes(it.afterTraffic.buffers - empty.afterTraffic.buffers),
      mebibytes(it.seenBytes),
      mebibytes(it.openBytes),
      mebibytes(it.afterTraffic.rss),
      it.usPerCall.toFixed(2),
      (it.usPerCall / footprints[0]!.usPerCall).toFixed(2),
      String(it.alerts),
    ]);
  }
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return `${rows.map((row) => row.map((cell, i) => cell.padStart(widths[i]!)).join('  ')).join('\n')}\n`;
}

const CONDITIONS = `Every signal on, store off, ${LATENESS_MS / MINUTE_MS} minutes of lateness. Functions are filled, not played: ${TEMPLATES} functions were played through the
engine for ${LEARNT_DAYS} days, one call a minute, and their pages (${PAGE * 4} bytes, every profile filled) are copied to all, with names and request
ids of their own. Then each is called once a minute, in shuffled order, with REPORT + START, Insights and at times a status.
state = resident memory, keys included, after a full collection, beyond an engine without functions; seen = keys of events against
duplicates, open = open windows: both follow the rate of calls, and are not in it. heap and buffers: as V8 counts, rate included.
µs/call: processor time of the fastest quarter of an hour, grading, learning and collection included.
`;

async function main(): Promise<void> {
  if (flags.help) {
    process.stdout.write(`${HELP}\n`);
    return;
  }
  if (flags.worker !== undefined) {
    const footprint = measure(Number(flags.worker));
    if (process.send === undefined) process.stdout.write(`${JSON.stringify(footprint)}\n`);
    else process.send(footprint);
    return;
  }
  const empty = await measureApart(0);
  const footprints: Footprint[] = [];
  for (const size of flags.sizes.split(',')) {
    footprints.push(await measureApart(Number(size)));
    process.stderr.write(
      `${size} functions: ${footprints
        .at(-1)!
        .cycles.map((us) => us.toFixed(2))
        .join(', ')} µs a call\n`,
    );
  }
  const machine = `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.version}\n\n`;
  process.stdout.write(CONDITIONS + machine + table(footprints, empty));
  const largest = footprints.at(-1)!;
  const figures = {
    [`bytes_at_${largest.functions / 1000}k`]: residentBytes(largest, empty),
    [`slowdown_at_${largest.functions / 1000}k`]: Number((largest.usPerCall / footprints[0]!.usPerCall).toFixed(3)),
    seen_and_open_bytes: largest.seenBytes + largest.openBytes,
    rss_bytes: largest.afterTraffic.rss,
    us_per_call: Object.fromEntries(footprints.map((it) => [it.functions, Number(it.usPerCall.toFixed(3))])),
  };
  if (flags.json) process.stdout.write(`${JSON.stringify(figures)}\n`);
}

await main();
