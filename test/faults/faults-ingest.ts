import { closeSync, openSync, readSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Random } from '../../scenarios/random.ts';
import type { Outcome } from './compare.ts';
import { compareTimeless } from './faults-data.ts';
import { Installation } from './installation.ts';
import type { Lab } from './lab.ts';
import type { Fault } from './run.ts';

const KILLS = 4;
const AWAY_MS = [50, 1_500] as const;
const TURN_MS = 50;

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
      await installation.start('ingest', 'ingest');
    }
    await writing;
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
    const points = Array.from({ length: KILLS }, () => random.between(0.05, 0.95)).sort((a, b) => a - b);
    const expected = await follow(lab, 'ingest that follows', []);
    const found = await follow(lab, 'ingest that is killed', points);
    return {
      injected: `${KILLS} kills of an ingest that follows a file; incidents and figures compared`,
      comparison: compareTimeless(expected, found),
    };
  },
};
