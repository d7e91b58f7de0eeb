import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Bus, type BusBatch, partitionOfShard, shardsOfPartition, VIRTUAL_SHARDS } from './bus.ts';
import { bytes, describeBus, take } from './bus-contract.fixture.ts';
import { openLogBus } from './bus-log.ts';
import { createMemoryBus } from './bus-memory.ts';
import { SimulatedDisk } from './simulated-disk.ts';

describeBus({ name: 'in memory', open: async (partitions) => createMemoryBus({ partitions }), runs: 60 });
describeBus({
  name: 'on a log',
  open: (partitions) => openLogBus('/bus', { partitions, segmentBytes: 100 }, new SimulatedDisk(1)),
  runs: 60,
});

test.each<{ name: string; bus: () => Promise<Bus> }>([
  { name: 'in memory', bus: async () => createMemoryBus({ partitions: 2 }) },
  { name: 'on a log', bus: () => openLogBus('/bus', { partitions: 2 }, new SimulatedDisk(1)) },
])('within one process a group has one reader a partition at a time: a bus $name', async ({ bus: open }) => {
  const bus = await open();
  await bus.publishToAll(bytes('tock'));
  const reader = bus.subscribe('g', { partitions: [1] })[Symbol.asyncIterator]();
  expect((await reader.next()).value.partition).toBe(1);
  await expect(take(bus, 'g', 1)).rejects.toMatchObject({ code: 'GROUP_TAKEN' });
  expect(await take(bus, 'g', 1, undefined, { partitions: [0] })).toEqual(['0:tock']);
  await reader.return?.();
  expect(await take(bus, 'g', 1)).toEqual(['1:tock']);
  await bus.close();
});

test('an ack may come after the reading has ended: nobody else can have read meanwhile', async () => {
  const bus = createMemoryBus({ partitions: 1 });
  await bus.publish(0, bytes('a', 'b'));
  const held: BusBatch[] = [];
  await take(bus, 'g', 1, (batch) => held.push(batch), { maxBatchBytes: 1 });
  await held[0]!.ack();
  expect(await take(bus, 'g', 1)).toEqual(['0:b']);
  await bus.close();
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

test.each<{ name: string; bus: () => Promise<Bus> }>([
  { name: 'in memory', bus: async () => createMemoryBus({ partitions: 1 }) },
  { name: 'on a log', bus: () => openLogBus('/bus', { partitions: 1, segmentBytes: 100 }, new SimulatedDisk(1)) },
])('nothing is kept any more for a group that is forgotten, unless it reads: a bus $name', async ({ bus: open }) => {
  const bus = await open();
  for (const text of 'abc') await bus.publish(0, bytes(text));
  for (const group of ['gone', 'named']) await take(bus, group, 1, () => null);
  const reader = bus.subscribe('reads', { maxBatchBytes: 1 })[Symbol.asyncIterator]();
  await reader.next();
  expect(await bus.keepOnly?.(['named'])).toEqual(['gone']);
  await reader.return?.();
  expect(await bus.keepOnly?.(['named'])).toEqual(['reads']);
  expect(await take(bus, 'named', 3, (batch) => batch.ack())).toEqual(['0:a', '0:b', '0:c']);
  await bus.publish(0, bytes('d'));
  expect((await take(bus, 'new', 1)).at(-1)).toBe('0:d'); // what all that are left had read is gone
  await bus.close();
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
