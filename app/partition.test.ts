import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { AlertEvent } from '../alerts/event.ts';
import { Fleet } from '../alerts/fleet.ts';
import { FleetMerge, type PartitionSaid } from '../alerts/fleet-merge.ts';
import { DEFAULT_SETTINGS } from '../detectors/settings.ts';
import { shardOf } from '../detectors/shard.ts';
import { partitionOfShard, shardsOfPartition } from '../infra/bus.ts';
import { Dictionary, F, FragmentBlock, FragmentKind, U } from '../ingest/fragment.ts';
import { copyRows } from '../ingest/fragment-log.ts';
import { DEFAULT_PRICES } from '../ingest/pricing.ts';
import { copyOf, playBlocks } from '../test/pipeline.ts';
import { createStream, poisson, START_MS, seeded } from '../test/stream.ts';
import { createPartition, type Partition, type PartitionOutput } from './partition.ts';

const MINUTE_MS = 60_000;
const OPTIONS = {
  settings: DEFAULT_SETTINGS,
  pricesOf: () => DEFAULT_PRICES,
  configHash: 'test',
  invocations: 'all' as const,
  records: true,
};

/** Twelve functions for some hours; then three fail together, one grows slow, and all fall silent for a while. */
function fleetBlocks(): FragmentBlock[] {
  const stream = createStream();
  const random = seeded(11);
  let id = 1;
  for (let minute = 0; minute < 300; minute++) {
    for (let fn = 0; fn < 12 && !(minute >= 270 && minute < 290); fn++) {
      for (let call = poisson(random, 6); call > 0; call--) {
        const failing = fn < 3 && minute >= 200 && minute < 230;
        stream.call({
          fn: `fn-${fn}`,
          timeMs: START_MS + minute * MINUTE_MS + random() * MINUTE_MS,
          id: id++,
          durationUs: fn === 5 && minute >= 240 ? 2_000_000 : 100_000 + random() * 20_000,
          flags: failing ? 1 << 8 : 0,
          errorType: failing ? 'Runtime.Boom' : '',
        });
      }
    }
    stream.tick(START_MS + (minute + 1) * MINUTE_MS);
  }
  return stream.blocks();
}

/** The blocks as each partition's record sequence: its own functions, and every tick. */
function routed(blocks: readonly FragmentBlock[], partitions: number): FragmentBlock[][] {
  return Array.from({ length: partitions }, (_, partition) =>
    blocks.map((block) => {
      const own = new FragmentBlock(block.dictionary, Math.max(1, block.n));
      for (let row = 0; row < block.n; row++) {
        const isTick = (block.u[row * U.stride]! & 0xff) === FragmentKind.tick;
        const key = block.dictionary.text(block.u[row * U.stride + U.fn]!);
        if (isTick || partitionOfShard(shardOf(key), partitions) === partition) copyRows(block, row, 1, own, own.n++);
      }
      return own;
    }),
  );
}

const BLOCKS = fleetBlocks();

function fleetOf(partitions: number): { hear: (said: PartitionSaid) => void; merge: FleetMerge; events: AlertEvent[] } {
  const events: AlertEvent[] = [];
  const fleet = new Fleet('test', (event) => events.push(event));
  const merge = new FleetMerge(partitions, (minute) => fleet.step(minute));
  return { hear: (said) => merge.hear(said), merge, events };
}

const saidBy = (partition: number, host: Partition, { steps }: PartitionOutput): PartitionSaid => ({
  partition,
  epoch: host.epoch,
  last: host.said,
  watermarkMs: host.watermarkMs,
  steps,
});

