import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Bus } from '../../infra/bus.ts';
import { createMemoryBus } from '../../infra/bus-memory.ts';
import { StorageError } from '../../infra/storage-error.ts';
import { checkpoint } from './checkpoint.ts';
import { HeldStage, type Stage, type StageHost } from './stage.ts';
import { Stages } from './stages.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'stages-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Adds up numbers, and says each sum with the number of the record: what it says follows from the records alone. */
class Summing implements Stage {
  sum = 0;
  count = 0;
  failOn = '';
  readonly said: string[];

  constructor(said: string[], pages: ReadonlyMap<string, Uint8Array> | null) {
    this.said = said;
    const page = pages?.get('sum');
    if (page !== undefined) [this.sum, this.count] = JSON.parse(Buffer.from(page).toString()) as [number, number];
  }

  async absorb(records: readonly Uint8Array[]): Promise<void> {
    for (const record of records) {
      if (Buffer.from(record).toString() === this.failOn) throw new Error('boom');
      this.sum += Number(Buffer.from(record).toString());
      this.said.push(`${this.count++}:${this.sum}`);
    }
  }

  async settle(): Promise<void> {}

  snapshot(): Map<string, Uint8Array> {
    return new Map([['sum', Buffer.from(JSON.stringify([this.sum, this.count]))]]);
  }
}

const quiet = { nowMs: () => Date.now(), elapsedMs: () => performance.now(), onSaved: () => {}, onTrouble: () => {} };
/** Of stages that add up, in the folder of the test. */
const common = (bus: Bus) => ({ ...quiet, bus, group: 'test', name: 'sums', stateDir: dir, shutdownMs: 1000 });
const record = (n: number) => Buffer.from(String(n));

/** Runs until `count` records were said in this life, or the process "dies" with what it had saved. */
async function live(bus: Bus, said: string[], count: number): Promise<void> {
  const stop = new AbortController();
  const stages = new Stages({
    ...common(bus),
    snapshotMs: 60_000,
    signal: stop.signal,
    open: (_partition, pages) => new Summing(said, pages),
    onProgress: () => {
      if (said.length >= count) stop.abort();
    },
  });
  await stages.run();
}

describe('stages', () => {
  test('go on where the last process saved, and nothing is done twice after an orderly end', async () => {
    const bus = createMemoryBus({ partitions: 1 });
    const said: string[] = [];
    for (let n = 1; n <= 10; n++) await bus.publish(0, [record(n)]);
    await live(bus, said, 10);
    for (let n = 11; n <= 20; n++) await bus.publish(0, [record(n)]);
    await live(bus, said, 20);
    expect(said.map((it) => it.split(':')[0])).toEqual(Array.from({ length: 20 }, (_, i) => String(i)));
    expect(said.at(-1)).toBe('19:210');
    expect(readdirSync(dir)).toEqual(['sums-000']);
  });

  test('are saved at their times when the wall clock is set back', async () => {
    const bus = createMemoryBus({ partitions: 1 });
    const stop = new AbortController();
    let setByMs = 0;
    const saved: number[] = [];
    const stages = new Stages({
      ...common(bus),
      nowMs: () => Date.now() + setByMs,
      snapshotMs: 100,
      signal: stop.signal,
      open: (_partition, pages) => new Summing([], pages),
      onSaved: ({ nextOffset }) => {
        saved.push(nextOffset);
        if (saved.length === 3) stop.abort();
        else publish();
      },
    });
    const publish = () => {
      setByMs = -3600_000;
      bus.publish(0, [record(1)]).catch(() => stop.abort());
    };
    publish();
    await stages.run();
    expect(saved.slice(0, 3)).toEqual([1, 2, 3]);
  }, 20_000);

  test('what a process did after its last snapshot is said again, and is the same', async () => {
    const records = Array.from({ length: 12 }, (_, n) => record(n));
    const bus = createMemoryBus({ partitions: 1 });
    await bus.publish(0, records);
    const first: string[] = [];
    const held = await heldBy(first);
    await held.absorb(batchOf(records.slice(0, 5), 0));
    expect(await checkpoint(held, quiet)).toBe(true);
    await held.absorb(batchOf(records.slice(5, 9), 5)); // and dies here
    const second: string[] = [];
    await live(bus, second, 7);
    expect(second.slice(0, 4)).toEqual(first.slice(5));
    expect(second).toHaveLength(7);
  });

  test('records that were absorbed already are passed over', async () => {
    const said: string[] = [];
    const held = await heldBy(said);
    await held.absorb(batchOf([record(1), record(2)], 0));
    await held.absorb(batchOf([record(1), record(2), record(3)], 0));
    await held.absorb(batchOf([record(1)], 0));
    expect(said).toEqual(['0:1', '1:3', '2:6']);
    expect(held.nextOffset).toBe(3);
  });

  test('a stage that fails in the middle of a batch is not saved: its offset says less than its state', async () => {
    const said: string[] = [];
    const held = await heldBy(said);
    await held.absorb(batchOf([record(1)], 0));
    const waiting = checkpoint(held, quiet);
    const failing = held.absorb(batchOf([record(2), Buffer.from('boom')], 1)).catch(() => 'failed');
    (held.stage as Summing).failOn = 'boom';
    expect(await failing).toBe('failed');
    await waiting;
    expect(await checkpoint(held, quiet)).toBe(true); // lost: nothing to do
    expect((await openAgain()).nextOffset).toBeNaN(); // nothing was saved
  });

  test('ends in time though what it waits for never answers', async () => {
    const bus = createMemoryBus({ partitions: 1 });
    await bus.publish(0, [record(1)]);
    const stop = new AbortController();
    const stages = new Stages({
      ...common(bus),
      snapshotMs: 60_000,
      shutdownMs: 50,
      signal: stop.signal,
      open: () => Object.assign(new Summing([], null), { settle: () => new Promise<void>(() => {}) }),
      onProgress: () => stop.abort(),
    });
    await stages.run();
    expect(readdirSync(join(dir, 'sums-000'))).toEqual([]);
  });
});

