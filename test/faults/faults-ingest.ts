import { closeSync, openSync, readdirSync, readSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { decodeMessage } from '../../infra/envelope.ts';
import { openSnapshots } from '../../infra/state.ts';
import { Random } from '../../scenarios/random.ts';
import type { Outcome } from './compare.ts';
import { compareTimeless } from './faults-order.ts';
import { Installation } from './installation.ts';
import { type Lab, until } from './lab.ts';
import type { Fault } from './run.ts';

const KILLS = { quick: 2, full: 5 };
const AWAY_MS = [50, 1_500] as const;
/** How long one that was started again reads, at least. */
const READING_MS = [200, 2_000] as const;
const TURN_MS = 50;
const READ_MS = 120_000;

/** Appends a copy of `from` to `to` over that time, in pieces that end anywhere: as a program writes its log. */
async function copyOver(from: string, to: string, lengthMs: number, onPart: (part: number) => void): Promise<void> {
  const input = openSync(from, 'r');
  const output = openSync(to, 'a', 0o600);
  const { size } = statSync(from);
  try {
    const startMs = Date.now();
    for (let at = 0; at < size; ) {
      const part = Math.min(1, (Date.now() - startMs) / lengthMs);
      const piece = Buffer.alloc(Math.max(0, Math.floor(size * part) - at));
      at += readSync(input, piece, 0, piece.length, at);
      writeSync(output, piece);
      onPart(part);
      await wait(TURN_MS);
    }
  } finally {
    closeSync(input);
    closeSync(output);
  }
}

/** How far the file was read and sent, by what is kept of it, bytes. */
async function readUpTo(installation: Installation, file: string): Promise<number> {
  let offset = 0;
  for (const name of readdirSync(installation.busStateDir).filter((it) => it.startsWith('sources-'))) {
    const snapshot = await (await openSnapshots(join(installation.busStateDir, name))).load();
    const page = snapshot?.pages.get('positions');
    if (page === undefined) continue;
    const { files } = decodeMessage(page, 'positions') as { files: [path: string, position: { offset: number }][] };
    for (const [path, position] of files) if (path === file) offset = Math.max(offset, position.offset);
  }
  return offset;
}

/** Workers that are fed by `tripline ingest` itself, which follows a file that grows. */
async function follow(lab: Lab, name: string, killAt: readonly number[]): Promise<Outcome> {
  const file = join(lab.dir, 'followed.ndjson'); // of one name in both runs: rejects tell it
  rmSync(file, { force: true });
  const installation = await Installation.open(lab, name, { sources: [{ files: file }] });
  try {
    await Promise.all([
      installation.start('ingest', 'ingest'),
      installation.start('detect', 'detect-1'),
      installation.start('detect', 'detect-2'),
      installation.start('notify', 'notify'),
    ]);
    const random = new Random(lab.seed, 'ingest away');
    let reached = 0;
    const writing = copyOver(lab.file, file, lab.feedMs, (part) => {
      reached = part;
    });
    for (const point of killAt) {
      while (reached < point) await wait(TURN_MS);
      await installation.kill('ingest');
      await wait(random.between(...AWAY_MS));
      const child = await installation.start('ingest', 'ingest');
      await child.said(/files followed/, READ_MS); // the next kill is to hit one that reads
      await wait(random.between(...READING_MS));
    }
    await writing;
    const { size } = statSync(file);
    await until('the file is read', READ_MS, async () => (await readUpTo(installation, file)) === size);
    await installation.drained();
    await installation.endAll();
    return await installation.outcome();
  } finally {
    await installation.close();
  }
}

/** When something is noticed follows the ticks, and those the moments of reading: figures and incidents do not. */
export const INGEST_FAULT: Fault = {
  name: 'kill -9 of ingest',
  async run(lab) {
    const random = new Random(lab.seed, 'kills of ingest');
    const points = Array.from({ length: lab.isQuick ? KILLS.quick : KILLS.full }, () =>
      random.between(0.05, 0.95),
    ).sort((a, b) => a - b);
    const expected = await follow(lab, 'ingest that follows', []);
    const found = await follow(lab, 'ingest that is killed', points);
    return {
      injected: `${points.length} kills of an ingest that follows a file; incidents and figures compared`,
      comparison: compareTimeless(expected, found),
    };
  },
};
