import { cp, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { SimulatedDisk } from './simulated-disk.ts';
import { openSnapshots, type Snapshot } from './state.ts';
import { StorageError } from './storage-error.ts';

const DIR = '/state';
const INPUT = 'input';
const page = (text: string) => new Uint8Array(Buffer.from(text));
const texts = (snapshot: Snapshot | null) =>
  snapshot === null ? null : Object.fromEntries([...snapshot.pages].map(([k, v]) => [k, Buffer.from(v).toString()]));
const big = (letter: string) => page(letter.repeat(1000));

describe('snapshots', () => {
  test('come back as saved: pages, positions and meta, under any name', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'state-'));
    const snapshots = await openSnapshots(join(dir, 'inner'));
    expect(await snapshots.load()).toBeNull();
    const pages = new Map([['shard/1', page('a')], ['../x\0"\ud800', page('')], ['__proto__', page('p')]]); // biome-ignore format: a table
    const positions = { 'file.gz': '12', ['__proto__']: '3' };
    const { bytes } = await snapshots.save(pages, positions, { config: 'abc', list: [1, null] });
    const loaded = await (await openSnapshots(join(dir, 'inner'))).load();
    expect(loaded?.pages).toEqual(pages);
    expect(Object.entries(loaded?.positions ?? {})).toEqual(Object.entries(positions));
    expect(loaded).toMatchObject({ meta: { config: 'abc', list: [1, null] }, sequence: 1, damaged: [] });
    const [name = ''] = await readdir(join(dir, 'inner'));
    const { size, mode } = await stat(join(dir, 'inner', name));
    expect([size, mode & 0o777, (await stat(join(dir, 'inner'))).mode & 0o777]).toEqual([bytes, 0o600, 0o700]);
    await rm(dir, { recursive: true });
  });

  test('write only what changed, also after a restart, and begin a new base when the deltas have grown', async () => {
    const disk = new SimulatedDisk(1);
    const pages = new Map([...'abcdefgh'].map((name) => [name, big(name)]));
    const snapshots = await openSnapshots(DIR, disk);
    expect(await snapshots.save(pages, {}, null)).toMatchObject({ sequence: 1, kind: 'base' });
    const small = await snapshots.save(pages, { p: '1' }, null);
    expect(small).toMatchObject({ sequence: 2, kind: 'delta' });
    expect(small.bytes).toBeLessThan(300);
    const restarted = await openSnapshots(DIR, disk);
    await restarted.load();
    pages.set('a', big('A'));
    pages.delete('h');
    const delta = await restarted.save(pages, { p: '2' }, null);
    expect(delta).toMatchObject({ sequence: 3, kind: 'delta' });
    expect(delta.bytes).toBeLessThan(1300);
    expect(await disk.list(DIR)).toHaveLength(3);
    for (const name of 'bcd') pages.set(name, big('X'));
    expect(await restarted.save(pages, { p: '3' }, null)).toMatchObject({ sequence: 4, kind: 'delta' });
    expect(await restarted.save(pages, { p: '3' }, null)).toMatchObject({ sequence: 5, kind: 'base' });
    expect(await disk.list(DIR)).toEqual(['snapshot-0000000005.state']);
    const last = await (await openSnapshots(DIR, disk)).load();
    expect(last?.pages).toEqual(pages);
    expect(last?.positions).toEqual({ p: '3' });
  });

  test('pages may be made when they are asked for, all in one buffer', async () => {
    const disk = new SimulatedDisk(1);
    const buffer = new Uint8Array(3_000_000); // larger than what is gathered before it is written
    function* pages() {
      for (let i = 0; i < 5; i++) yield [`page ${i}`, (i % 2 === 0 ? buffer : buffer.subarray(0, 9)).fill(i)] as const;
    }
    const snapshots = await openSnapshots(DIR, disk);
    await snapshots.save(pages(), {}, null);
    expect(await snapshots.save(pages(), {}, null)).toMatchObject({ kind: 'delta' });
    const loaded = await (await openSnapshots(DIR, disk)).load();
    const expected = [3e6, 9, 3e6, 9, 3e6].map((length, i) => [`page ${i}`, new Uint8Array(length).fill(i)] as const);
    expect(Buffer.compare(loaded!.pages.get('page 4')!, expected[4]![1])).toBe(0);
    expect(loaded!.pages.get('page 3')).toEqual(expected[3]![1]);
    expect(new Set(loaded!.pages.keys())).toEqual(new Set(expected.map(([name]) => name)));
  });

  test('a page that went stays gone until it is saved again', async () => {
    const disk = new SimulatedDisk(1);
    const snapshots = await openSnapshots(DIR, disk);
    const ballast = new Map([['ballast', page('x'.repeat(9999))]]);
    await snapshots.save(new Map([...ballast, ['a', page('1')]]), {}, null);
    await snapshots.save(ballast, {}, null);
    expect((await (await openSnapshots(DIR, disk)).load())?.pages.has('a')).toBe(false);
    await snapshots.save(new Map([...ballast, ['a', page('1')]]), {}, null);
    expect((await (await openSnapshots(DIR, disk)).load())?.pages.get('a')).toEqual(page('1'));
  });
});

