import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { lines, numbers, startReplica } from '../../test/replica.ts';

const MINUTE_MS = 60_000;

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

describe('rotation loses nothing and reads nothing twice', () => {
  test.each(['*.log', '*'])('while running, pattern %s', async (pattern) => {
    const replica = await start(pattern);
    writeFileSync(path('a.log'), lines(0, 10));
    await replica.discoverAndRead();
    appendFileSync(path('a.log'), lines(10, 15));
    renameSync(path('a.log'), path('a.log.1'));
    writeFileSync(path('a.log'), lines(20, 30));
    await replica.discoverAndRead();
    expect(replica.lane.hasReplaced || pattern === '*').toBe(true);
    await replica.discoverAndRead();
    appendFileSync(path('a.log.1'), lines(15, 20)); // its writer was told later
    await replica.discoverAndRead();
    expect(await replica.told()).toEqual([...numbers(0, 15), ...numbers(20, 30), ...numbers(15, 20)]);
    expect(replica.troubles).toEqual([]);
    await replica.stop();
    const next = await start(pattern);
    await next.discoverAndRead();
    expect(await next.told()).toEqual([]);
    await next.lane.close();
  });

  test.each(['*.log', '*'])('while stopped, pattern %s', async (pattern) => {
    const replica = await start(pattern);
    writeFileSync(path('a.log'), lines(0, 10));
    await replica.discoverAndRead();
    await replica.stop();
    appendFileSync(path('a.log'), lines(10, 3000)); // more than is read in one turn
    renameSync(path('a.log'), path('a.log.1'));
    writeFileSync(path('a.log'), lines(3000, 3010));
    const next = await start(pattern);
    await next.discoverAndRead();
    expect(await next.told()).toEqual(numbers(10, 3010));
    expect(next.troubles).toEqual([]);
    await next.stop();
    const last = await start(pattern);
    await last.discoverAndRead();
    expect(await last.told()).toEqual([]);
    await last.lane.close();
  });

  test('twice while stopped: each file goes on under its new name', async () => {
    const replica = await start('*');
    writeFileSync(path('a.log.1'), lines(0, 10));
    writeFileSync(path('a.log'), lines(10, 20));
    await replica.discoverAndRead();
    await replica.stop();
    renameSync(path('a.log.1'), path('a.log.2'));
    appendFileSync(path('a.log'), lines(20, 25));
    renameSync(path('a.log'), path('a.log.1'));
    writeFileSync(path('a.log'), lines(25, 30));
    const next = await start('*');
    await next.discoverAndRead();
    expect(await next.told()).toEqual(numbers(20, 30));
    await next.lane.close();
  });

  test('a name that is gone for a while: what is written to the file is read, for as long as somebody may write', async () => {
    const replica = await start();
    writeFileSync(path('a.log'), lines(0, 10));
    await replica.discoverAndRead();
    appendFileSync(path('a.log'), lines(10, 15));
    renameSync(path('a.log'), path('a.old'));
    await replica.discoverAndRead();
    replica.clock.ms += MINUTE_MS / 2;
    appendFileSync(path('a.old'), lines(15, 20));
    await replica.discoverAndRead();
    replica.clock.ms += 2 * MINUTE_MS;
    await replica.discoverAndRead();
    await replica.discoverAndRead();
    appendFileSync(path('a.old'), 'nobody reads it any more\n');
    writeFileSync(path('a.log'), lines(20, 25));
    await replica.discoverAndRead();
    expect(await replica.told()).toEqual(numbers(0, 25));
    expect(replica.troubles).toEqual([]);
    await replica.lane.close();
  });

  test('names that were swapped while stopped do not wait for each other', async () => {
    const replica = await start();
    writeFileSync(path('a.log'), lines(0, 10));
    writeFileSync(path('b.log'), lines(10, 20));
    await replica.discoverAndRead();
    await replica.stop();
    renameSync(path('a.log'), path('c'));
    renameSync(path('b.log'), path('a.log'));
    renameSync(path('c'), path('b.log'));
    appendFileSync(path('a.log'), lines(20, 25));
    appendFileSync(path('b.log'), lines(25, 30));
    const next = await start();
    await next.discoverAndRead();
    expect((await next.told()).sort((a, b) => a - b)).toEqual(numbers(20, 30));
    await next.lane.close();
  });

  test('renamed without a new file while stopped', async () => {
    const replica = await start();
    writeFileSync(path('a.log'), lines(0, 10));
    await replica.discoverAndRead();
    await replica.stop();
    appendFileSync(path('a.log'), lines(10, 15));
    renameSync(path('a.log'), path('a.old'));
    const next = await start();
    await next.discoverAndRead();
    expect(await next.told()).toEqual(numbers(10, 15));
    await next.lane.close();
  });

  test('a file that was removed and one that was cut while stopped are begun anew, with a warning where something may be lost', async () => {
    const replica = await start();
    writeFileSync(path('a.log'), lines(0, 10));
    writeFileSync(path('b.log'), lines(100, 110));
    await replica.discoverAndRead();
    await replica.stop();
    unlinkSync(path('a.log')); // the next file may well get its inode
    writeFileSync(path('a.log'), lines(10, 30));
    truncateSync(path('b.log'));
    appendFileSync(path('b.log'), lines(110, 112));
    const next = await start();
    await next.discoverAndRead();
    expect((await next.told()).sort((a, b) => a - b)).toEqual([...numbers(10, 30), 110, 111]);
    expect(next.troubles).toEqual([expect.stringContaining('the old file is not in its folder')]);
    await next.lane.close();
  });
});

test('positions are kept when something changed, and forgotten a month after their files', async () => {
  const replica = await start();
  writeFileSync(path('a.log'), lines(0, 10));
  await replica.discoverAndRead();
  await replica.save();
  const before = readdirSync(join(dir, 'state'));
  expect(readFileSync(join(dir, 'state', before.at(-1)!), 'latin1')).toContain('a.log');
  await replica.save();
  expect(readdirSync(join(dir, 'state'))).toEqual(before);
  unlinkSync(path('a.log'));
  await replica.discoverAndRead();
  replica.clock.ms += 2 * MINUTE_MS;
  await replica.discoverAndRead();
  replica.clock.ms += 31 * 24 * 60 * MINUTE_MS;
  await replica.discoverAndRead();
  await replica.stop();
  const after = readdirSync(join(dir, 'state')).filter((name) => !before.includes(name));
  expect(after).not.toEqual([]);
  expect(readFileSync(join(dir, 'state', after.at(-1)!), 'latin1')).not.toContain('a.log');
});

test('files that say nothing for long are closed, and opened again when they do', async () => {
  const replica = await start();
  writeFileSync(path('a.log'), lines(0, 10));
  await replica.discoverAndRead();
  replica.clock.ms += 60 * MINUTE_MS;
  await replica.discoverAndRead();
  await replica.discoverAndRead();
  appendFileSync(path('a.log'), lines(10, 20));
  await replica.read();
  expect(await replica.told()).toEqual(numbers(0, 10));
  await replica.discoverAndRead();
  expect(await replica.told()).toEqual(numbers(0, 20));
  await replica.lane.close();
});
