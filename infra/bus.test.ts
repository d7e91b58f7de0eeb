import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  type Bus,
  type BusBatch,
  partitionOfShard,
  type SubscribeOptions,
  shardsOfPartition,
  VIRTUAL_SHARDS,
} from './bus.ts';
import { openLogBus } from './bus-log.ts';
import { createMemoryBus } from './bus-memory.ts';
import { SimulatedDisk } from './simulated-disk.ts';

const bytes = (...texts: string[]) => texts.map((text) => new Uint8Array(Buffer.from(text)));
const texts = (batch: BusBatch) => batch.records.map((record) => Buffer.from(record).toString());

/** Reads batches of `group` until `count` records have come; `handle` sees each batch before the next is asked for. */
async function take(
  bus: Bus,
  group: string,
  count: number,
  handle: (batch: BusBatch) => unknown = (batch) => batch.ack(),
  options: SubscribeOptions = {},
): Promise<string[]> {
  const taken: string[] = [];
  if (count === 0) return taken;
  for await (const batch of bus.subscribe(group, options)) {
    taken.push(...texts(batch).map((text) => `${batch.partition}:${text}`));
    await handle(batch);
    if (taken.length >= count) break;
  }
  return taken;
}

const KINDS: readonly { name: string; open: (partitions: number) => Promise<Bus> }[] = [
  { name: 'in memory', open: async (partitions) => createMemoryBus({ partitions }) },
  {
    name: 'on a log',
    open: (partitions) => openLogBus('/bus', { partitions, segmentBytes: 100 }, new SimulatedDisk(1)),
  },
];

describe.each(KINDS)('a bus $name', ({ open }) => {
  test('delivers each partition in order, with offsets that follow each other', async () => {
    const bus = await open(2);
    await Promise.all([bus.publish(0, bytes('a', 'b')), bus.publish(0, bytes('c')), bus.publish(1, bytes('x'))]);
    const offsets: string[] = [];
    const taken = await take(bus, 'g', 4, async (batch) => {
      offsets.push(`${batch.partition}:${batch.offset}-${batch.nextOffset}`);
      await batch.ack();
    });
    expect(taken.filter((text) => text.startsWith('0'))).toEqual(['0:a', '0:b', '0:c']);
    expect(taken).toContain('1:x');
    expect(offsets[0]).toMatch(/^0:0-/);
    await bus.close();
  });

  test('a batch that was not acked comes again, what was acked does not', async () => {
    const bus = await open(1);
    for (const text of 'abcd') await bus.publish(0, bytes(text));
    let batches = 0;
    const options = { maxBatchBytes: 1 };
    expect(await take(bus, 'g', 3, (batch) => (++batches === 1 ? batch.ack() : null), options)).toEqual([
      '0:a',
      '0:b',
      '0:c',
    ]);
    expect(await take(bus, 'g', 3, () => null, options)).toEqual(['0:b', '0:c', '0:d']);
    await bus.close();
  });

  test('an ack covers what came before it, and acks that come late or twice take nothing back', async () => {
    const bus = await open(1);
    for (const text of 'abcd') await bus.publish(0, bytes(text));
    const held: BusBatch[] = [];
    await take(bus, 'g', 3, (batch) => held.push(batch), { maxBatchBytes: 1 });
    await held[2]!.ack();
    await held[0]!.ack();
    await held[2]!.ack();
    expect(await take(bus, 'g', 1)).toEqual(['0:d']);
    await bus.close();
  });

  test('a snapshot says where to go on from, before or after what was acked', async () => {
    const bus = await open(1);
    const keeper = bus.subscribe('keeper')[Symbol.asyncIterator](); // has acked nothing, so all is kept
    await bus.publish(0, bytes('a', 'b', 'c'));
    await keeper.next();
    expect(await take(bus, 'g', 3)).toHaveLength(3);
    expect(await take(bus, 'g', 2, () => null, { startAt: () => 1 })).toEqual(['0:b', '0:c']);
    await keeper.return?.();
    await bus.close();
  });

  test('every group gets everything; one group has one reader a partition at a time', async () => {
    const bus = await open(2);
    await bus.publishToAll(bytes('tick'));
    expect(await take(bus, 'h', 2, () => null)).toEqual(['0:tick', '1:tick']);
    expect(await take(bus, 'g', 2)).toEqual(['0:tick', '1:tick']);
    expect(await take(bus, 'h', 2)).toEqual(['0:tick', '1:tick']);
    await bus.publishToAll(bytes('tock'));
    const reader = bus.subscribe('g', { partitions: [1] })[Symbol.asyncIterator]();
    expect((await reader.next()).value.partition).toBe(1);
    await expect(take(bus, 'g', 1)).rejects.toMatchObject({ code: 'GROUP_TAKEN' });
    expect(await take(bus, 'g', 1, undefined, { partitions: [0] })).toEqual(['0:tock']);
    await reader.return?.();
    expect(await take(bus, 'g', 1)).toEqual(['1:tock']);
    await bus.close();
  });

  test('a reader that waits is woken by a record, by its signal and by the end of the bus', async () => {
    const bus = await open(2);
    const waiting = take(bus, 'g', 1);
    await bus.publish(1, bytes('late'));
    expect(await waiting).toEqual(['1:late']);
    const controller = new AbortController();
    const stopped = take(bus, 'g', 1, undefined, { signal: controller.signal });
    controller.abort();
    expect(await stopped).toEqual([]);
    const closed = take(bus, 'g', 1);
    await bus.close();
    expect(await closed).toEqual([]);
    await expect(bus.publish(0, bytes('x'))).rejects.toMatchObject({ code: 'CLOSED' });
  });

  test('what a reader needs and is not kept any more is an error, and so is a partition that is none', async () => {
    const bus = await open(1);
    for (let i = 0; i < 50; i++) await bus.publish(0, bytes(`record ${i}`));
    await take(bus, 'g', 50);
    await bus.publish(0, bytes('new'));
    await expect(take(bus, 'g', 1, undefined, { startAt: () => 0 })).rejects.toMatchObject({ code: 'OFFSET_GONE' });
    await expect(bus.publish(1, bytes('x'))).rejects.toMatchObject({ code: 'NO_SUCH_PARTITION' });
    await bus.close();
  });

  test('however readers come, ack and go, each goes on where its acks ended, in order, missing nothing', async () => {
    const plan = fc.array(
      fc.record({ publish: fc.nat({ max: 5 }), read: fc.nat({ max: 5 }), acked: fc.nat({ max: 5 }) }),
    );
    const property = fc.asyncProperty(plan, async (steps) => {
      const bus = await open(1);
      let published = 0;
      let acked = 0;
      for (const step of steps) {
        for (let i = 0; i < step.publish; i++) await bus.publish(0, bytes(String(published++)));
        const count = Math.min(step.read, published - acked);
        const start = acked;
        const taken = await take(bus, 'g', count, async (batch) => {
          if (batch.nextOffset > start + step.acked) return;
          await batch.ack();
          acked = batch.nextOffset;
        }, { maxBatchBytes: 1 }); // biome-ignore format: one call
        expect(taken).toEqual(Array.from({ length: count }, (_, i) => `0:${start + i}`));
      }
      await bus.close();
    });
    await fc.assert(property, { numRuns: 60 });
  });
});

