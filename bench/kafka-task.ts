/**
 * One measured part of `bench:kafka`, in a process of its own, forked with its task as the argument. It says `ready`, works
 * from the first message it gets, and answers with what it measured.
 */
import { createPartition, type Partition } from '../app/partition.ts';
import { parserOf } from '../app/parts.ts';
import { pricesOf } from '../app/prices.ts';
import { fileSource } from '../app/replay-read.ts';
import { ingestInputs } from '../app/roles/ingest-inputs.ts';
import { liveSettings } from '../app/roles/live-settings.ts';
import { shardsOfPartition } from '../infra/bus.ts';
import { createFragmentDecoder } from '../infra/wire.ts';
import { Dictionary, type FragmentBlock, FragmentWriter } from '../ingest/fragment.ts';
import { type BenchContext, openContext } from './kafka-context.ts';
import { raw } from './kafka-raw.ts';
import { type Measured, say, type Task, timed } from './kafka-said.ts';
import { endsOf } from './kafka-topic.ts';
import { runWorker } from './kafka-worker.ts';

/** Blocks of each partition of a batch of the bus. */
const TURN_BYTES = 1024 * 1024;

/** The same bytes through the same parser; what comes out is dropped. */
async function parse(file: string): Promise<number> {
  let fragments = 0;
  const writer = new FragmentWriter((block) => {
    fragments += block.n;
  });
  const parser = parserOf({})(file, writer, () => {});
  for await (const chunk of fileSource({ name: file, sizeBytes: null }, process.stdin).open(() => {})) {
    parser.push(chunk);
  }
  parser.end();
  writer.flush();
  return fragments;
}

async function ingest({ context }: BenchContext, file: string): Promise<number> {
  const { fragments } = await ingestInputs(
    context,
    [fileSource({ name: file, sizeBytes: null }, process.stdin)],
    parserOf({}),
  );
  return fragments;
}

/** Everything on the bus, decoded: the blocks of each partition, in order, in turns of what the bus hands out at once. */
async function load({ context }: BenchContext): Promise<{ partition: number; blocks: FragmentBlock[] }[]> {
  const { fragments } = context.topics;
  const turns: { partition: number; blocks: FragmentBlock[] }[] = [];
  const decoders = Array.from({ length: fragments.partitions }, () => createFragmentDecoder(new Dictionary()));
  const open = new Set(decoders.keys());
  const stop = new AbortController();
  for await (const batch of fragments.subscribe(`load-${process.pid}`, {
    signal: stop.signal,
    maxBatchBytes: TURN_BYTES,
  })) {
    const { partition, records, nextOffset, endOffset } = batch;
    turns.push({ partition, blocks: records.map((record) => decoders[partition]!.decode(record)) });
    if (nextOffset >= endOffset) open.delete(partition);
    if (open.size === 0) break;
  }
  return turns;
}

/** The engines of all partitions, fed from memory. */
function step({ context }: BenchContext, turns: readonly { partition: number; blocks: FragmentBlock[] }[]): number {
  const { config, topics } = context;
  const { settings, configHash } = liveSettings(config);
  const { partitions } = topics.fragments;
  const engines: Partition[] = Array.from({ length: partitions }, (_, partition) =>
    createPartition({
      settings,
      configHash,
      pricesOf: pricesOf(config.prices),
      invocations: 'none',
      records: false,
      shards: shardsOfPartition(partition, partitions),
    }),
  );
  for (const { partition, blocks } of turns) {
    const engine = engines[partition]!;
    for (const block of blocks) engine.step(block);
    engine.drain();
  }
  return engines.reduce((sum, engine) => sum + engine.totals().invocations, 0);
}

async function go(): Promise<void> {
  say({ kind: 'ready' });
  await new Promise((resolve) => process.once('message', resolve));
}

async function run(task: Task): Promise<Measured> {
  if (task.kind === 'parse') {
    await go();
    return await timed(() => parse(task.file));
  }
  if (task.kind === 'raw') {
    const ends = await endsOf(task.place);
    await go();
    return await raw(task.place, ends);
  }
  if (task.kind === 'worker') return await runWorker(task, go);
  const bench = await openContext(task.place, new AbortController().signal);
  try {
    if (task.kind === 'ingest') {
      await go();
      return await timed(() => ingest(bench, task.file));
    }
    const turns = await load(bench);
    await go();
    return await timed(async () => step(bench, turns));
  } finally {
    await bench.close();
  }
}

say({ kind: 'done', measured: await run(JSON.parse(process.argv[2]!) as Task) });
process.disconnect();
