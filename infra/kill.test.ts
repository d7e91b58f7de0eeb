import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { openSegmentLog } from './segment-log-open.ts';
import { openSnapshots } from './state.ts';

const TARGET = fileURLToPath(new URL('./kill-target.ts', import.meta.url));
/** acknowledgements after which a run is killed, each at another moment of its work */
const KILLED_AFTER = [1, 7, 30, 64];

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kill-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** Runs the target until it has acknowledged `count` times, kills it with -9, and returns the last number it said. */
async function killAfter(kind: 'log' | 'state', count: number): Promise<number> {
  const child = spawn(process.execPath, ['--import', 'tsx', TARGET, kind, dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  let last = 0;
  let left = count;
  for await (const line of createInterface({ input: child.stdout })) {
    last = Number(line); // lines that were on their way when the kill came count as well: they were said
    if (--left === 0) child.kill('SIGKILL');
  }
  expect(await exited).toEqual([null, 'SIGKILL']);
  return last;
}

test('a log whose writer is killed again and again has all that it acknowledged, once and in order', async () => {
  for (const count of KILLED_AFTER) {
    const said = await killAfter('log', count);
    const log = await openSegmentLog(dir, { segmentBytes: 4096 }); // takes over the lock that the dead one left
    expect(log.endOffset).toBeGreaterThanOrEqual(said);
    expect(log.position('reader')).toBeGreaterThanOrEqual(said);
    for (let offset = log.startOffset; offset < log.endOffset; ) {
      for (const record of await log.read(offset))
        expect(Buffer.from(record).toString()).toMatch(`record ${offset++} `);
    }
    await log.close();
  }
}, 60_000);

test('snapshots whose writer is killed again and again are whole, and none that was acknowledged is lost', async () => {
  for (const count of KILLED_AFTER) {
    const said = await killAfter('state', count);
    const loaded = await (await openSnapshots(dir)).load();
    const turn = Number(loaded?.positions.turn);
    expect(turn).toBeGreaterThanOrEqual(said);
    expect(loaded).toMatchObject({ meta: { turn }, damaged: [] });
    for (let page = 0; page < 20; page++) {
      const text = Buffer.from(loaded!.pages.get(`page ${page}`)!).toString();
      expect(text).toBe(`${turn - (turn % (page + 1))} `.repeat(2000));
    }
    // each kill may leave a file that was being written: it is nobody's only after minutes, see state.ts
    expect((await readdir(dir)).filter((name) => name.endsWith('.tmp')).length).toBeLessThanOrEqual(
      KILLED_AFTER.length,
    );
  }
}, 60_000);