/** A base and two deltas; `p` says which. */
async function chain() {
  const disk = new SimulatedDisk(1);
  const snapshots = await openSnapshots(DIR, disk);
  for (const p of ['1', '2', '3']) {
    await snapshots.save(new Map([['big', big('x')], ['p', page(p)]]), { p }, null); // biome-ignore format: a table
  }
  const [base = '', first = '', second = ''] = (await disk.list(DIR)).map((name) => `${DIR}/${name}`);
  return { disk, base, first, second };
}

describe('a damaged snapshot', () => {
  test('cut at any byte, or with any byte changed, is passed over for the one before, and saving goes on', async () => {
    const { disk, second } = await chain();
    const file = Buffer.from(disk.contents(second));
    for (let at = 0; at < file.length; at++) {
      const flipped = Buffer.from(file);
      flipped[at]! ^= 0x55;
      for (const bytes of at === 7 ? [file.subarray(0, at)] : [file.subarray(0, at), flipped]) {
        disk.replace(second, bytes); // byte 7 is the minor version, which any reader of the major version may ignore
        const loaded = await (await openSnapshots(DIR, disk)).load().catch((error: StorageError) => error.code);
        if (at === 6 && bytes === flipped) expect(loaded).toBe('NEWER_VERSION');
        else expect(loaded).toMatchObject({ positions: { p: '2' }, damaged: [expect.stringContaining(second)] });
      }
    }
    const snapshots = await openSnapshots(DIR, disk);
    const pages = (await snapshots.load())!.pages;
    pages.set('p', page('4'));
    expect(await snapshots.save(pages, { p: '4' }, null)).toMatchObject({ sequence: 4, kind: 'delta' });
    expect(texts(await (await openSnapshots(DIR, disk)).load())).toEqual({ big: 'x'.repeat(1000), p: '4' });
  });

  test('is an error where nothing can be read, never an empty state', async () => {
    const { disk, base, first } = await chain();
    disk.replace(base, disk.contents(base).subarray(0, -1));
    await expect((await openSnapshots(DIR, disk)).load()).rejects.toMatchObject({ code: 'CORRUPT' });
    await disk.remove(first);
    await disk.remove(base);
    await expect((await openSnapshots(DIR, disk)).load()).rejects.toThrow(
      'it builds on snapshot 2, which is not there',
    );
  });

  test('of a later version is an error, not a reason to take an older one', async () => {
    const { disk, second } = await chain();
    const file = Buffer.from(disk.contents(second));
    file[6] = 2;
    disk.replace(second, file);
    await expect((await openSnapshots(DIR, disk)).load()).rejects.toMatchObject({ code: 'NEWER_VERSION' });
  });
});

