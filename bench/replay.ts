import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { arch, cpus, loadavg, platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gzippedFile, linesFile } from './fleet-lines.ts';
import { type Measured, measuredChild } from './measured-child.ts';
import { PEERS_MAIN, type PeerResult, SQL_FORMS, type SqlForm } from './replay-peers.ts';

const HELP = `Usage: npm run bench:replay -- [options]
  --invocations N    in the file (2000000)       --functions N    in the file (5000)
  --runs N           of each candidate (3)       --seed N         of the file (1)
  --only LIST        candidates to run, such as product,parse (all)
  --main FILE        the command to measure      --json           one JSON line at the end
Candidates: product, parse, readline, sql, store, gzip.`;

const { values: flags } = parseArgs({
  options: {
    invocations: { type: 'string', default: '2000000' },
    functions: { type: 'string', default: '5000' },
    runs: { type: 'string', default: '3' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', default: 'product,parse,readline,sql,store,gzip' },
    main: { type: 'string', default: fileURLToPath(new URL('../app/main.js', import.meta.url)) },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

type Candidate = 'product' | 'parse' | 'readline' | 'sql' | 'store' | 'gzip';
const TITLES: Readonly<Record<Candidate, string>> = {
  product: 'tripline replay, store off',
  parse: 'peer: JSON.parse of every line',
  readline: 'peer: the same, lines by readline',
  sql: 'peer: one ClickHouse statement',
  store: 'tripline replay, store on',
  gzip: 'tripline replay, store off, gzip',
};

interface Run {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly peakRssBytes: number;
}

interface Input {
  readonly file: string;
  readonly zipped: string;
  readonly invocations: number;
}

/** What of a replay's summary tells that it did the work. */
interface Totals {
  readonly invocations: number;
  readonly duplicates: number;
  readonly sorted: boolean;
  readonly rejects: Readonly<Record<string, number>>;
}

/** The product's own command, from the start of its process to its end. @throws when it did not see every invocation */
async function runProduct(file: string, invocations: number, isStored: boolean): Promise<Run> {
  const directory = mkdtempSync(join(tmpdir(), 'tripline-bench-'));
  const summary = join(directory, 'summary.json');
  const store = isStored ? ['--store', join(directory, 'store'), '--invocations', 'notable'] : ['--store', 'none'];
  try {
    const run = await measuredChild([flags.main, 'replay', file, '--json', '--summary', summary, ...store]);
    const totals = JSON.parse(readFileSync(summary, 'utf8')) as Totals;
    const { rejects, sorted, duplicates } = totals;
    if (totals.invocations !== invocations || duplicates > 0 || sorted || Object.keys(rejects).length > 0) {
      throw new Error(`replay of ${invocations} invocations saw ${JSON.stringify(totals)}`);
    }
    return run;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** A peer, timed without the start of its process. @throws when an SQL form did not see every invocation */
async function runPeer(args: readonly string[], invocations: number | null): Promise<Run> {
  const run: Measured = await measuredChild([PEERS_MAIN, ...args]);
  const { wallMs, counted } = JSON.parse(run.stdout) as PeerResult;
  if (invocations !== null && counted !== invocations) throw new Error(`${args.join(' ')} counted ${counted}`);
  return { ...run, wallMs };
}

const fastest = (runs: readonly Run[]): Run => runs.reduce((a, b) => (b.wallMs < a.wallMs ? b : a));

const leastCpuMs = (runs: readonly Run[]): number => Math.min(...runs.map(({ cpuMs }) => cpuMs));

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return ((sorted[(sorted.length - 1) >> 1] ?? Number.NaN) + (sorted[sorted.length >> 1] ?? Number.NaN)) / 2;
}

/** Runs the candidates in turn, round after round, so that a busy minute of the machine hits all of them. */
async function measure(candidates: readonly Candidate[], input: Input, rounds: number): Promise<Map<Candidate, Run[]>> {
  const runs = new Map<Candidate, Run[]>(candidates.map((candidate) => [candidate, []]));
  let form: SqlForm | null = null;
  async function sql(): Promise<Run> {
    if (form !== null) return runPeer(['sql', form, input.file], input.invocations);
    const tried = new Map<Run, SqlForm>();
    for (const each of SQL_FORMS) tried.set(await runPeer(['sql', each, input.file], input.invocations), each);
    const best = fastest([...tried.keys()]);
    form = tried.get(best)!;
    process.stderr.write(`fastest form of the statement: ${form}\n`);
    return best;
  }
  const start: Readonly<Record<Candidate, () => Promise<Run>>> = {
    product: () => runProduct(input.file, input.invocations, false),
    parse: () => runPeer(['parse', input.file], null),
    readline: () => runPeer(['readline', input.file], null),
    sql,
    store: () => runProduct(input.file, input.invocations, true),
    gzip: () => runProduct(input.zipped, input.invocations, false),
  };
  for (let round = 1; round <= rounds; round++) {
    for (const candidate of candidates) {
      const run = await start[candidate]();
      runs.get(candidate)!.push(run);
      process.stderr.write(`round ${round}: ${TITLES[candidate]}: ${(run.wallMs / 1000).toFixed(2)} s\n`);
    }
  }
  return runs;
}

const perSecond = (invocations: number, ms: number): number => Math.round((1000 * invocations) / ms);
const grouped = (value: number): string => value.toLocaleString('en-US');

function table(runs: ReadonlyMap<Candidate, readonly Run[]>, invocations: number): string {
  const times = (own: Run, candidate: Candidate) => {
    const peer = runs.get(candidate);
    return peer === undefined ? '-' : (fastest(peer).wallMs / own.wallMs).toFixed(2);
  };
  const rows = [['', 'inv/s best', 'median', 'CPU s', 'peak MiB', '× parse', '× SQL']];
  for (const [candidate, list] of runs) {
    const best = fastest(list);
    rows.push([
      TITLES[candidate],
      grouped(perSecond(invocations, best.wallMs)),
      grouped(perSecond(invocations, median(list.map(({ wallMs }) => wallMs)))),
      (leastCpuMs(list) / 1000).toFixed(2),
      grouped(Math.round(Math.max(...list.map(({ peakRssBytes }) => peakRssBytes)) / 2 ** 20)),
      times(best, 'parse'),
      times(best, 'sql'),
    ]);
  }
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ');
  return `${rows.map(line).join('\n')}\n`;
}

function conditions({ file, zipped, invocations }: Input): string {
  const bytes = statSync(file).size;
  const size = `${(bytes / 1e9).toFixed(2)} GB, ${Math.round(bytes / invocations)} bytes an invocation`;
  return [
    `${grouped(invocations)} invocations of ${grouped(Number(flags.functions))} functions in one hour, Zipf-like, START + END + REPORT,`,
    `18 % of the functions in JSON format, DATA_MESSAGE lines in order of delivery: ${size}`,
    ...(zipped === '' ? [] : [`gzipped: ${(statSync(zipped).size / 1e9).toFixed(2)} GB`]),
    `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, ${platform()} ${arch()}, Node ${process.version}, load ${loadavg()[0]!.toFixed(1)} at the start`,
    'The product is timed with the start of its process, the peers without; best of the runs, peak memory the highest.',
    'The statement: best of four forms, all cores, no duplicates removed.\n\n',
  ].join('\n');
}

/** The best run of each, and how they compare; what was not run is null. */
function figures(runs: ReadonlyMap<Candidate, readonly Run[]>, invocations: number): Record<string, number | null> {
  const best = (candidate: Candidate) => {
    const list = runs.get(candidate);
    return list === undefined ? null : fastest(list).wallMs;
  };
  const rate = (candidate: Candidate) => {
    const ms = best(candidate);
    return ms === null ? null : perSecond(invocations, ms);
  };
  const ratio = (candidate: Candidate, peer: Candidate) => {
    const [own, other] = [best(candidate), best(peer)];
    return own === null || other === null ? null : Number((other / own).toFixed(3));
  };
  const cpuRatio = (candidate: Candidate, peer: Candidate) => {
    const [own, other] = [runs.get(candidate), runs.get(peer)];
    return own === undefined || other === undefined ? null : Number((leastCpuMs(other) / leastCpuMs(own)).toFixed(3));
  };
  const peak = (candidate: Candidate) => {
    const list = runs.get(candidate);
    return list === undefined ? null : Math.max(...list.map(({ peakRssBytes }) => peakRssBytes));
  };
  return {
    invocations_per_s: rate('product'),
    ratio_sql: ratio('product', 'sql'),
    ratio_parse: ratio('product', 'parse'),
    peak_rss_bytes: peak('product'),
    ratio_readline: ratio('product', 'readline'),
    cpu_ratio_sql: cpuRatio('product', 'sql'),
    cpu_ratio_parse: cpuRatio('product', 'parse'),
    sql_invocations_per_s: rate('sql'),
    parse_invocations_per_s: rate('parse'),
    readline_invocations_per_s: rate('readline'),
    store_invocations_per_s: rate('store'),
    store_ratio_sql: ratio('store', 'sql'),
    store_ratio_parse: ratio('store', 'parse'),
    store_peak_rss_bytes: peak('store'),
    gzip_invocations_per_s: rate('gzip'),
    gzip_peak_rss_bytes: peak('gzip'),
  };
}

async function main(): Promise<void> {
  if (flags.help) {
    process.stdout.write(`${HELP}\n`);
    return;
  }
  const names = flags.only.split(',');
  const candidates = (Object.keys(TITLES) as Candidate[]).filter((candidate) => names.includes(candidate));
  const invocations = Number(flags.invocations);
  process.stderr.write('making the input, once\n');
  const file = linesFile({ invocations, functions: Number(flags.functions), seed: Number(flags.seed) });
  const input: Input = { file, zipped: candidates.includes('gzip') ? await gzippedFile(file) : '', invocations };
  const text = conditions(input);
  const runs = await measure(candidates, input, Number(flags.runs));
  process.stdout.write(text + table(runs, invocations));
  if (flags.json) process.stdout.write(`${JSON.stringify(figures(runs, invocations))}\n`);
}

await main();