describe('a stage that goes on between two records', () => {
  const running = (bus: Bus, signal: AbortSignal, act: (host: StageHost, stage: Summing) => void) =>
    new Stages({
      ...common(bus),
      snapshotMs: 60_000,
      signal,
      open: (_partition, pages, host) => {
        const stage = new Summing([], pages);
        setImmediate(() => act(host, stage));
        return stage;
      },
    }).run();

  test('is saved when it asks for it', async () => {
    const bus = createMemoryBus({ partitions: 1 });
    await bus.publish(0, [record(1)]);
    const stop = new AbortController();
    let run = Promise.resolve();
    await new Promise<void>((resolve) => {
      const asks = async (host: StageHost, stage: Summing) => {
        while (stage.count === 0) await new Promise(setImmediate);
        Object.assign(stage, { sum: 7, isChanged: true, isUrgent: true });
        do {
          await new Promise(setImmediate); // the record is not done before its stage is told so
          await host.save();
        } while (!existsSync(join(dir, 'sums-000')) || readdirSync(join(dir, 'sums-000')).length === 0);
        resolve();
      };
      run = running(bus, stop.signal, (host, stage) => void asks(host, stage));
    });
    stop.abort();
    await run;
    const next = await openAgain();
    expect([next.nextOffset, (next.stage as Summing).sum]).toEqual([1, 7]);
  });

  test('ends its worker when it cannot go on', async () => {
    const run = running(createMemoryBus({ partitions: 1 }), new AbortController().signal, (host) =>
      host.fail(new Error('boom')),
    );
    await expect(run).rejects.toThrow('boom');
  });
});

describe('two processes that believe they have the partition', () => {
  test('leave the state that is further, and both go on', async () => {
    const [slow, fast] = [await heldBy([]), await heldBy([])];
    const records = Array.from({ length: 9 }, (_, n) => record(n));
    await slow.absorb(batchOf(records.slice(0, 3), 0));
    await fast.absorb(batchOf(records, 0));
    expect(await checkpoint(fast, quiet)).toBe(true);
    expect(await checkpoint(slow, quiet)).toBe(true); // woke up late: changes nothing
    expect((await openAgain()).nextOffset).toBe(9);
    await slow.absorb(batchOf(records.slice(3), 3));
    await slow.absorb(batchOf([record(9)], 9));
    expect(await checkpoint(slow, quiet)).toBe(true); // its state is right as well, and further now
    const next = await openAgain();
    expect(next.nextOffset).toBe(10);
    expect((next.stage as Summing).sum).toBe(45);
  });

  test('a full disk is told, the state before stays, and the next try succeeds', async () => {
    const told: string[] = [];
    const held = await heldBy([]);
    await held.absorb(batchOf([record(1)], 0));
    const real = held.snapshots.save.bind(held.snapshots);
    let isFull = true;
    held.snapshots.save = async (...args) => {
      if (isFull) throw new StorageError('DISK_FULL', 'no space left');
      return await real(...args);
    };
    const hooks = { ...quiet, onTrouble: (_held: HeldStage, reason: string) => void told.push(reason) };
    expect(await checkpoint(held, hooks)).toBe(false);
    expect(told).toEqual(['DISK_FULL']);
    isFull = false;
    expect(await checkpoint(held, hooks)).toBe(true);
    expect((await openAgain()).nextOffset).toBe(1);
  });
});

const batchOf = (records: readonly Uint8Array[], offset: number) => ({
  partition: 0,
  offset,
  nextOffset: offset + records.length,
  endOffset: offset + records.length,
  records,
  ack: async () => {},
});

async function heldBy(said: string[]): Promise<HeldStage> {
  const { openSnapshots } = await import('../../infra/state.ts');
  const snapshots = await openSnapshots(join(dir, 'sums-000'));
  const snapshot = await snapshots.load();
  const offset = snapshot === null ? Number.NaN : Number(snapshot.positions['offset']);
  return new HeldStage('sums', 0, new Summing(said, snapshot?.pages ?? null), snapshots, offset, 0);
}

const openAgain = () => heldBy([]);
