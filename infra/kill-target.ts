import { writeSync } from 'node:fs';
import { openSegmentLog } from './segment-log-open.ts';
import { openSnapshots } from './state.ts';

/**
 * The program that kill.test.ts kills: `kill-target.ts log|state DIR` writes without end, and says a number on stdout
 * only when what belongs to it was acknowledged.
 */
const STANDARD_OUTPUT = 1;
const say = (number: number) => writeSync(STANDARD_OUTPUT, `${number}\n`);

async function appendForEver(dir: string): Promise<void> {
  const log = await openSegmentLog(dir, { segmentBytes: 4096 });
  for (let first = log.endOffset; ; first = log.endOffset) {
    const records = Array.from({ length: 3 }, (_, i) =>
      Buffer.from(`record ${first + i} ${'x'.repeat((first * 7) % 90)}`),
    );
    await Promise.all(records.map((record) => log.append([record])));
    await log.commit('reader', log.endOffset);
    say(log.endOffset);
  }
}

async function saveForEver(dir: string): Promise<void> {
  const snapshots = await openSnapshots(dir);
  const last = await snapshots.load();
  for (let turn = Number(last?.positions.turn ?? 0) + 1; ; turn++) {
    const pages = new Map<string, Uint8Array>();
    for (let page = 0; page < 20; page++) {
      const written = turn - (turn % (page + 1)); // page 0 changes every turn, page 19 every twentieth
      pages.set(`page ${page}`, Buffer.from(`${written} `.repeat(2000)));
    }
    await snapshots.save(pages, { turn: String(turn) }, { turn });
    say(turn);
  }
}

const [, , kind, dir = ''] = process.argv;
await (kind === 'log' ? appendForEver(dir) : saveForEver(dir));
