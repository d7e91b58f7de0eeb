import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { Dictionary, F, FragmentBlock, U } from '../ingest/fragment.ts';
import { FragmentLog, PAGE } from '../ingest/fragment-log.ts';
import { openPageFile, TemporaryFile } from './spool.ts';

const folder = () => mkdtempSync(join(tmpdir(), 'spool-'));

test('what is written can be read, and the file has no name meanwhile', () => {
  const dir = join(folder(), 'new');
  const file = new TemporaryFile(dir);
  expect(file.append(Buffer.from('hello '))).toBe(0);
  expect(file.append(Buffer.from('world'))).toBe(6);
  const bytes = Buffer.alloc(5);
  file.read(bytes, 6);
  expect(bytes.toString()).toBe('world');
  expect(() => file.read(bytes, 7)).toThrow('read past the end of a temporary file');
  if (process.platform !== 'win32') expect(readdirSync(dir)).toEqual([]);
  file.close();
  expect(readdirSync(dir)).toEqual([]);
});

test('a folder that cannot be made is an error of the system', () => {
  const file = join(folder(), 'file');
  writeFileSync(file, '');
  expect(() => new TemporaryFile(join(file, 'below'))).toThrow(expect.objectContaining({ code: 'ENOTDIR' }));
});

test('a log with most pages in the file reads like one in memory, from any place', () => {
  const dictionary = new Dictionary();
  const log = new FragmentLog(dictionary, 1, () => openPageFile(folder()));
  const total = 3 * PAGE + 100;
  for (let at = 0; at < total; at += 1000) {
    const block = new FragmentBlock(dictionary, 1000);
    block.n = Math.min(1000, total - at);
    for (let i = 0; i < block.n; i++) {
      for (let column = 0; column < F.stride; column++) block.f[i * F.stride + column] = at + i + column / 10;
      for (let column = 0; column < U.stride; column++) block.u[i * U.stride + column] = (at + i) * 16 + column;
    }
    log.append(block);
  }
  expect({ length: log.length, spilled: log.spilled }).toEqual({ length: total, spilled: true });
  const copy = new FragmentBlock(dictionary, 2 * PAGE);
  for (const [from, count] of [
    [0, 1],
    [PAGE - 3, 7],
    [PAGE, PAGE],
    [PAGE + 5, 2 * PAGE - 50],
    [3 * PAGE - 2, 102],
    [total - 1, 1],
  ] as const) {
    copy.f.fill(Number.NaN);
    log.copy(from, count, copy, 10);
    for (const i of [0, count >> 1, count - 1]) {
      expect(copy.f[(10 + i) * F.stride + F.weight]).toBe(from + i + F.weight / 10);
      expect(copy.u[(10 + i) * U.stride + U.stream]).toBe((from + i) * 16 + U.stream);
    }
    expect(copy.f[9 * F.stride]).toBeNaN();
  }
  log.close();
});
