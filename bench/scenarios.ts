import { fork, spawn } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Fleet, type FleetOptions, generateFleet } from '../scenarios/fleet.ts';
import { formatReport, type SeedResult } from '../scenarios/report.ts';
import { type ScoredAlert, score } from '../scenarios/score.ts';
import { truthOf } from './fleet-truth.ts';
import { ZScorePeer } from './zscore.ts';

const HELP = `Usage: npm run bench:scenarios -- [options]
  --seeds N          fleets to run (20)            --first-seed S    first of them (1)
  --functions N      of a fleet (60)               --days N          of a fleet (14)
  --invocations N    of a fleet (2000000)          --incidents N     of a fleet (22)
  --jobs N           fleets at a time (2)          --verbose         list misses and false alerts
  --json             one JSON line at the end      --write DIR       only write the fleets and their labels
  --peers-only       leave the product out         --keep DIR        keep the product's alerts here`;
const START_MS = Date.UTC(2026, 10, 2); // a Monday
const CHUNK_CHARACTERS = 1 << 20;
const MAIN = fileURLToPath(new URL('../app/main.js', import.meta.url));

const { values: flags } = parseArgs({
  options: {
    seeds: { type: 'string', default: '20' },
    'first-seed': { type: 'string', default: '1' },
    functions: { type: 'string', default: '60' },
    days: { type: 'string', default: '14' },
    invocations: { type: 'string', default: '2000000' },
    incidents: { type: 'string', default: '22' },
    jobs: { type: 'string', default: '2' },
    write: { type: 'string' },
    keep: { type: 'string' },
    'product-main': { type: 'string', default: MAIN },
    worker: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
    'peers-only': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

function optionsFor(seed: number): FleetOptions {
  return {
    seed,
    functions: Number(flags.functions),
    days: Number(flags.days),
    invocations: Number(flags.invocations),
    incidents: Number(flags.incidents),
    startMs: START_MS,
  };
}

/** Writes the fleet's lines, one a line. */
function writeLines(fleet: Fleet, file: string): void {
  const out = openSync(file, 'w', 0o600);
  let chunk = '';
  for (const line of fleet.lines()) {
    chunk += `${line}\n`;
    if (chunk.length < CHUNK_CHARACTERS) continue;
    writeSync(out, chunk);
    chunk = '';
  }
  writeSync(out, chunk);
  closeSync(out);
}

function writeFleet(seed: number, directory: string): void {
  mkdirSync(directory, { recursive: true });
  const fleet = generateFleet(optionsFor(seed));
  writeLines(fleet, join(directory, `fleet-${seed}.ndjson`));
  const { labels, benign, profiles, warmMs, endMs, options } = fleet;
  const all = { options, warmMs, endMs, totals: fleet.totals(), incidents: labels, benign, profiles };
  writeFileSync(join(directory, `labels-${seed}.json`), `${JSON.stringify(all, null, 1)}\n`);
  process.stderr.write(`seed ${seed}: ${JSON.stringify(fleet.totals())}\n`);
}

/** Runs the product's own command over the file, as a user would, and reads its alert events. */
async function productAlerts(file: string): Promise<ScoredAlert[]> {
  const child = spawn(process.execPath, [flags['product-main'], 'replay', file, '--json', '--store', 'none'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints = (complaints + text).slice(-4000);
  });
  const exit = new Promise<number | null>((resolve, reject) => child.once('close', resolve).once('error', reject));
  const alerts: ScoredAlert[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    if (line !== '') alerts.push(JSON.parse(line) as ScoredAlert);
  }
  const code = await exit;
  if (code !== 0) throw new Error(`replay of ${file} ended with ${code}:\n${complaints}`);
  return alerts;
}

async function runSeed(seed: number): Promise<SeedResult> {
  const peer = new ZScorePeer(START_MS);
  const fleet = generateFleet({ ...optionsFor(seed), observe: (call, delivered) => peer.observe(call, delivered) });
  const directory = mkdtempSync(join(tmpdir(), 'tripline-bench-'));
  try {
    const file = join(directory, `fleet-${seed}.ndjson`);
    writeLines(fleet, file);
    const truth = truthOf(fleet);
    const scores: SeedResult['scores'] = {};
    if (!flags['peers-only']) {
      const alerts = await productAlerts(file);
      if (flags.keep !== undefined) keep(seed, alerts);
      scores.tripline = score(alerts, truth);
    }
    for (const sigma of [6, 8]) scores[`z-score ${sigma} sigma`] = score(peer.alerts(sigma, fleet.endMs), truth);
    return { seed, totals: fleet.totals(), scores };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function keep(seed: number, alerts: readonly ScoredAlert[]): void {
  mkdirSync(flags.keep ?? '.', { recursive: true });
  const lines = alerts.map((alert) => `${JSON.stringify(alert)}\n`).join('');
  writeFileSync(join(flags.keep ?? '.', `alerts-${seed}.ndjson`), lines);
}

/** One seed in a process of its own; its result comes back as a message. */
function runApart(seed: number): Promise<SeedResult> {
  return new Promise((resolve, reject) => {
    const file = fileURLToPath(import.meta.url);
    const child = fork(file, [...process.argv.slice(2), '--worker', '--first-seed', String(seed)], {
      execArgv: process.execArgv,
    });
    let result: SeedResult | null = null;
    child.on('message', (message) => {
      result = message as SeedResult;
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (result === null) reject(new Error(`seed ${seed} ended with ${code}`));
      else resolve(result);
    });
  });
}

async function runAll(): Promise<SeedResult[]> {
  const first = Number(flags['first-seed']);
  const waiting = Array.from({ length: Number(flags.seeds) }, (_, i) => first + i);
  const results: SeedResult[] = [];
  async function work(): Promise<void> {
    for (let seed = waiting.shift(); seed !== undefined; seed = waiting.shift()) {
      results.push(await runApart(seed));
      process.stderr.write(`seed ${seed} done\n`);
    }
  }
  await Promise.all(Array.from({ length: Number(flags.jobs) }, work));
  return results.sort((a, b) => a.seed - b.seed);
}

async function main(): Promise<void> {
  if (flags.help) {
    process.stdout.write(`${HELP}\n`);
  } else if (flags.write !== undefined) {
    for (let i = 0; i < Number(flags.seeds); i++) writeFleet(Number(flags['first-seed']) + i, flags.write);
  } else if (flags.worker) {
    process.send?.(await runSeed(Number(flags['first-seed'])));
  } else {
    process.stdout.write(formatReport(await runAll(), { verbose: flags.verbose, json: flags.json }));
  }
}

await main();
