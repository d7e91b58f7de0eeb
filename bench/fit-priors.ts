import { parseArgs } from 'node:util';
import type { Pipeline } from '../app/pipeline.ts';
import { BAD, P, PAGE } from '../detectors/page.ts';
import { PRIORS, PRIORS_DIGEST } from '../models/priors/priors.ts';
import { quantile } from '../scenarios/report.ts';
import { parseFleet } from './parsed-fleet.ts';

const HELP = `Usage: npm run fit:priors -- [options]
What functions are like after days of normal life, beside the pooled priors that ship. Changes nothing.
  --seeds N          fleets, of the development seeds 101 to 110 (10)
  --functions N      of a fleet (60)               --days N          of a fleet (7)
  --invocations N    of a fleet (150000)           --json            one JSON line at the end`;
const START_MS = Date.UTC(2026, 10, 2); // a Monday
/** Seeds that constants may be fitted on; all others are kept for judging. */
const FIRST_SEED = 101;
const LAST_SEED = 110;
/** Upper ends of the classes of configured memory, MiB: small, usual, large. */
const CLASSES_MIB = [256, 1024, Number.POSITIVE_INFINITY];
/** Functions that make a class. */
const LEAST_FUNCTIONS = 10;

const { values: flags } = parseArgs({
  options: {
    seeds: { type: 'string', default: '10' },
    functions: { type: 'string', default: '60' },
    days: { type: 'string', default: '7' },
    invocations: { type: 'string', default: '150000' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

/** A prior and what a function's own page says of it; null where it has seen too little. */
interface Quantity {
  readonly name: string;
  readonly shipped: number;
  readonly of: (page: Float32Array) => number | null;
  /** shares only: bad calls and calls, for the calls that the prior is worth */
  readonly counts?: (page: Float32Array) => readonly [bad: number, calls: number];
  readonly shippedCalls?: number;
}

/** A ratio of two sums in the page, where the lower one is at least `least`. */
const ratio = (name: string, shipped: number, above: number, below: number, least: number): Quantity => ({
  name,
  shipped,
  of: (page) => (page[below]! < least ? null : page[above]! / page[below]!),
});

const CALLS = 100;
const BLOCKS = 12;
const SQUARES = 50;

function share(name: keyof typeof PRIORS.shares, bad: number): Quantity {
  const at = P.bad + 4 * bad;
  const { share: shipped, calls } = PRIORS.shares[name];
  const of = (page: Float32Array) => (page[at + 1]! < CALLS ? null : page[at]! / page[at + 1]!);
  return { name: `share ${name}`, shipped, shippedCalls: calls, of, counts: (page) => [page[at]!, page[at + 1]!] };
}

const { logs } = PRIORS;
const QUANTITIES: readonly Quantity[] = [
  share('errors', BAD.err),
  share('timeouts', BAD.tmo),
  share('nearTimeouts', BAD.near),
  share('oom', BAD.oom),
  share('coldStarts', BAD.cold),
  share('access', BAD.acc),
  share('slow', BAD.tail),
  ratio('duration: variance', logs.duration.variance, P.dur + 2, P.dur, CALLS),
  ratio('duration: between blocks', logs.duration.between, P.dur + 3, P.dur + 4, BLOCKS),
  ratio('egress: variance', logs.egress.variance, P.egr + 2, P.egr, CALLS),
  ratio('egress: between blocks', logs.egress.between, P.egr + 3, P.egr + 4, BLOCKS),
  ratio('memory: variance', logs.memory.variance, P.mem + 2, P.mem, BLOCKS),
  ...[1, 5, 15, 60, 240].map((minutes, h) =>
    ratio(`phi of ${minutes} min`, PRIORS.dispersion.phi[h]!, P.disp + 2 * h, P.disp + 2 * h + 1, SQUARES),
  ),
  ratio('cost: variation', PRIORS.amounts.variation, P.cost + 2, P.cost + 3, BLOCKS),
  ratio('bytes: variation', PRIORS.amounts.variation, P.bytes + 2, P.bytes + 3, BLOCKS),
];

/** The pages of all functions of a pipeline. */
function* pagesOf(pipeline: Pipeline): Generator<Float32Array> {
  for (const [name, bytes] of pipeline.snapshot()) {
    if (!name.endsWith('/pages')) continue;
    const pages = new Float32Array(bytes.slice().buffer);
    for (let at = 0; at < pages.length; at += PAGE) yield pages.subarray(at, at + PAGE);
  }
}

const middle = (values: readonly number[], q: number) => quantile(values, q) ?? Number.NaN;

/**
 * The calls that a share is worth: a beta prior by moments (Kleinman 1973), its variance that of the functions' shares less
 * what chance makes of shares. Infinite where chance explains all.
 */
function worthOf(counts: readonly (readonly [number, number])[]): number {
  const shares = counts.map(([bad, calls]) => bad / calls);
  const mean = sum(shares) / shares.length;
  const variance = sum(shares.map((one) => (one - mean) ** 2)) / Math.max(1, shares.length - 1);
  const chance = (mean * (1 - mean) * sum(counts.map(([, calls]) => 1 / calls))) / counts.length;
  return variance > chance ? Math.max(0, (mean * (1 - mean)) / (variance - chance) - 1) : Number.POSITIVE_INFINITY;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

interface Fit {
  readonly name: string;
  readonly functions: number;
  /** median of the functions; of shares, which most functions have none of, the mean */
  readonly fitted: number;
  readonly low: number;
  readonly high: number;
  readonly shipped: number;
  readonly calls: number | null;
  readonly shippedCalls: number | null;
  readonly classes: readonly number[];
  /** furthest class from the whole, in spreads of functions (half of their middle 68 %) */
  readonly apart: number;
}

function fit(quantity: Quantity, pages: readonly Float32Array[]): Fit {
  const known = pages.filter((page) => quantity.of(page) !== null);
  const valuesOf = (those: readonly Float32Array[]) => those.map((page) => quantity.of(page)!);
  const values = valuesOf(known);
  const centre = (those: readonly number[]) =>
    quantity.counts === undefined ? middle(those, 0.5) : sum(those) / those.length;
  const fitted = centre(values);
  const classes = CLASSES_MIB.map((atMost, i) => {
    const above = CLASSES_MIB[i - 1] ?? 0;
    const those = known.filter((page) => page[P.memoryKib]! / 1024 > above && page[P.memoryKib]! / 1024 <= atMost);
    return those.length < LEAST_FUNCTIONS ? Number.NaN : centre(valuesOf(those));
  });
  const spread = (middle(values, 0.84) - middle(values, 0.16)) / 2;
  const apart = Math.max(0, ...classes.filter((one) => !Number.isNaN(one)).map((one) => Math.abs(one - fitted)));
  const { name, shipped, counts, shippedCalls = null } = quantity;
  const calls = counts === undefined || known.length < 2 ? null : worthOf(known.map(counts));
  const range = { low: middle(values, 0.1), high: middle(values, 0.9) };
  const ofSpread = spread > 0 ? apart / spread : 0;
  return { name, functions: known.length, fitted, ...range, shipped, calls, shippedCalls, classes, apart: ofSpread };
}

const show = (value: number | null) =>
  value === null
    ? ''
    : Number.isFinite(value)
      ? String(Number(value.toPrecision(2)))
      : Number.isNaN(value)
        ? '-'
        : 'any';

function table(fits: readonly Fit[]): string {
  const row = (cells: readonly string[]) =>
    cells.map((cell, i) => (i === 0 ? cell.padEnd(26) : cell.padStart(10))).join(' ');
  const head = [
    'prior',
    'functions',
    'fitted',
    '10 %',
    '90 %',
    'shipped',
    'calls',
    'shipped',
    '≤256 MiB',
    '≤1024',
    'more',
    'apart',
  ];
  const lines = fits.map((one) =>
    row([
      one.name,
      String(one.functions),
      ...[one.fitted, one.low, one.high, one.shipped, one.calls, one.shippedCalls, ...one.classes, one.apart].map(show),
    ]),
  );
  const different = fits.filter(({ apart }) => apart > 1).map(({ name }) => name);
  return `shipped: ${PRIORS.version}, ${PRIORS_DIGEST.slice(0, 16)}

${row(head)}
${lines.join('\n')}

apart  = the memory class furthest from all functions, in spreads of functions; a class is worth a prior of its own above 1:
         ${different.length === 0 ? 'none' : different.join(', ')}
Account classes are not fitted: a fleet is one account, and what is usual in one live account would be learnt, not frozen.
Triggers are not fitted: no format read today tells them.
`;
}

async function main(): Promise<void> {
  if (flags.help) {
    process.stdout.write(`${HELP}\n`);
    return;
  }
  const last = FIRST_SEED + Number(flags.seeds) - 1;
  if (!(last >= FIRST_SEED && last <= LAST_SEED)) throw new RangeError(`--seeds: 1 to ${LAST_SEED - FIRST_SEED + 1}`);
  const pages: Float32Array[] = [];
  for (let seed = FIRST_SEED; seed <= last; seed++) {
    // normal life alone: what an incident looks like is no prior
    const parsed = await parseFleet({
      seed,
      functions: Number(flags.functions),
      days: Number(flags.days),
      invocations: Number(flags.invocations),
      incidents: 0,
      holes: 0,
      startMs: START_MS,
    });
    let pipeline: Pipeline | undefined;
    parsed.run({}, (made) => {
      pipeline = made;
    });
    pages.push(...pagesOf(pipeline!));
    process.stderr.write(`seed ${seed} done\n`);
  }
  const fits = QUANTITIES.map((quantity) => fit(quantity, pages));
  process.stdout.write(table(fits));
  if (flags.json) process.stdout.write(`${JSON.stringify({ version: PRIORS.version, fits })}\n`);
}

await main();