test('whoever was overtaken must not save', async () => {
  const disk = new SimulatedDisk(1);
  const [paused, other] = [await openSnapshots(DIR, disk), await openSnapshots(DIR, disk)];
  await paused.save(new Map(), {}, 'paused');
  await other.load();
  await other.save(new Map(), {}, 'other');
  await expect(paused.save(new Map(), {}, 'late')).rejects.toMatchObject({ code: 'FENCED', retriable: false });
  expect((await other.load())?.meta).toBe('other');
});

const steps = fc.array(
  fc.record({
    change: fc.array(
      fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.option(fc.string({ maxLength: 60 }), { nil: null })),
    ),
    operations: fc.option(fc.nat({ max: 12 })),
    freeBytes: fc.option(fc.nat({ max: 500 })),
    isPowerFailure: fc.boolean(),
  }),
  { minLength: 1, maxLength: 20 },
);

test('whatever fails at whatever moment, the last snapshot that was acknowledged or a later whole one is loaded', async () => {
  const property = fc.asyncProperty(fc.integer(), fc.boolean(), steps, async (seed, hasLinks, plan) => {
    const disk = new SimulatedDisk(seed);
    disk.hasLinks = hasLinks;
    const asked: Record<string, string>[] = [{}]; // by position
    let acknowledged = 0;
    let snapshots = await openSnapshots(DIR, disk);
    let pages = new Map<string, Uint8Array>();
    for (const { change, operations, freeBytes, isPowerFailure } of plan) {
      for (const [name, text] of change) {
        if (text === null) pages.delete(name);
        else pages.set(name, page(text));
      }
      const position = asked.push(texts({ pages } as Snapshot)!) - 1;
      disk.operationsLeft = operations ?? Number.POSITIVE_INFINITY;
      disk.freeBytes = freeBytes ?? Number.POSITIVE_INFINITY;
      const error = await snapshots.save(pages, { [INPUT]: String(position) }, null).then(
        () => null,
        (reason: Error) => reason,
      );
      if (error === null) acknowledged = position;
      if (error instanceof StorageError) expect(error.code).toBe('DISK_FULL');
      disk.freeBytes = Number.POSITIVE_INFINITY;
      if (operations === null) continue;
      if (isPowerFailure) disk.restart();
      else disk.operationsLeft = Number.POSITIVE_INFINITY;
      snapshots = await openSnapshots(DIR, disk);
      const loaded = await snapshots.load();
      const found = Number(loaded?.positions[INPUT] ?? 0);
      expect(found).toBeGreaterThanOrEqual(acknowledged);
      expect(texts(loaded) ?? {}).toEqual(asked[found]);
      acknowledged = found; // from here on it is what the program goes on from
      pages = loaded?.pages ?? new Map();
    }
  });
  await fc.assert(property, { numRuns: 500 });
});

test.each(['1.0', '1.1'])('snapshots of version %s are read as they were meant, and gone on from', async (version) => {
  const dir = await mkdtemp(join(tmpdir(), 'state-'));
  await cp(fileURLToPath(new URL(`./fixtures/snapshots-${version}/`, import.meta.url)), dir, { recursive: true });
  const snapshots = await openSnapshots(dir);
  const loaded = await snapshots.load();
  const pages = new Map([
    ['shard/0', new Uint8Array(600).fill(7)],
    ['shard/1', Uint8Array.from([4, 5])],
    ['größe', Uint8Array.from([255])],
  ]);
  expect(loaded?.pages).toEqual(pages);
  expect(loaded).toMatchObject({ positions: { 'partition 0': '42' }, meta: { config: 'second', list: [1, null] } });
  expect(loaded).toMatchObject({ sequence: 2, damaged: [] });
  await snapshots.save(pages, { 'partition 0': '43' }, null);
  const next = await (await openSnapshots(dir)).load();
  expect(next).toMatchObject({ sequence: 3, positions: { 'partition 0': '43' }, damaged: [] });
  expect(next?.pages).toEqual(pages);
  await rm(dir, { recursive: true });
});
