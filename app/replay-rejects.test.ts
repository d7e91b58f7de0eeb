import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { TemporaryFile } from '../infra/spool.ts';
import type { Reject } from '../ingest/reject.ts';
import { RejectLog } from './replay-rejects.ts';

const reject = (i: number, reason = 'bad'): Reject => ({
  reason,
  origin: 'a',
  offset: i,
  line: null,
  excerpt: `é${i}`,
});

test('all rejects come back in order, and those of one place in one batch, however many', () => {
  const log = new RejectLog(() => new TemporaryFile(mkdtempSync(join(tmpdir(), 'rejects-'))));
  const all = Array.from({ length: 50_000 }, (_, i) => reject(Math.floor(i / 7)));
  for (const it of all) log.add(it);
  const batches = [...log.batches()];
  expect(batches.length).toBeGreaterThan(2);
  expect(batches.flat()).toEqual(all);
  const ends = batches.map((batch) => batch.at(-1)!.offset);
  expect(batches.slice(1).map((batch, i) => batch[0]!.offset > ends[i]!)).not.toContain(false);
  log.close();
});

test('counts by reason, and keeps the first of each to show', () => {
  const log = new RejectLog(() => {
    throw new Error('few need no file');
  });
  for (let i = 0; i < 10; i++) log.add(reject(i, i % 2 === 0 ? 'even' : 'odd'));
  expect([...log.byReason]).toEqual([
    ['even', 5],
    ['odd', 5],
  ]);
  expect(log.examples.map(({ offset }) => offset)).toEqual([0, 1, 2, 3, 4, 5]);
  expect([...log.batches()].flat()).toHaveLength(10);
});
