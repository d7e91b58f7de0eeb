import { gunzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { subscription } from '../test/log-messages.ts';
import { LOG_GROUP, type Readable, readable } from '../test/readable.ts';
import { FragmentWriter } from './fragment.ts';
import { createParser, type Place } from './parser.ts';
import type { Reject } from './reject.ts';

/** Parses bytes from a place on, up to a byte, as a process does that is killed there. */
function parsePart(bytes: Buffer, from: Place, until: number, isEnd: boolean) {
  const fragments: Readable[] = [];
  const rejects: Reject[] = [];
  const out = new FragmentWriter((block) => {
    for (let i = 0; i < block.n; i++) fragments.push(readable(block, i));
  });
  const options = { origin: 'test', gunzip: (data: Uint8Array) => gunzipSync(data), logGroup: LOG_GROUP, from };
  const parser = createParser(options, out, (reject) => rejects.push(reject));
  parser.push(bytes.subarray(from.offset, until));
  const place = parser.wholeUpTo;
  if (isEnd) parser.end();
  out.flush();
  return { fragments, rejects, place };
}

const reportLine = (id: number) =>
  `REPORT RequestId: 00000000-0000-4000-8000-${String(id).padStart(12, '0')}\tDuration: 12.00 ms\tBilled Duration: 12 ms\tMemory Size: 128 MB\tMax Memory Used: 60 MB\t\n`;

const START: Place = { offset: 0, line: 1 };
const distinct = (items: readonly unknown[]) =>
  [...new Set(items.map((item) => JSON.stringify(item)))].sort((a, b) => (a < b ? -1 : 1));

/** Without the version: what a START told of its stream is not part of a place, and its invocation has it from there. */
const unversioned = ({ version: _, ...rest }: Readable) => rest;

/** Whole, and in two parts of which the second goes on where the first was whole. */
function bothWays(text: string, cut: number) {
  const bytes = Buffer.from(text);
  const whole = parsePart(bytes, START, bytes.length, true);
  const first = parsePart(bytes, START, cut, false);
  expect(first.place.offset).toBeLessThanOrEqual(cut);
  expect(first.place.line).toBe(bytes.subarray(0, first.place.offset).toString('latin1').split('\n').length);
  const second = parsePart(bytes, first.place, bytes.length, true);
  return {
    whole,
    parts: { fragments: [...first.fragments, ...second.fragments], rejects: [...first.rejects, ...second.rejects] },
  };
}

test('a parser that goes on where another was whole misses nothing, and places rejects where they stand', async () => {
  const lines = fc.array(
    fc.oneof(
      subscription.map((it) => JSON.stringify(it)),
      fc.constant('{"messageType":"DATA_MESSAGE",,'),
      fc.constant(''),
    ),
  );
  await fc.assert(
    fc.property(lines, fc.nat(), fc.constantFrom('\n', '\r\n'), (texts, at, newline) => {
      const text = texts.join(newline);
      const { whole, parts } = bothWays(text, at % (Buffer.byteLength(text) + 1));
      expect(distinct(parts.fragments.map(unversioned))).toEqual(distinct(whole.fragments.map(unversioned)));
      expect(distinct(parts.rejects)).toEqual(distinct(whole.rejects));
    }),
    { numRuns: 200 },
  );
});

test('an array of events that is cut is read again from its start', () => {
  const event = (id: number) => ({
    logStreamName: '2026/11/21/[7]e6bd0f6b5c0a4c67a2d5c8f2b0c81d4e',
    timestamp: 1_795_255_200_000 + id,
    message: reportLine(id),
    eventId: String(id),
  });
  const text = JSON.stringify({ events: Array.from({ length: 9 }, (_, i) => event(i)) }, null, 1);
  for (let cut = 0; cut <= text.length; cut += 13) {
    const { whole, parts } = bothWays(text, cut);
    expect(whole.fragments).toHaveLength(9);
    expect(distinct(parts.fragments)).toEqual(distinct(whole.fragments));
  }
});

test('a message of several lines is whole when the next begins, or when nothing follows for a while', () => {
  const text = '2026-11-21T10:00:00.000Z Task timed out after 3.00 seconds\n\tat somewhere\n';
  const bytes = Buffer.from(text);
  const fragments: Readable[] = [];
  const out = new FragmentWriter((block) => {
    for (let i = 0; i < block.n; i++) fragments.push(readable(block, i));
  });
  const parser = createParser({ origin: 'test', gunzip: gunzipSync, logGroup: LOG_GROUP }, out, () => {});
  parser.push(bytes);
  expect(parser.wholeUpTo).toEqual(START);
  parser.settle();
  expect(parser.wholeUpTo).toEqual({ offset: bytes.length, line: 3 });
});
