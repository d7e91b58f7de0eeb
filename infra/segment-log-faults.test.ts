import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { SegmentLog } from './segment-log.ts';
import { openSegmentLog } from './segment-log-open.ts';
import { segmentName } from './segment-log-segment.ts';
import { SimulatedDisk } from './simulated-disk.ts';
import { StorageError } from './storage-error.ts';

const DIR = '/log';
const FIRST = `${DIR}/${segmentName(0)}`;
const bytes = (text: string) => Buffer.from(text);

async function readAll(log: SegmentLog): Promise<string[]> {
  const all: string[] = [];
  while (log.startOffset + all.length < log.endOffset) {
    for (const record of await log.read(log.startOffset + all.length, 50)) all.push(Buffer.from(record).toString());
  }
  return all;
}

/** A log of three flushes, and the size of its file after each. */
async function threeFlushes() {
  const disk = new SimulatedDisk(1);
  const log = await openSegmentLog(DIR, {}, disk);
  const sizes = [disk.contents(FIRST).length];
  const flushes = [['a0', 'a1'], ['b0'], ['c0', 'c1', 'c2']];
  for (const flush of flushes) {
    await log.append(flush.map(bytes));
    sizes.push(disk.contents(FIRST).length);
  }
  await log.close();
  return { disk, sizes, flushes, file: Buffer.from(disk.contents(FIRST)) };
}

describe('a torn tail', () => {
  test('cut at any byte, exactly the flushes before the cut are left, and the log goes on', async () => {
    const { disk, sizes, flushes, file } = await threeFlushes();
    for (let cut = 0; cut <= file.length; cut++) {
      disk.replace(FIRST, file.subarray(0, cut));
      const log = await openSegmentLog(DIR, {}, disk);
      const whole = flushes.filter((_, index) => sizes[index + 1]! <= cut).flat();
      expect(await readAll(log)).toEqual(whole);
      expect(await log.append([bytes('next')])).toBe(whole.length);
      await log.close();
      const again = await openSegmentLog(DIR, {}, disk);
      expect(await readAll(again)).toEqual([...whole, 'next']);
      await again.close();
    }
  });

  test('whose parts were kept out of order is cut off whole', async () => {
    const { disk, sizes, file } = await threeFlushes();
    for (let at = sizes[2]!; at < file.length; at++) {
      const torn = Buffer.from(file);
      torn[at]! ^= 0xff;
      disk.replace(FIRST, torn);
      const log = await openSegmentLog(DIR, {}, disk);
      expect(await readAll(log)).toEqual(['a0', 'a1', 'b0']);
      await log.close();
    }
  });
});

describe('damage to what was acknowledged', () => {
  test('at any byte before the last flush but one is an error that names file and place, and changes nothing', async () => {
    const { disk, sizes, file } = await threeFlushes();
    // a damaged `b` could be part of the flush that was torn only if `c` did not exist, but it does
    for (let at = 0; at < sizes[2]!; at++) {
      const damaged = Buffer.from(file);
      damaged[at]! ^= 0x10;
      disk.replace(FIRST, damaged);
      const error = await openSegmentLog(DIR, {}, disk).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(StorageError);
      expect((error as StorageError).code).toBe('CORRUPT');
      expect((error as StorageError).message).toContain(FIRST);
      expect(disk.contents(FIRST).equals(damaged)).toBe(true);
    }
  });

  test('in an older segment is an error on reading it, never skipped', async () => {
    const disk = new SimulatedDisk(2);
    const log = await openSegmentLog(DIR, { segmentBytes: 40 }, disk);
    for (const text of ['first', 'second', 'third', 'fourth']) await log.append([bytes(text)]);
    await log.close();
    const file = Buffer.from(disk.contents(FIRST));
    for (let at = 0; at <= file.length; at++) {
      const damaged = at < file.length ? Buffer.from(file) : file.subarray(0, -1);
      if (at < file.length) damaged[at]! ^= 1;
      disk.replace(FIRST, damaged);
      const reopened = await openSegmentLog(DIR, {}, disk);
      await expect(readAll(reopened)).rejects.toMatchObject({ code: 'CORRUPT' });
      await reopened.close();
    }
  });

  test('a segment that vanished is noticed at its predecessor, and a lost tail by who had read it', async () => {
    const disk = new SimulatedDisk(3);
    const log = await openSegmentLog(DIR, { segmentBytes: 1 }, disk);
    for (const text of ['a', 'b', 'c']) await log.append([bytes(text)]);
    await log.commit('reader', 3);
    await log.close();
    const second = Buffer.from(disk.contents(`${DIR}/${segmentName(1)}`));
    await disk.remove(`${DIR}/${segmentName(1)}`);
    const gap = await openSegmentLog(DIR, {}, disk);
    await expect(readAll(gap)).rejects.toMatchObject({ code: 'CORRUPT' });
    await gap.close();
    disk.replace(`${DIR}/${segmentName(1)}`, second);
    await disk.remove(`${DIR}/${segmentName(2)}`);
    await expect(openSegmentLog(DIR, {}, disk)).rejects.toMatchObject({ code: 'CORRUPT' });
  });
});

