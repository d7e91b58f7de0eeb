import { mkdtemp, open, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Engine } from '../detectors/engine.ts';
import { DEFAULT_SETTINGS } from '../detectors/settings.ts';
import { shardPages } from '../detectors/shard-pages.ts';
import { restoreShard } from '../detectors/shard-snapshot.ts';
import { openSnapshots, type Snapshots } from '../infra/state.ts';
import { DEFAULT_PRICES } from '../ingest/pricing.ts';
import { fill, learn, Traffic } from './learnt-fleet.ts';

const HELP = `Usage: npm run bench:snapshot -- [options]
  --sizes LIST    numbers of functions (10000,100000)
  --asleep SHARE  share of the functions that sleep (0)
  --dir DIR       where to write (the temporary folder)
  --json          one JSON line at the end`;

const { values: flags } = parseArgs({
  options: {
    sizes: { type: 'string', default: '10000,100000' },
    asleep: { type: 'string', default: '0' },
    dir: { type: 'string', default: tmpdir() },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

/** As live: what came up to 15 minutes ago is known not to be counted twice. */
const LATENESS_MS = 15 * 60_000;
const MINUTE_MS = 60_000;
const TRAFFIC_MINUTES = 16;

interface Timed {
  readonly ms: number;
  /** longest time in which nothing else had its turn, ms */
  readonly stallMs: number;
}

async function timed<T>(run: () => Promise<T>): Promise<Timed & { readonly result: T }> {
  await setImmediate();
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const start = performance.now();
  const result = await run();
  const ms = performance.now() - start;
  await setImmediate();
  delay.disable();
  return { ms, stallMs: delay.max / 1e6, result };
}

const createEngine = () =>
  new Engine(
    {
      settings: { ...DEFAULT_SETTINGS, latenessMs: LATENESS_MS },
      pricesOf: () => DEFAULT_PRICES,
      invocations: 'none',
      records: false,
    },
    () => {},
  );

function* pagesOf(engine: Engine): Generator<readonly [string, Uint8Array]> {
  const scratch = { floats: new Float32Array(0) };
  for (const shard of engine.shards) yield* shardPages(shard, scratch);
}

/** Writes as many bytes, a mebibyte at a time, and syncs: what the disk takes for it. */
async function plainWrite(dir: string, bytes: number): Promise<void> {
  const chunk = Buffer.alloc(1024 * 1024, 0x5a);
  const file = await open(join(dir, 'plain'), 'w');
  for (let left = bytes; left > 0; left -= chunk.length) await file.write(chunk, 0, Math.min(left, chunk.length));
  await file.sync();
  await file.close();
  await rm(join(dir, 'plain'));
}

interface Measured {
  readonly functions: number;
  readonly base: Timed & { readonly bytes: number };
  readonly plain: Timed;
  /** the save a minute later */
  readonly next: Timed & { readonly bytes: number; readonly kind: string };
  readonly load: Timed;
  readonly restore: Timed;
}

async function measure(functions: number, asleep: number, dir: string): Promise<Measured> {
  const learnt = learn(createEngine());
  const engine = createEngine();
  const traffic = new Traffic(functions, 2, (block) => engine.step(block));
  fill(engine, traffic.keys, learnt);
  for (const shard of engine.shards) {
    shard.awake = shard.awake.filter((slot) => (slot * 7919) % 1000 >= asleep * 1000);
    shard.isAwake.fill(0);
    for (const slot of shard.awake) shard.isAwake[slot] = 1;
  }
  let minuteMs = learnt.endMs;
  // who sleeps is not called: its calls would wake it
  const minutes = (count: number) => {
    for (let i = 0; i < count; i++, minuteMs += MINUTE_MS) {
      if (asleep === 0) traffic.minute(minuteMs, () => 1);
      else engine.tick(minuteMs);
    }
  };
  minutes(TRAFFIC_MINUTES);
  const snapshots = await openSnapshots(dir);
  const base = await save(snapshots, engine, '1');
  const plain = await timed(() => plainWrite(dir, base.bytes));
  minutes(1);
  const next = await save(snapshots, engine, '2');
  const load = await timed(async () => (await openSnapshots(dir)).load());
  const restore = await timed(async () => {
    const restored = createEngine();
    for (const shard of restored.shards) {
      restoreShard(shard, load.result!.pages);
      await setImmediate();
    }
    const kept = restored.shards.reduce((sum, shard) => sum + shard.keys.length, 0);
    if (kept !== functions) throw new Error(`${kept} of ${functions} functions came back`);
  });
  return { functions, base, plain, next, load, restore };
}

async function save(snapshots: Snapshots, engine: Engine, position: string) {
  const { ms, stallMs, result } = await timed(() => snapshots.save(pagesOf(engine), { partition: position }, null));
  return { ms, stallMs, bytes: result.bytes, kind: result.kind };
}

const mebibytes = (bytes: number): string => Math.round(bytes / 2 ** 20).toLocaleString('en-US');
const shown = ({ ms, stallMs }: Timed): string => `${Math.round(ms)} (${Math.round(stallMs)})`;

function table(rows: readonly Measured[]): string {
  const head = ['functions', 'MiB', 'save ms', 'plain ms', '×', 'next MiB', 'next ms', 'load ms', 'restore ms'];
  const cells = rows.map(({ functions, base, plain, next, load, restore }) => [
    functions.toLocaleString('en-US'),
    mebibytes(base.bytes),
    shown(base),
    shown(plain),
    (base.ms / plain.ms).toFixed(2),
    mebibytes(next.bytes),
    shown(next),
    shown(load),
    shown(restore),
  ]);
  const widths = head.map((title, column) => Math.max(title.length, ...cells.map((row) => row[column]!.length)));
  return [head, ...cells].map((row) => row.map((cell, i) => cell.padStart(widths[i]!)).join('  ')).join('\n');
}

async function main(): Promise<void> {
  if (flags.help) {
    process.stdout.write(`${HELP}\n`);
    return;
  }
  const rows: Measured[] = [];
  for (const size of flags.sizes.split(',')) {
    const dir = await mkdtemp(join(flags.dir, 'bench-snapshot-'));
    try {
      rows.push(await measure(Number(size), Number(flags.asleep), dir));
    } finally {
      await rm(dir, { recursive: true });
    }
  }
  const machine = `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.version}`;
  process.stdout.write(
    `${machine}; in brackets the longest time in which nothing else had its turn, ms\n\n${table(rows)}\n`,
  );
  if (flags.json) process.stdout.write(`${JSON.stringify(rows.map(({ load: { ms, stallMs }, ...row }) => ({ ...row, load: { ms, stallMs } })))}\n`); // biome-ignore format: the pages are left out
}

await main();