describe('several partitions', () => {
  const single = playBlocks(BLOCKS, { settings: DEFAULT_SETTINGS });
  // without the end of the input, which a live stream does not have
  const lastMs = START_MS + 299 * MINUTE_MS;
  const told = (events: readonly AlertEvent[]) =>
    events.filter(({ at }) => Date.parse(at) < lastMs).map(({ alert_id, event, at }) => `${at} ${event} ${alert_id}`);

  test('the fleet used here has incidents, a common cause and a hole', () => {
    const kinds = new Set(
      single.events.map(({ event, signal, functions }) => `${event} ${signal} ${functions?.length ?? 1}`),
    );
    expect([...kinds].some((kind) => kind.startsWith('opened errors 3'))).toBe(true);
    expect([...kinds].some((kind) => kind.startsWith('opened telemetry'))).toBe(true);
  });

  test.each([1, 2, 4, 16])(
    '%d of them say what a single engine says, however their messages are mixed',
    (partitions) => {
      const blocks = routed(BLOCKS, partitions);
      fc.assert(
        fc.property(fc.integer({ min: 1, max: 1e9 }), (seed) => {
          const random = seeded(seed);
          const { hear, events } = fleetOf(partitions);
          const hosts = blocks.map((_, partition) =>
            createPartition({ ...OPTIONS, shards: shardsOfPartition(partition, partitions) }),
          );
          const at = blocks.map(() => 0);
          const total = blocks[0]!.length;
          for (let left = partitions * total; left > 0; ) {
            const partition = Math.floor(random() * partitions);
            if (at[partition] === total) continue;
            const host = hosts[partition]!;
            host.step(copyOf(blocks[partition]![at[partition]!++]!));
            hear(saidBy(partition, host, host.drain()));
            left--;
          }
          expect(told(events)).toEqual(told(single.events));
        }),
        { numRuns: partitions === 4 ? 5 : 2 },
      );
    },
  );

  test('a worker that is replaced in the middle repeats itself and changes nothing', () => {
    const partitions = 2;
    const blocks = routed(BLOCKS, partitions);
    fc.assert(
      fc.property(fc.nat({ max: BLOCKS.length - 2 }), fc.nat({ max: 3 }), (saved, further) => {
        const { hear, merge, events } = fleetOf(partitions);
        for (const [partition, own] of blocks.entries()) {
          const shards = shardsOfPartition(partition, partitions);
          let host = createPartition({ ...OPTIONS, shards });
          let state = host.snapshot();
          for (const [i, block] of own.entries()) {
            host.step(copyOf(block));
            hear(saidBy(partition, host, host.drain()));
            if (i === saved) state = host.snapshot();
            if (i !== Math.min(saved + further, own.length - 1)) continue;
            host = createPartition({ ...OPTIONS, shards, restored: state }); // and reads on from where `state` was saved
            for (let again = saved + 1; again <= i; again++) host.step(copyOf(own[again]!));
            hear(saidBy(partition, host, host.drain()));
          }
        }
        expect(told(events)).toEqual(told(single.events));
        expect(further === 0 || merge.repeated > 0).toBe(true);
      }),
      { numRuns: 4 },
    );
  });

  test('the life of the state and the count of its steps go on in a restored one, and begin anew without a snapshot', () => {
    const whole = createPartition({ ...OPTIONS, shards: shardsOfPartition(0, 1), epoch: 'first' });
    for (const block of BLOCKS.slice(0, 30)) whole.step(copyOf(block));
    expect(whole.said).toBe(whole.drain().steps.at(-1)!.n);
    const restored = createPartition({
      ...OPTIONS,
      shards: shardsOfPartition(0, 1),
      epoch: 'second',
      restored: whole.snapshot(),
    });
    expect([restored.epoch, restored.said]).toEqual(['first', whole.said]);
    const anew = createPartition({ ...OPTIONS, shards: shardsOfPartition(0, 1), epoch: 'second' });
    expect([anew.epoch, anew.said]).toEqual(['second', 0]);
  });

  test('a function of another partition is counted, and nothing comes of it', () => {
    const host = createPartition({ ...OPTIONS, shards: [] });
    const dictionary = new Dictionary();
    const block = new FragmentBlock(dictionary, 1);
    block.u[U.kindFlags] = FragmentKind.report;
    block.u[U.fn] = dictionary.id('aws/1/-/stranger');
    block.f[F.time] = START_MS;
    block.n = 1;
    host.step(block);
    expect(host.misrouted).toBe(1);
    expect(host.totals().functions).toBe(0);
  });
});
