import { cp, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { SegmentLog } from './segment-log.ts';
import { crc32, MAX_RECORD_BYTES, tableCrc32 } from './segment-log-format.ts';
import { openSegmentLog } from './segment-log-open.ts';

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'segment-log-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const bytes = (text: string) => Buffer.from(text);
const texts = (records: readonly Uint8Array[]) => records.map((record) => Buffer.from(record).toString());

async function readAll(log: SegmentLog, from = log.startOffset, maxBytes?: number): Promise<string[]> {
  const all: string[] = [];
  for (let at = from; at < log.endOffset; at = from + all.length) all.push(...texts(await log.read(at, maxBytes)));
  return all;
}

test('records come back in order, by offset, also after it was closed and opened again', async () => {
  const log = await openSegmentLog(dir);
  expect(await log.append([bytes('a'), bytes('')])).toBe(0);
  expect(await log.append([bytes('c')])).toBe(2);
  expect(texts(await log.read(1))).toEqual(['', 'c']);
  expect(await log.read(3)).toEqual([]);
  await log.close();
  const again = await openSegmentLog(dir);
  expect(await again.append([bytes('d')])).toBe(3);
  expect(await readAll(again)).toEqual(['a', '', 'c', 'd']);
  await again.close();
});

test('appends that wait together share a sync and keep their order across segments', async () => {
  const log = await openSegmentLog(dir, { segmentBytes: 2000 });
  const offsets = await Promise.all(Array.from({ length: 300 }, (_, i) => log.append([bytes(`record ${i}`)])));
  expect(offsets).toEqual(Array.from({ length: 300 }, (_, i) => i));
  for (let i = 300; i < 400; i++) await log.append([bytes(`record ${i}`)]);
  expect(await readAll(log, 0, 100)).toEqual(Array.from({ length: 400 }, (_, i) => `record ${i}`));
  expect((await readdir(dir)).filter((name) => name.endsWith('.segment')).length).toBeGreaterThan(2);
  await log.close();
});

test('the caller may reuse its buffer at once, and records larger than one read are whole', async () => {
  const log = await openSegmentLog(dir);
  const record = Buffer.alloc(700_000, 1);
  const acknowledged = log.append([record, bytes('small')]);
  record.fill(2);
  await acknowledged;
  const [large, small] = [await log.read(0, 1), await log.read(1)];
  expect(Buffer.from(large[0]!).equals(Buffer.alloc(700_000, 1))).toBe(true);
  expect(texts(small)).toEqual(['small']);
  await expect(log.append([Buffer.alloc(MAX_RECORD_BYTES + 1)])).rejects.toMatchObject({ code: 'TOO_LARGE' });
  await log.close();
});

test('retention removes whole segments that every consumer has passed, and no others', async () => {
  const log = await openSegmentLog(dir, { segmentBytes: 1 });
  for (const name of 'abcdef') await log.append([bytes(name)]);
  expect(await log.trim()).toBe(0); // nobody has read anything: all of it may be needed
  await log.commit('fast', 5);
  await log.commit('slow', 2);
  expect(await log.trim({ keepRecords: 5 })).toBe(1);
  expect(await log.trim()).toBe(1);
  expect(await readAll(log)).toEqual(['c', 'd', 'e', 'f']);
  await expect(log.read(1)).rejects.toMatchObject({ code: 'OFFSET_GONE' });
  await log.forget('slow');
  expect(await log.trim({ keepBytes: 1e6 })).toBe(0);
  expect(await log.trim()).toBe(3);
  await log.close();
  const again = await openSegmentLog(dir, { segmentBytes: 1 });
  expect([again.startOffset, again.endOffset, again.position('fast'), again.position('slow')]).toEqual([5, 6, 5, null]);
  await again.close();
});

test('positions only grow, survive a restart, and cannot run ahead of the log', async () => {
  const log = await openSegmentLog(dir);
  await log.append([bytes('a'), bytes('b'), bytes('c')]);
  await Promise.all([log.commit('x', 1), log.commit('__proto__', 3), log.commit('x', 2), log.commit('x', 1)]);
  await expect(log.commit('x', 4)).rejects.toThrow(RangeError);
  await log.close();
  const again = await openSegmentLog(dir);
  expect([again.position('x'), again.position('__proto__'), again.position('y')]).toEqual([2, 3, null]);
  await again.close();
});

test('a second writer is refused, a writer that died is not waited for', async () => {
  const log = await openSegmentLog(dir);
  await expect(openSegmentLog(dir)).rejects.toMatchObject({ code: 'LOCKED', retriable: true });
  await log.close();
  const host = encodeURIComponent(hostname());
  await writeFile(join(dir, `writer~${host}~${process.pid}~1.lock`), ''); // same number, another process
  await writeFile(join(dir, `writer~${host}~4194304~1.lock`), ''); // beyond the largest process number
  await (await openSegmentLog(dir)).close();
  expect((await readdir(dir)).filter((name) => name.endsWith('.lock'))).toEqual([]);
  await writeFile(join(dir, 'writer~elsewhere~1~1.lock'), '');
  await expect(openSegmentLog(dir)).rejects.toThrow('on host elsewhere');
});

test('a closed log says so, and closing waits for what is under way', async () => {
  const log = await openSegmentLog(dir);
  const acknowledged = log.append([bytes('a')]);
  await log.close();
  expect(await acknowledged).toBe(0);
  await expect(log.append([bytes('b')])).rejects.toMatchObject({ code: 'CLOSED' });
  await expect(log.read(0)).rejects.toMatchObject({ code: 'CLOSED' });
});

test('files and folder are for the owner alone', async () => {
  const inner = join(dir, 'made');
  const log = await openSegmentLog(inner);
  await log.append([bytes('a')]);
  await log.commit('x', 1);
  const modes = await Promise.all(
    (await readdir(inner)).map(async (name) => (await stat(join(inner, name))).mode & 0o777),
  );
  expect(modes).toEqual(modes.map(() => 0o600));
  expect((await stat(inner)).mode & 0o777).toBe(0o700);
  await log.close();
});

test('the checksum of older Nodes equals the built-in one, in one piece or continued', async () => {
  await fc.assert(
    fc.property(fc.uint8Array(), fc.nat({ max: 0xffffffff }), (data, start) => {
      expect(tableCrc32(data, start)).toBe(crc32(data, start));
    }),
  );
});

test('a log of version 1.0 is read as it was meant, and goes on', async () => {
  await cp(fileURLToPath(new URL('./fixtures/segment-log-1.0/', import.meta.url)), dir, { recursive: true });
  const log = await openSegmentLog(dir);
  expect(await readAll(log, 0)).toEqual(['first', 'second', '', 'größe']);
  expect(log.position('reader')).toBe(3);
  expect(await log.append([bytes('next')])).toBe(4);
  await log.close();
});