interface Round {
  readonly batches: readonly number[];
  readonly operations: number;
  readonly operationsOfRecovery: number;
  readonly concurrent: boolean;
  /** only the program dies, and what it wrote is still in the memory of the system: not safe, but to be seen */
  readonly killedOnly: boolean;
}
const rounds = fc.array(
  fc.record({
    batches: fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 12 }),
    operations: fc.nat({ max: 60 }),
    operationsOfRecovery: fc.nat({ max: 12 }),
    concurrent: fc.boolean(),
    killedOnly: fc.boolean(),
  }),
  { minLength: 1, maxLength: 6 },
);

/** Appends until the power goes. Returns all that was asked for, in order, and how much of it was acknowledged. */
async function appendUntilPowerFails(log: SegmentLog, round: Round, name: string) {
  const asked: string[] = [];
  let acknowledged = 0;
  let committed = 0;
  const pending: Promise<void>[] = [];
  for (const [batch, count] of round.batches.entries()) {
    const records = Array.from(
      { length: count },
      (_, i) => `${name}.${batch}.${i} ${'x'.repeat((batch * 7 + i) % 40)}`,
    );
    asked.push(...records);
    const end = asked.length;
    const append = log.append(records.map(bytes)).then(async () => {
      acknowledged = end;
      const { endOffset } = log;
      await log.commit('reader', endOffset);
      committed = Math.max(committed, endOffset);
      await log.trim({ keepRecords: 10 });
    });
    if (round.concurrent) pending.push(append);
    else await append.catch(() => {});
  }
  await Promise.allSettled(pending);
  return { asked, acknowledged, committed };
}

describe('on a disk that loses power', () => {
  test('whatever was acknowledged is there, once and in order, after any number of failures at any moment', async () => {
    const property = fc.asyncProperty(fc.integer(), rounds, async (seed, plan) => {
      const disk = new SimulatedDisk(seed);
      let expected: string[] = []; // records by offset, from offset 0
      let sure = 0;
      let passed = 0; // position that the reader was told is safe
      for (const [index, round] of plan.entries()) {
        if (!round.killedOnly) {
          disk.operationsLeft = round.operationsOfRecovery; // the power may go in a recovery, too
          await openSegmentLog(DIR, { segmentBytes: 150 }, disk).catch(() => {});
          disk.restart();
        }
        const log = await openSegmentLog(DIR, { segmentBytes: 150 }, disk);
        const found = await readAll(log);
        expect(log.endOffset).toBeGreaterThanOrEqual(sure);
        expect(found).toEqual(expected.slice(log.startOffset, log.endOffset));
        const position = log.position('reader') ?? 0;
        expect(position).toBeGreaterThanOrEqual(Math.max(passed, log.startOffset));
        expect(position).toBeLessThanOrEqual(log.endOffset);
        expected = expected.slice(0, log.endOffset);
        disk.operationsLeft = round.operations;
        const { asked, acknowledged, committed } = await appendUntilPowerFails(log, round, String(index));
        sure = expected.length + acknowledged;
        passed = Math.max(passed, committed);
        expected = [...expected, ...asked];
        if (round.killedOnly) disk.operationsLeft = Number.POSITIVE_INFINITY;
        else disk.restart();
      }
    });
    await fc.assert(property, { numRuns: 400 });
  });
});

describe('on a disk that is full or failing', () => {
  test('appends are refused with a clear error, and the log goes on when there is room', async () => {
    const property = fc.asyncProperty(
      fc.integer(),
      fc.array(fc.nat({ max: 200 }), { maxLength: 15 }),
      async (seed, room) => {
        const disk = new SimulatedDisk(seed);
        const log = await openSegmentLog(DIR, { segmentBytes: 120 }, disk);
        const kept: string[] = [];
        for (const [index, freeBytes] of room.entries()) {
          const record = `record ${index}`;
          disk.freeBytes = freeBytes;
          if (index % 4 === 3) disk.syncsLeft = freeBytes % 3;
          const refused = await log.append([bytes(record)]).then(
            () => null,
            (error: Error) => error,
          );
          if (refused === null) kept.push(record);
          else expect(refused.message).toMatch(/the disk is full|i\/o error/);
          disk.freeBytes = Number.POSITIVE_INFINITY;
          disk.syncsLeft = Number.POSITIVE_INFINITY;
          expect(await readAll(log)).toEqual(kept);
        }
        await log.append([bytes('there is room again')]);
        disk.restart(); // a power failure right after: what was acknowledged between the refusals is safe as well
        const again = await openSegmentLog(DIR, {}, disk);
        expect(await readAll(again)).toEqual([...kept, 'there is room again']);
      },
    );
    await fc.assert(property, { numRuns: 200 });
  });
});
