import { describe, expect, test } from '@jest/globals';
import { Flag, FragmentKind } from '../ingest/fragment.ts';
import { blocksOfPieces, type Piece } from '../test/pieces.ts';
import { playBlocks } from '../test/pipeline.ts';
import { START_MS } from '../test/stream.ts';

const MINUTE = 60_000;
const DAY = 1440;
const at = (minute: number) => START_MS + minute * MINUTE;

/** Somebody who is called once a minute, so that time goes on and nobody is first. */
function others(days: number): Piece[] {
  const pieces: Piece[] = [];
  for (let minute = 0; minute < days * DAY; minute += 5) {
    pieces.push({ kind: 'report', fn: 'other', timeMs: at(minute), id: 1e6 + minute, durationUs: 5000 });
    pieces.push({ kind: 'tick', timeMs: at(minute) });
  }
  return pieces;
}

/** What is said of `checkout` while others live on: `signal severity: text`. */
function told(days: number, pieces: readonly Piece[]): string[] {
  const all = [...others(days), ...pieces].map((piece, i) => ({ piece, i }));
  all.sort((a, b) => a.piece.timeMs - b.piece.timeMs || a.i - b.i);
  return playBlocks(blocksOfPieces(all.map(({ piece }) => piece)))
    .events.filter(({ event, function: { name } }) => event === 'opened' && name === 'checkout')
    .map(({ severity, text }) => `${severity}: ${text.replace('checkout: ', '')}`);
}

let nextId = 1;
const call = (minute: number, more: Partial<Piece> = {}): Piece => ({
  kind: 'report',
  timeMs: at(minute),
  id: nextId++,
  durationUs: 5000,
  ...more,
});
const calls = (count: number, minute: number, more: Partial<Piece> = {}) =>
  Array.from({ length: count }, (_, i) => call(minute + i / count, more));

describe('first seen', () => {
  test.each([
    { name: 'with the source itself is no news', days: 1, pieces: [call(0)], said: [] },
    { name: 'a day later is worth a line, no more', days: 2, pieces: [call(DAY + 60)], said: [/^info: first seen/] },
    {
      name: 'and called at once, often, is worth a look',
      days: 3,
      pieces: calls(60, 2 * DAY + 60),
      said: [/^info: first seen/, /^warning: never seen before, and started with \d+ calls/],
    },
  ])('$name', ({ days, pieces, said }) => {
    expect(told(days, pieces)).toEqual(said.map((text) => expect.stringMatching(text)));
  });
});

describe('asleep and awake', () => {
  test('a call after days of sleep', () => {
    const said = told(6, [...calls(20, 60), call(5 * DAY)]);
    expect(said).toEqual([expect.stringMatching(/^warning: called again after (4\.9|5\.0) days of sleep/)]);
  });

  test('is said again only after another sleep', () => {
    const said = told(7, [...calls(20, 60), call(5 * DAY), call(5 * DAY + 60), call(6 * DAY)]);
    expect(said).toHaveLength(1);
  });

  test('a day off is no sleep', () => {
    expect(told(4, [...calls(20, 60), call(2 * DAY)])).toEqual([]);
  });

  test('what was known of it before is kept: its version', () => {
    const said = told(6, [
      ...calls(5, 60, { version: '7' }),
      call(5 * DAY, { version: '7' }),
      call(5 * DAY + 1, { version: '8' }),
    ]);
    expect(said.at(-1)).toMatch(/^info: version 8 answers/);
    expect(said).toHaveLength(2);
  });
});

describe('versions and sizes', () => {
  test.each([
    { name: 'the first is no news', versions: ['7', '7'], said: 0 },
    { name: 'a newer one is', versions: ['7', '8', '8'], said: 1 },
    { name: 'one of before that still answers is not', versions: ['8', '7', '8', '7'], said: 0 },
    { name: 'each newer one is', versions: ['7', '8', '9'], said: 2 },
    { name: 'a number after $LATEST is', versions: ['$LATEST', '1'], said: 1 },
    { name: '$LATEST after a number is not', versions: ['5', '$LATEST'], said: 0 },
  ])('versions: $name', ({ versions, said }) => {
    const events = told(
      1,
      versions.map((version, i) => call(i + 1, { version })),
    );
    expect(events).toHaveLength(said);
    for (const text of events) expect(text).toMatch(/^info: version \S+ answers for the first time/);
  });

  test('another memory size is said once, with both', () => {
    const [small, large] = [512, 1024].map((mib) => ({ sizeKib: mib * 1024 }));
    const said = told(1, [call(1, small), call(2, small), call(3, large), call(4, large)]);
    expect(said).toHaveLength(1);
    expect(said[0]).toContain('512→1024 MiB');
  });
});

describe('content', () => {
  const leak = (minute: number, more: Partial<Piece> = {}) =>
    call(minute, { kind: 'content', text: 'aws-access-key', ...more });
  const verbose = (minute: number) => leak(minute, { flags: Flag.verbose, text: 'DatabaseError' });

  test.each([
    { name: 'a secret is said at once', pieces: [leak(5)], said: 1 },
    { name: 'once a day', pieces: [leak(5), leak(6), leak(700), leak(1400)], said: 1 },
    { name: 'and again the day after', pieces: [leak(5), leak(5 + DAY)], said: 2 },
    { name: 'the same line twice is once', pieces: [leak(5, { id: 9 }), leak(5, { id: 9 })], said: 1 },
  ])('$name', ({ pieces, said }) => {
    const events = told(2, [call(0), ...pieces]);
    expect(events).toHaveLength(said);
    for (const text of events) expect(text).toMatch(/^error: text shaped like a secret \(aws-access-key\)/);
  });

  test('verbose errors of a function that always had them are no news', () => {
    expect(told(2, [call(0), ...[1, 2, 3, 4, 2000, 2001, 2002].map(verbose)])).toEqual([]);
  });

  test('verbose errors that are new are, when they are more than a slip', () => {
    const daily = Array.from({ length: 570 }, (_, i) => call(i * 5));
    expect(told(2, [...daily, verbose(2000)])).toEqual([]);
    expect(told(2, [...daily, ...[2000, 2001, 2002, 2003, 2004].map(verbose)])).toEqual([
      expect.stringMatching(/^warning: error details \(DatabaseError\)/),
    ]);
  });
});

test('log records that the platform dropped are said once an hour', () => {
  const dropped = (minute: number) => call(minute, { kind: 'logsDropped', a: 12, id: 0 });
  const said = told(1, [call(0), dropped(1), dropped(2), dropped(30), dropped(70)]);
  expect(said).toEqual(Array(2).fill('warning: the platform dropped 12 records of its log'));
});

test('what is said once is resolved, with the same id', () => {
  const { events } = playBlocks(
    blocksOfPieces([
      call(0),
      { kind: 'content', timeMs: at(1), id: 5, text: 'jwt' },
      ...[0, 30, 62, 65].map((minute) => ({ kind: 'tick' as const, timeMs: at(minute) })),
    ]),
  );
  expect(events.map(({ event }) => event)).toEqual(['opened', 'resolved']);
  expect(events[1]!.alert_id).toBe(events[0]!.alert_id);
  expect(FragmentKind.content).toBe(7);
});
