import { describe, expect, test } from '@jest/globals';
import { Flag } from '../ingest/fragment.ts';
import { blocksOfPieces, type Piece, permutations } from '../test/pieces.ts';
import { playBlocks } from '../test/pipeline.ts';
import { START_MS } from '../test/stream.ts';

const AT = START_MS + 20_000;
const MIB = 1024;
const start: Piece = { kind: 'start', timeMs: AT - 50, id: 1, version: '7' };
const line: Piece = { kind: 'failure', timeMs: AT - 1, id: 1, text: 'TypeError' };
const report: Piece = { kind: 'report', timeMs: AT, id: 1, durationUs: 50_000, sizeKib: 512 * MIB };
const insights: Piece = { kind: 'insights', timeMs: AT + 900, id: 1, a: 4321, b: 99 };
const rows = (pieces: readonly Piece[], invocations: 'all' | 'notable' | 'none' = 'all') =>
  playBlocks(blocksOfPieces(pieces), { invocations }).invocations;

describe('the pieces of one invocation make one row', () => {
  const orders = permutations([start, line, report, insights]);
  test.each(orders.map((order) => ({ name: order.map(({ kind }) => kind).join(', '), order })))(
    '$name',
    ({ order }) => {
      expect(rows(order)).toEqual([
        expect.objectContaining({
          fn: 'aws/123456789012/-/checkout',
          timeMs: AT,
          version: '7',
          durationUs: 50_000,
          memorySizeKib: 512 * MIB,
          memoryUsedKib: null,
          outcome: 'error',
          errorType: 'TypeError',
          egressBytes: 4321,
          ingressBytes: 99,
          initUs: null,
          isPartial: false,
        }),
      ]);
    },
  );

  test('also when each comes twice', () => {
    const pieces = [start, line, report, insights];
    expect(rows([...pieces, ...pieces])).toEqual(rows(pieces));
  });

  test('also when they come minutes apart, as long as they are awaited', () => {
    const ticks = (fromMs: number): Piece => ({ kind: 'tick', timeMs: fromMs });
    expect(rows([start, report, ticks(AT + 60_000), line, ticks(AT + 120_000), insights, ticks(AT + 600_000)])).toEqual(
      rows([start, report, line, insights]),
    );
  });
});

describe('which rows are kept', () => {
  const slow = { ...report, id: 2, durationUs: 9e6 };
  test.each([
    { name: 'all', invocations: 'all', pieces: [report, slow], count: 2 },
    { name: 'none', invocations: 'none', pieces: [report, line, insights], count: 0 },
    { name: 'notable leaves out what is ordinary', invocations: 'notable', pieces: [report, insights], count: 0 },
    { name: 'notable keeps failures', invocations: 'notable', pieces: [line, report, insights], count: 1 },
    {
      name: 'notable keeps failed reports',
      invocations: 'notable',
      pieces: [{ ...report, flags: Flag.failed }],
      count: 1,
    },
  ] as const)('$name', ({ invocations, pieces, count }) => {
    expect(rows(pieces, invocations)).toHaveLength(count);
  });

  test('attempts of one request are rows of their own', () => {
    const retry = { ...report, timeMs: AT + 60_000 };
    expect(rows([report, retry]).map(({ timeMs }) => timeMs)).toEqual([AT, AT + 60_000]);
  });

  test('a failure that never reported is a partial row', () => {
    expect(rows([line])).toEqual([expect.objectContaining({ isPartial: true, durationUs: null, outcome: 'error' })]);
  });
});

describe('what is unknown is null, never 0', () => {
  test.each([
    { name: 'a report without figures', pieces: [{ kind: 'report', timeMs: AT, id: 1 }], fields: { durationUs: null, billedUs: null, costPicoUsd: null, memorySizeKib: null, outcome: 'unknown' } },
    { name: 'a duration of 0', pieces: [{ kind: 'report', timeMs: AT, id: 1, durationUs: 0 }], fields: { durationUs: 0, costPicoUsd: null } },
    { name: 'no bytes sent', pieces: [report, { ...insights, a: 0, b: 0 }], fields: { egressBytes: 0, ingressBytes: 0 } },
    { name: 'insights without bytes', pieces: [report, { kind: 'insights', timeMs: AT + 900, id: 1 }], fields: { egressBytes: null, ingressBytes: null, cpuUs: null } },
    { name: 'a status that says success', pieces: [{ ...report, flags: Flag.statusKnown }], fields: { outcome: 'success' } },
  ] satisfies { name: string; pieces: Piece[]; fields: object }[])('$name', ({ pieces, fields }) => {
    expect(rows(pieces)).toEqual([expect.objectContaining(fields)]);
  }); // biome-ignore format: a table
});

test('totals count calls, copies, and starts that never reported', () => {
  const lost: Piece = { ...start, id: 5 };
  const pieces: Piece[] = [
    start,
    report,
    report,
    lost,
    { kind: 'tick', timeMs: AT },
    { kind: 'tick', timeMs: AT + 7_200_000 },
  ];
  expect(playBlocks(blocksOfPieces(pieces)).totals).toMatchObject({
    invocations: 1,
    duplicates: 1,
    partial: 1,
    late: 0,
  });
});
