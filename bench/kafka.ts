/** What Kafka costs beside the engine and the parser alone: npm run bench:kafka -- --help */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { linesFile } from './fleet-lines.ts';
import { startBroker } from './kafka-broker.ts';
import type { Place } from './kafka-context.ts';
import { type Latencies, measureLatency } from './kafka-latency.ts';
import { Figures, type Input, latencyText } from './kafka-report.ts';
import { runTask, runWorkers } from './kafka-run.ts';
import { endsOf, removeTopics } from './kafka-topic.ts';

const HELP = `Usage: npm run bench:kafka -- [options]
  --invocations N   on the topic (6000000)      --functions N    of the file (5000)
  --runs N          of each candidate (2)       --partitions N   of the topic of fragments (16)
  --workers LIST    numbers of workers (1,2,4)  --rate N         invocations a second, for the latency (10000)
  --bursts N        for the latency (50)        --quick          200,000 invocations, one run, 10 bursts
  --skip-latency    throughput alone            --skip-rates     latency alone
  --json            one JSON line at the end
On the broker of KAFKA_BROKERS, host:port with commas between, or else on one of its own (Java 17). Store: none.`;

const { values: flags } = parseArgs({
  options: {
    invocations: { type: 'string' },
    functions: { type: 'string', default: '5000' },
    runs: { type: 'string' },
    partitions: { type: 'string', default: '16' },
    workers: { type: 'string', default: '1,2,4' },
    rate: { type: 'string', default: '10000' },
    bursts: { type: 'string' },
    quick: { type: 'boolean', default: false },
    'skip-latency': { type: 'boolean', default: false },
    'skip-rates': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const rounds = Number(flags.runs ?? (flags.quick ? 1 : 2));
const workers = flags.workers.split(',').map(Number);

/** Everything in turn, round after round, so that a busy minute of the machine hits all of them. */
async function measure({ file }: Input, figures: Figures, placeOf: (name: string) => Place): Promise<void> {
  for (let round = 1; round <= rounds; round++) {
    figures.add('parse', await runTask({ kind: 'parse', file }));
    const filled = placeOf(`filled-${round}`);
    figures.add('ingest', await runTask({ kind: 'ingest', file, place: filled }));
    const ends = await endsOf(filled);
    figures.records = [...ends.values()].reduce((sum, end) => sum + end, 0);
    for (const count of workers) {
      if (count === workers[0]) figures.add('memory', await runTask({ kind: 'memory', place: filled }));
      const run = placeOf(`run-${round}-${count}`);
      const task = { kind: 'worker', place: run, filled: filled.prefix, run: run.prefix } as const;
      figures.add(`${count} worker`, await runWorkers(Array(count).fill(task), ends));
      await removeTopics(run);
    }
    figures.add('raw', await runTask({ kind: 'raw', place: filled }));
    await removeTopics(filled);
  }
}

/** @throws where the figures would not be of what they say they are */
async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tripline-bench-kafka-'));
  const invocations = Number(flags.invocations ?? (flags.quick ? 200_000 : 6_000_000));
  const functions = Number(flags.functions);
  process.stderr.write('making the input, once\n');
  const file = linesFile({ invocations, functions, seed: 1 });
  const input: Input = {
    file,
    invocations,
    functions,
    bytes: statSync(file).size,
    partitions: Number(flags.partitions),
  };
  const load = loadavg()[0]!;
  const broker = await startBroker(process.env['KAFKA_BROKERS']);
  const placeOf = (name: string): Place => {
    const prefix = `bench-${process.pid}-${name}`;
    return { brokers: broker.brokers, prefix, partitions: input.partitions, state: join(folder, name) };
  };
  const figures = new Figures(input, (line) => process.stderr.write(`${line}\n`));
  let latencies: Latencies | null = null;
  try {
    if (!flags['skip-rates']) await measure(input, figures, placeOf);
    if (!flags['skip-latency']) {
      const bursts = Number(flags.bursts ?? (flags.quick ? 10 : 50));
      const place = placeOf('latency');
      const rate = Number(flags.rate);
      const historyHours = 25;
      const nodeFlags = process.execArgv.filter((flag) => flag.startsWith('--cpu-prof'));
      latencies = await measureLatency({ place, rate, bursts, everyMs: 1500, historyHours, nodeFlags });
      await removeTopics(place);
    }
  } finally {
    await broker.close();
    rmSync(folder, { recursive: true, force: true });
  }
  const machine = `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores for everything, the broker too; Node ${process.version}; load ${load.toFixed(1)} at the start`;
  process.stdout.write(figures.text(`${broker.description}\n${machine}`));
  if (latencies !== null) process.stdout.write(latencyText(latencies, Number(flags.rate)));
  if (flags.json) process.stdout.write(`${JSON.stringify(figures.json(latencies))}\n`);
}

if (flags.help) process.stdout.write(`${HELP}\n`);
else await main();
