import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Bus, BusBatch, SubscribeOptions } from './bus.ts';

export const bytes = (...texts: string[]) => texts.map((text) => new Uint8Array(Buffer.from(text)));
export const texts = (batch: BusBatch) => batch.records.map((record) => Buffer.from(record).toString());

/** Reads batches of `group` until `count` records have come; `handle` sees each batch before the next is asked for. */
export async function take(
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

const sorted = (list: readonly string[]) => list.toSorted((a, b) => (a < b ? -1 : 1));

export interface BusKind {
  readonly name: string;
  readonly open: (partitions: number) => Promise<Bus>;
  /** Removes what is older than an offset, where acks alone do not. */
  readonly retire?: (bus: Bus, partition: number, before: number) => Promise<void>;
  /** of the slowest property */
  readonly runs: number;
}

/** What every bus does, whatever carries it. */
export function describeBus(kind: BusKind): void {
  describe(`a bus ${kind.name}`, () => {
    testReading(kind);
    testPositions(kind);
    testNewGroups(kind);
    testEnds(kind);
    testAnyReaders(kind);
  });
}

function testReading({ open }: BusKind): void {
  test('delivers each partition in order, with offsets that follow each other', async () => {
    const bus = await open(2);
    await Promise.all([bus.publish(0, bytes('a', 'b')), bus.publish(0, bytes('c')), bus.publish(1, bytes('x'))]);
    const places = new Map([
      [0, 0],
      [1, 0],
    ]);
    const taken = await take(bus, 'g', 4, async (batch) => {
      expect(batch.offset).toBe(places.get(batch.partition));
      expect(batch.nextOffset).toBe(batch.offset + batch.records.length);
      expect(batch.endOffset).toBeGreaterThanOrEqual(batch.nextOffset);
      places.set(batch.partition, batch.nextOffset);
      await batch.ack();
    });
    expect(taken.filter((text) => text.startsWith('0'))).toEqual(['0:a', '0:b', '0:c']);
    expect(taken).toContain('1:x');
    await bus.close();
  });

  test('a batch that was not acked comes again, what was acked does not', async () => {
    const bus = await open(1);
    for (const text of 'abcd') await bus.publish(0, bytes(text));
    let batches = 0;
    const options = { maxBatchBytes: 1 };
    const first = await take(bus, 'g', 3, (batch) => (++batches === 1 ? batch.ack() : null), options);
    expect(first).toEqual(['0:a', '0:b', '0:c']);
    expect(await take(bus, 'g', 3, () => null, options)).toEqual(['0:b', '0:c', '0:d']);
    await bus.close();
  });

  test('every group gets everything', async () => {
    const bus = await open(2);
    await bus.publishToAll(bytes('tick'));
    const both = ['0:tick', '1:tick'];
    expect(sorted(await take(bus, 'h', 2, () => null))).toEqual(both);
    expect(sorted(await take(bus, 'g', 2))).toEqual(both);
    expect(sorted(await take(bus, 'h', 2))).toEqual(both);
    await bus.close();
  });
}

function testPositions({ open, retire }: BusKind): void {
  test('an ack covers what came before it, and acks that come late or twice take nothing back', async () => {
    const bus = await open(1);
    for (const text of 'abcd') await bus.publish(0, bytes(text));
    const held: BusBatch[] = [];
    const ackAll = async () => {
      for (const i of [2, 0, 2]) await held[i]!.ack();
    };
    await take(bus, 'g', 3, (batch) => (held.push(batch) === 3 ? ackAll() : null), { maxBatchBytes: 1 });
    expect(await take(bus, 'g', 1)).toEqual(['0:d']);
    await bus.close();
  });

  test('a snapshot says where to go on from, before or after what was acked', async () => {
    const bus = await open(1);
    const keeper = bus.subscribe('keeper')[Symbol.asyncIterator](); // has acked nothing, so all is kept
    await bus.publish(0, bytes('a', 'b', 'c', 'd'));
    await keeper.next();
    expect(await take(bus, 'g', 3, (batch) => batch.ack(), { maxBatchBytes: 1 })).toEqual(['0:a', '0:b', '0:c']);
    const again = { startAt: () => 1, maxBatchBytes: 1 };
    expect(await take(bus, 'g', 2, (batch) => batch.ack(), again)).toEqual(['0:b', '0:c']);
    expect(await take(bus, 'g', 1, () => null, { startAt: () => null })).toEqual(['0:d']);
    await keeper.return?.();
    await bus.close();
  });

  test('a reader is told what it has before it is asked where to begin, and both before its first batch', async () => {
    const bus = await open(2);
    const told: string[] = [];
    await bus.publishToAll(bytes('x'));
    await take(bus, 'g', 2, (batch) => told.push(`batch of ${batch.partition}`), {
      onAssigned: (partitions) => told.push(`has ${partitions}`),
      startAt: async (partition) => {
        told.push(`start of ${partition}`);
        return null;
      },
    });
    expect(told[0]).toBe('has 0,1');
    expect(sorted(told)).toEqual(['batch of 0', 'batch of 1', 'has 0,1', 'start of 0', 'start of 1']);
    await bus.close();
  });

  test('what a reader needs and is not kept any more is an error, and so is a partition that is none', async () => {
    const bus = await open(1);
    for (let i = 0; i < 50; i++) await bus.publish(0, bytes(`record ${i}`));
    await take(bus, 'g', 50);
    await bus.publish(0, bytes('new'));
    await retire?.(bus, 0, 50);
    await expect(take(bus, 'g', 1, undefined, { startAt: () => 0 })).rejects.toMatchObject({ code: 'OFFSET_GONE' });
    await expect(take(bus, 'g', 1, undefined, { startAt: () => 99 })).rejects.toMatchObject({ code: 'OFFSET_GONE' });
    expect(await take(bus, 'g', 1)).toEqual(['0:new']);
    await expect(bus.publish(1, bytes('x'))).rejects.toMatchObject({ code: 'NO_SUCH_PARTITION' });
    await bus.close();
  });
}

function testNewGroups({ open }: BusKind): void {
  test('a new group that asks for it begins behind the newest record, and has that place from then on', async () => {
    const bus = await open(1);
    await bus.publish(0, bytes('a', 'b'));
    const newest = { startAt: () => 'newest' as const };
    let isAsked = () => {};
    const asked = new Promise<void>((resolve) => (isAsked = resolve));
    const stop = new AbortController();
    const first = take(bus, 'g', 1, () => null, { ...newest, signal: stop.signal, onAssigned: isAsked });
    await asked;
    // published again and again: the place is taken somewhere among these
    const published: string[] = [];
    const isDone = first.then(() => true);
    while (!(await Promise.race([isDone, false]))) {
      published.push(`c${published.length}`);
      await bus.publish(0, bytes(published.at(-1)!));
      await Promise.race([isDone, new Promise((resolve) => setTimeout(resolve, 5))]);
    }
    const [begun] = await first;
    expect(published.map((text) => `0:${text}`)).toContain(begun);
    expect((await take(bus, 'g', 1, undefined, newest))[0]).toBe(begun); // it had acked nothing
    await bus.close();
  });
}

function testEnds({ open }: BusKind): void {
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
}

function testAnyReaders({ open, runs }: BusKind): void {
  const plan = fc.array(
    fc.record({ publish: fc.nat({ max: 5 }), read: fc.nat({ max: 5 }), acked: fc.nat({ max: 5 }) }),
    { maxLength: runs > 10 ? 10 : 5 },
  );
  test('however readers come, ack and go, each goes on where its acks ended, in order, missing nothing', async () => {
    const property = fc.asyncProperty(plan, async (steps) => {
      const bus = await open(1);
      let published = 0;
      let acked = 0;
      for (const step of steps) {
        for (let i = 0; i < step.publish; i++) await bus.publish(0, bytes(String(published++)));
        const count = Math.min(step.read, published - acked);
        const start = acked;
        const handle = async (batch: BusBatch) => {
          if (batch.nextOffset > start + step.acked) return;
          await batch.ack();
          acked = batch.nextOffset;
        };
        const taken = await take(bus, 'g', count, handle, { maxBatchBytes: 1 });
        expect(taken).toEqual(Array.from({ length: count }, (_, i) => `0:${start + i}`));
      }
      await bus.close();
    });
    await fc.assert(property, { numRuns: runs });
  });
}
