import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { lines, numbers, startReplica } from '../../test/replica.ts';

let dir = '';
let logs = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'lane-'));
  logs = join(dir, 'logs');
  mkdirSync(logs);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const path = (name: string): string => join(logs, name);
const start = (pattern?: string) => startReplica(dir, pattern);

describe('compressed files', () => {
  const gz = gzipSync(lines(0, 2000));

  test('one that is found while it is being written is read when it is whole, and then never again', async () => {
    const replica = await start('*.gz');
    writeFileSync(path('a.gz'), gz.subarray(0, gz.length / 2));
    await replica.discoverAndRead();
    expect(replica.troubles).toEqual([expect.stringContaining('truncated')]);
    writeFileSync(path('a.gz'), gz);
    await replica.discoverAndRead(); // it may still be written to
    await replica.save();
    await replica.discoverAndRead();
    expect(new Set(await replica.told())).toEqual(new Set(numbers(0, 2000)));
    const count = (await replica.told()).length;
    await replica.discoverAndRead();
    await replica.stop();
    expect(await replica.told()).toHaveLength(count);
    const next = await start('*.gz');
    await next.discoverAndRead();
    expect(await next.told()).toEqual([]);
    await next.lane.close();
  });

  test('a new one of the same name is read, a renamed one is not', async () => {
    const replica = await start('*.gz');
    writeFileSync(path('a.gz'), gzipSync(lines(0, 10)));
    await replica.discoverAndRead();
    renameSync(path('a.gz'), path('b.gz'));
    writeFileSync(path('a.gz'), gzipSync(lines(10, 20)));
    await replica.discoverAndRead();
    await replica.discoverAndRead();
    expect(await replica.told()).toEqual(numbers(0, 20));
    await replica.lane.close();
  });

  test('one is read in turns, and who takes over in the middle begins it anew', async () => {
    const big = lines(0, 5000).repeat(3);
    writeFileSync(path('a.gz'), gzipSync(big));
    writeFileSync(path('b.gz'), gzipSync(lines(0, 10)));
    const replica = await start('*.gz');
    await replica.discover();
    expect(await replica.lane.readRound(() => false)).toBe(true);
    expect(replica.lane.totals.bytes).toBeGreaterThan(0);
    expect(replica.lane.totals.bytes).toBeLessThan(big.length);
    await replica.stop();
    const next = await start('*.gz');
    await next.discoverAndRead();
    expect(next.lane.totals.bytes).toBe(big.length + lines(0, 10).length);
    expect(next.troubles).toEqual([]);
    await next.lane.close();
  });
});
