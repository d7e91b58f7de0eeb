import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DISK } from './durable-file.ts';
import { PowerFailure, SimulatedDisk } from './simulated-disk.ts';
import { openSnapshots, type Snapshots } from './state.ts';
import { StorageError } from './storage-error.ts';

/** Several workers with one folder. */
const DIR = '/state';
const INPUT = 'fragments-003';
const LINKS = [true, false] as const;
const page = (text: string) => new Uint8Array(Buffer.from(text));
const ballast = ['ballast', page('x'.repeat(3000))] as const;
const state = (text: string) => new Map([ballast, ['p', page(text)]]);
const textOf = (pages: ReadonlyMap<string, Uint8Array>) => Buffer.from(pages.get('p')!).toString();

function diskOf(hasLinks: boolean, seed = 1): SimulatedDisk {
  const disk = new SimulatedDisk(seed);
  disk.hasLinks = hasLinks;
  return disk;
}

/** Runs `meanwhile` just before the operation after which `isDue` says so for the first time. */
function interrupt(disk: SimulatedDisk, isDue: () => boolean, meanwhile: () => Promise<unknown>): void {
  disk.pause = async () => {
    if (!isDue()) return;
    disk.pause = async () => {};
    await meanwhile();
  };
}

describe.each(LINKS)('a folder of several workers, hard links: %s', (hasLinks) => {
  test('of two that save the same number one is refused, and goes on after it has loaded', async () => {
    const disk = diskOf(hasLinks);
    const [slow, fast] = [await openSnapshots(DIR, disk), await openSnapshots(DIR, disk)];
    let operations = 0;
    interrupt(
      disk,
      () => ++operations > 4, // the slow one has listed and is writing
      () => fast.save(state('fast'), { [INPUT]: '7' }, null),
    );
    await expect(slow.save(state('slow'), { [INPUT]: '5' }, null)).rejects.toMatchObject({ code: 'FENCED' });
    await expect(slow.save(state('slow'), { [INPUT]: '9' }, null)).rejects.toMatchObject({ code: 'FENCED' });
    expect((await disk.list(DIR)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    const loaded = await slow.load();
    expect([textOf(loaded!.pages), loaded!.positions]).toEqual(['fast', { [INPUT]: '7' }]);
    expect(await slow.save(state('slow'), { [INPUT]: '9' }, null)).toMatchObject({ sequence: 2, kind: 'delta' });
    await expect(fast.save(state('fast'), { [INPUT]: '10' }, null)).rejects.toMatchObject({ code: 'FENCED' });
    expect(textOf((await fast.load())!.pages)).toBe('slow');
  });

  test('who slept while others saved whole bases is refused, though his number is free again', async () => {
    const disk = diskOf(hasLinks);
    const [sleeper, other] = [await openSnapshots(DIR, disk), await openSnapshots(DIR, disk)];
    let operations = 0;
    const overtake = async () => {
      for (const p of ['3', '4', '5']) {
        await (await openSnapshots(DIR, disk)).save(state(p), { [INPUT]: p }, null); // a base each: nothing was loaded
      }
    };
    interrupt(disk, () => ++operations > 4, overtake);
    await expect(sleeper.save(state('1'), { [INPUT]: '1' }, null)).rejects.toMatchObject({ code: 'FENCED' });
    const loaded = await other.load();
    expect([loaded?.positions, textOf(loaded!.pages), loaded?.damaged]).toEqual([{ [INPUT]: '5' }, '5', []]);
    expect((await sleeper.load())?.positions).toEqual({ [INPUT]: '5' });
    expect(await sleeper.save(state('6'), { [INPUT]: '6' }, null)).toMatchObject({ kind: 'delta' });
  });

  test('positions never go back: numbers are compared as numbers', async () => {
    const disk = diskOf(hasLinks);
    const first = await openSnapshots(DIR, disk);
    await first.save(state('a'), { [INPUT]: '99999999999999999999', file: 'b17' }, null);
    const fresh = await openSnapshots(DIR, disk); // has not loaded, and would begin anew
    const behind = fresh.save(state('b'), { [INPUT]: '99999999999999999998' }, null);
    await expect(behind).rejects.toMatchObject({ code: 'FENCED', message: expect.stringContaining('fragments-003') });
    await expect(first.save(state('b'), { [INPUT]: '100' }, null)).rejects.toMatchObject({ code: 'FENCED' });
    await first.save(state('b'), { [INPUT]: '99999999999999999999', file: 'b16' }, null); // the same, and no number
    await first.save(state('c'), { [INPUT]: '100000000000000000000' }, null);
    expect((await fresh.load())?.positions).toEqual({ [INPUT]: '100000000000000000000' });
  });

  test('a load goes on with what is there when the chain that it reads is removed', async () => {
    const disk = diskOf(hasLinks);
    const [owner, reader] = [await openSnapshots(DIR, disk), await openSnapshots(DIR, disk)];
    for (const p of ['1', '2', '3']) await owner.save(state(p), { [INPUT]: p }, null);
    for (let operations = 0, left = 1; left > 0; operations++) {
      left = operations; // as many as the load takes: each moment of it is interrupted once
      interrupt(
        disk,
        () => --left < 0,
        async () => (await openSnapshots(DIR, disk)).save(state('4'), { [INPUT]: '4' }, null),
      );
      const loaded = await reader.load();
      disk.pause = async () => {};
      const found = loaded!.positions[INPUT]!;
      expect(['3', '4']).toContain(found);
      expect(loaded).toMatchObject({ damaged: [], positions: { [INPUT]: textOf(loaded!.pages) } });
      if (left < 0) left = 1;
    }
  });

  test('who is interrupted by the power at any operation leaves a folder that others go on with', async () => {
    for (let operations = 0; operations < 40; operations++) {
      const disk = diskOf(hasLinks, operations);
      const owner = await openSnapshots(DIR, disk);
      await owner.save(state('1'), { [INPUT]: '1' }, null);
      disk.operationsLeft = operations;
      let acknowledged = 1;
      for (let p = 2; p < 9; p++) {
        try {
          await owner.save(state(String(p)), { [INPUT]: String(p) }, null);
          acknowledged = p;
        } catch (error) {
          expect(error).toBeInstanceOf(PowerFailure);
        }
      }
      disk.restart();
      const heir = await openSnapshots(DIR, disk);
      const found = Number((await heir.load())!.positions[INPUT]);
      expect(found).toBeGreaterThanOrEqual(acknowledged);
      await heir.save(state('9'), { [INPUT]: '9' }, null);
      const loaded = await (await openSnapshots(DIR, disk)).load();
      expect([textOf(loaded!.pages), loaded!.positions]).toEqual(['9', { [INPUT]: '9' }]);
    }
  });
});

test('a delta on a file that somebody else has put under the same number is passed over', async () => {
  const disk = new SimulatedDisk(1);
  const other = new SimulatedDisk(2);
  for (const [on, letter] of [
    [disk, 'a'],
    [other, 'b'],
  ] as const) {
    const snapshots = await openSnapshots(DIR, on);
    for (const p of ['1', '2', '3']) await snapshots.save(state(letter + p), { [INPUT]: p }, null);
  }
  const [, second = ''] = (await disk.list(DIR)).map((name) => `${DIR}/${name}`);
  disk.replace(second, other.contents(second));
  await expect((await openSnapshots(DIR, disk)).load()).resolves.toMatchObject({
    positions: { [INPUT]: '1' },
    damaged: [
      expect.stringContaining('snapshot 2 as it was before somebody else saved'),
      expect.stringContaining('snapshot 1 as it was before somebody else saved'),
    ],
  });
});

test.each(LINKS)(
  'temporary files of others are left alone until nobody has written to them for long, links: %s',
  async (hasLinks) => {
    const disk = diskOf(hasLinks);
    const [sleeper, other] = [await openSnapshots(DIR, disk), await openSnapshots(DIR, disk)];
    const temporaries = async () => (await disk.list(DIR)).filter((name) => name.endsWith('.tmp'));
    const seen: number[] = [];
    let operations = 0;
    const overtake = async () => {
      disk.nowMs += 60_000;
      await openSnapshots(DIR, disk);
      await other.save(state('a'), {}, null);
      seen.push((await temporaries()).length);
      disk.nowMs += 600_000;
      await other.save(state('b'), {}, null);
      seen.push((await temporaries()).length);
    };
    interrupt(disk, () => ++operations > 4, overtake);
    await expect(sleeper.save(state('late'), {}, null)).rejects.toMatchObject({ code: 'FENCED' });
    expect(seen).toEqual([1, 0]);
    expect(await temporaries()).toEqual([]);
  },
);

/** A worker as they are: saves now and then, and drops its state for what is there when it is told that it was overtaken. */
async function work(snapshots: Snapshots, name: string, turns: number, asked: Map<string, string>): Promise<number> {
  let position = Number((await snapshots.load())?.positions[INPUT] ?? 0);
  let acknowledged = 0;
  for (let turn = 0; turn < turns; turn++) {
    position += turn % 3;
    const text = `${name} ${turn} `.repeat(1 + (turn % 4) * 40);
    asked.set(`${name} ${turn}`, `${text}@${position}`);
    try {
      await snapshots.save(state(text), { [INPUT]: String(position) }, `${name} ${turn}`);
      acknowledged = position;
    } catch (error) {
      expect(error).toMatchObject({ code: 'FENCED' });
      position = Number((await snapshots.load())?.positions[INPUT] ?? 0); // nothing: the other has only begun
    }
  }
  return acknowledged;
}

async function check(snapshots: Snapshots, asked: ReadonlyMap<string, string>, acknowledged: number): Promise<void> {
  const loaded = await snapshots.load();
  expect(loaded!.damaged).toEqual([]);
  expect(`${textOf(loaded!.pages)}@${loaded!.positions[INPUT]}`).toBe(asked.get(loaded!.meta as string));
  expect(Number(loaded!.positions[INPUT])).toBeGreaterThanOrEqual(acknowledged);
}

test('two workers that race leave a chain that is one state of one of them, and never go back behind what was acknowledged', async () => {
  const property = fc.asyncProperty(fc.scheduler(), fc.boolean(), async (scheduler, hasLinks) => {
    const disk = diskOf(hasLinks);
    const asked = new Map<string, string>();
    const workers = [await openSnapshots(DIR, disk), await openSnapshots(DIR, disk)];
    disk.pause = () => scheduler.schedule(Promise.resolve());
    const racing = Promise.all(workers.map((worker, i) => work(worker, `worker ${i}`, 5, asked)));
    const acknowledged = Math.max(...(await scheduler.waitFor(racing)));
    disk.pause = async () => {};
    await check(await openSnapshots(DIR, disk), asked, acknowledged);
  });
  await fc.assert(property, { numRuns: 200, seed: 5 });
}, 60_000);

test('the same on a real disk', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'state-'));
  const asked = new Map<string, string>();
  const workers = await Promise.all([openSnapshots(dir), openSnapshots(dir)]);
  const acknowledged = await Promise.all(workers.map((worker, i) => work(worker, `worker ${i}`, 60, asked)));
  await check(await openSnapshots(dir), asked, Math.max(...acknowledged));
  expect((await readdir(dir)).filter((name) => !name.endsWith('.state'))).toEqual([]);
  await rm(dir, { recursive: true });
});