test('publishing into memory waits for acks when a partition is full, and keeps its order', async () => {
  const bus = createMemoryBus({ partitions: 1, capacityBytes: 3 });
  const done: string[] = [];
  const publishes = [...'abcdef'].map((text) => bus.publish(0, bytes(text)).then(() => done.push(text)));
  const batches = bus.subscribe('g', { maxBatchBytes: 1 })[Symbol.asyncIterator]();
  const first = await batches.next();
  expect(done).toEqual(['a', 'b', 'c']);
  await first.value.ack();
  await batches.return?.();
  expect(await take(bus, 'g', 5)).toEqual(['0:b', '0:c', '0:d', '0:e', '0:f']);
  await Promise.all(publishes);
  expect(done).toEqual([...'abcdef']);
  await bus.close();
});

test('a log bus goes on after a restart where its groups had acked, and has removed what all of them have', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'bus-'));
  const options = { partitions: 2, segmentBytes: 1 };
  const bus = await openLogBus(dir, options);
  for (const text of 'abcd') await bus.publish(1, bytes(text));
  await take(bus, 'g', 3, undefined, { maxBatchBytes: 1 });
  await expect(openLogBus(dir, options)).rejects.toMatchObject({ code: 'LOCKED' });
  await bus.close();
  const again = await openLogBus(dir, options);
  expect(await take(again, 'g', 1)).toEqual(['1:d']);
  await expect(take(again, 'new', 1, undefined, { startAt: () => 0 })).rejects.toMatchObject({ code: 'OFFSET_GONE' });
  await again.close();
  await rm(dir, { recursive: true });
});

test('partitions share the virtual shards evenly, and neighbours stay together', async () => {
  await fc.assert(
    fc.property(fc.integer({ min: 1, max: VIRTUAL_SHARDS }), (partitions) => {
      const lists = Array.from({ length: partitions }, (_, partition) => shardsOfPartition(partition, partitions));
      expect(lists.flat()).toEqual(Array.from({ length: VIRTUAL_SHARDS }, (_, shard) => shard));
      const sizes = lists.map((list) => list.length);
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      const owners = lists.flatMap((shards) => shards.map((shard) => partitionOfShard(shard, partitions)));
      expect(owners).toEqual(lists.flatMap((shards, partition) => shards.map(() => partition)));
    }),
    { numRuns: 30 },
  );
});
