import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { FragmentSink } from '../../app/roles/fragment-sink.ts';
import { openLocalTopics } from '../../infra/topics-local.ts';
import { subscriptionTexts } from '../../ingest/cloudwatch/subscription-text.ts';
import { Dictionary, FragmentWriter } from '../../ingest/fragment.ts';
import { createParser } from '../../ingest/parser.ts';
import { reportLine, type Written } from './moto-fleet.ts';
import { isBalanced, MotoLedger } from './moto-ledger.ts';

const START_MS = Date.UTC(2026, 10, 23, 12);
const group = { account: '123456789012', region: 'us-east-1', name: '/aws/lambda/pay', createdMs: START_MS };
const WRITTEN: Written[] = Array.from({ length: 10 }, (_, n) => ({
  fn: 'aws/123456789012/us-east-1/pay',
  timestampMs: START_MS + n * 20_000,
  writtenMs: START_MS,
  deliveredMs: START_MS,
  firstMs: START_MS,
}));

let dir = '';
let ledger: MotoLedger;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'moto-ledger-'));
  ledger = new MotoLedger(dir);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** A process that takes these events, by their number, and ends. */
async function life(numbers: readonly number[], shiftMs = 0): Promise<void> {
  const topics = await openLocalTopics({ dir, keepBytes: 1e9 });
  const sink = new FragmentSink(topics.fragments);
  const writer = new FragmentWriter((block) => sink.add(block, 0, block.n), new Dictionary());
  const options = { origin: 'test', region: group.region, gunzip: (bytes: Uint8Array) => bytes };
  const parser = createParser(options, writer, ({ reason }) => expect(reason).toBe(''));
  for (const n of numbers) {
    const event = { id: `${n}`, timestampMs: START_MS + n * 20_000 + shiftMs, ingestionMs: START_MS, stream: 's' };
    for (const text of subscriptionTexts(group, [{ ...event, message: reportLine(n) }])) parser.push(Buffer.from(text));
  }
  writer.flush();
  sink.tick({ timeMs: START_MS + Math.max(0, ...numbers) * 20_000, clock: 'test', isLast: false });
  await sink.flush();
  await sink.settle();
  await topics.close();
  await ledger.endLife();
}

const EVEN = { written: 10, taken: 10, counted: 10, repeated: 0, missing: 0, twice: 0, other: 0, wrongMinutes: 0 };

test('all of it once is balanced, and so is what comes again after a kill', async () => {
  await life([0, 1, 2, 3, 4, 5]);
  expect(ledger.taken).toEqual(new Set([0, 1, 2, 3, 4, 5]));
  await life([4, 5, 6, 7, 8, 9]);
  expect(ledger.balance(WRITTEN)).toMatchObject({ ...EVEN, repeated: 2 });
  expect(isBalanced(ledger.balance(WRITTEN))).toBe(true);
});

test('what is missing, taken twice by one process, or was never written is not', async () => {
  await life([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  const short = ledger.balance(WRITTEN);
  expect(short).toMatchObject({ ...EVEN, taken: 9, counted: 9, missing: 1, wrongMinutes: 1 });
  await life([9, 9]);
  const again = ledger.balance(WRITTEN);
  expect(again).toMatchObject({ ...EVEN, twice: 1 });
  await life([3], 5);
  const moved = ledger.balance(WRITTEN);
  expect(moved).toMatchObject({ taken: 10, other: 1 });
  for (const balance of [short, again, moved]) expect(isBalanced(balance)).toBe(false);
});