test('the disk names and claims a file once', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'state-'));
  const [a, b] = [join(dir, 'a'), join(dir, 'b')];
  await writeFile(a, 'a');
  expect([await DISK.link(a, b), await DISK.link(a, b)]).toEqual(['linked', 'linked']); // it is the same file
  await writeFile(join(dir, 'c'), 'c');
  expect(await DISK.link(join(dir, 'c'), b)).toBe('exists');
  expect([await DISK.claim(join(dir, 'd')), await DISK.claim(join(dir, 'd'))]).toEqual([true, false]);
  await rm(dir, { recursive: true });
});

test('a disk that is full keeps the snapshot before, removes what was begun, and may be tried again', async () => {
  for (let freeBytes = 0; freeBytes < 700; freeBytes += 7) {
    const disk = new SimulatedDisk(1);
    const snapshots = await openSnapshots(DIR, disk);
    await snapshots.save(state('1'), { [INPUT]: '1' }, null);
    disk.freeBytes = freeBytes;
    const error = await snapshots.save(state('2'.repeat(700)), { [INPUT]: '2' }, null).catch((reason) => reason);
    disk.freeBytes = Number.POSITIVE_INFINITY;
    expect(error).toBeInstanceOf(StorageError);
    expect(error).toMatchObject({ code: 'DISK_FULL' });
    expect(await disk.list(DIR)).toEqual(['snapshot-0000000001.state']);
    expect(await snapshots.save(state('2'), { [INPUT]: '2' }, null)).toMatchObject({ sequence: 2, kind: 'delta' });
  }
});
