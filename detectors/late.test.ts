import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Flag } from '../ingest/fragment.ts';
import { blocksOfPieces, type Piece, permutations } from '../test/pieces.ts';
import { loud, playBlocks, testPipeline } from '../test/pipeline.ts';
import { play } from '../test/play.ts';
import { START_MS } from '../test/stream.ts';
import type { FunctionMinuteRow } from './records.ts';
import { DEFAULT_SETTINGS } from './settings.ts';

const MINUTE = 60_000;

/** Rows of one minute added up, as a reader of the store would. */
function summed(rows: readonly FunctionMinuteRow[]): Map<string, unknown> {
  const sums = new Map<string, { [field: string]: unknown }>();
  for (const row of rows) {
    const key = `${row.fn} ${row.minuteMs}`;
    const sum = sums.get(key) ?? { buckets: new Map<number, number>() };
    for (const [field, value] of Object.entries(row)) {
      if (typeof value !== 'number' || field === 'minuteMs' || field === 'patch') continue;
      const before = Number(sum[field] ?? 0);
      sum[field] = /Max|memorySize/.test(field) ? Math.max(before, value) : before + value;
    }
    const buckets = sum.buckets as Map<number, number>;
    row.durationBuckets.forEach((bucket, i) => {
      buckets.set(bucket, (buckets.get(bucket) ?? 0) + row.durationCounts[i]!);
    });
    sums.set(key, sum);
  }
  for (const sum of sums.values()) sum.buckets = [...(sum.buckets as Map<number, number>)].sort((a, b) => a[0] - b[0]);
  return new Map([...sums].sort(([a], [b]) => (a < b ? -1 : 1)));
}

const calls = fc.array(
  fc.record({
    atS: fc.nat(600),
    fn: fc.constantFrom('a', 'b', 'c'),
    durationUs: fc.nat(1e7),
    flags: fc.constantFrom(0, Flag.failed, Flag.timeout, Flag.cold),
    delayS: fc.nat(1200),
  }),
  { minLength: 1, maxLength: 60 },
);

test('whenever calls arrive, what is stored of their minutes adds up to the same', () => {
  fc.assert(
    fc.property(calls, (made) => {
      const pieces = made.map(({ atS, delayS, ...rest }, i) => ({
        arrivesS: atS + delayS,
        atS,
        piece: { kind: 'report', timeMs: START_MS + atS * 1000, id: i + 1, sizeKib: 1024, ...rest } satisfies Piece,
      }));
      const inTime = pieces.toSorted((a, b) => a.atS - b.atS).map(({ piece }) => piece);
      const late: Piece[] = [];
      let tickS = 0;
      for (const { arrivesS, piece } of pieces.toSorted((a, b) => a.arrivesS - b.arrivesS)) {
        for (; tickS + 10 <= arrivesS; tickS += 10) late.push({ kind: 'tick', timeMs: START_MS + tickS * 1000 });
        late.push(piece);
      }
      const [first, second] = [inTime, late].map((order) => playBlocks(blocksOfPieces(order)));
      expect(summed(second!.minutes)).toEqual(summed(first!.minutes));
      expect(second!.totals.invocations).toBe(first!.totals.invocations);
      const keys = second!.minutes.map(({ fn, minuteMs, patch }) => `${fn} ${minuteMs} ${patch}`);
      expect(new Set(keys).size).toBe(keys.length); // no row replaces another
    }),
    { numRuns: 25 },
  );
});

describe('a correction', () => {
  const tick = (minute: number): Piece => ({ kind: 'tick', timeMs: START_MS + minute * MINUTE });
  const call = (minute: number, id: number): Piece => ({
    kind: 'report',
    timeMs: START_MS + minute * MINUTE,
    id,
    durationUs: 5,
  });

  test('is a row of its own, named after the minute in which it came', () => {
    const { minutes, totals } = playBlocks(
      blocksOfPieces([call(0, 1), tick(0), tick(5), call(0, 2), tick(6.5), tick(9)]),
    );
    expect(
      minutes.map(({ minuteMs, patch, invocations }) => [(minuteMs - START_MS) / MINUTE, patch, invocations]),
    ).toEqual([
      [0, 0, 1],
      [0, START_MS / MINUTE + 6, 1],
    ]);
    expect(totals).toMatchObject({ invocations: 2, late: 1, tooLate: 0 });
  });

  test('beyond the lateness it is counted, kept as an invocation, and changes no figure', () => {
    const settings = { ...DEFAULT_SETTINGS, latenessMs: 15 * MINUTE };
    const { minutes, totals, invocations } = playBlocks(
      blocksOfPieces([call(0, 1), tick(0), call(60, 2), tick(60), call(10, 3), tick(62)]),
      { settings },
    );
    expect(minutes.map(({ invocations: n }) => n)).toEqual([1, 1]);
    expect(totals).toMatchObject({ tooLate: 1, invocations: 2 });
    expect(invocations).toHaveLength(3);
  });

  test('beyond the lateness a report that comes again says in its row what it said before', () => {
    const settings = { ...DEFAULT_SETTINGS, latenessMs: 15 * MINUTE };
    const report = { ...call(0, 1), durationUs: 5000, sizeKib: 131_072 };
    const { invocations } = playBlocks(
      blocksOfPieces([report, tick(0), call(60, 2), tick(60), report, tick(62), tick(80)]),
      { settings },
    );
    const [first, again] = invocations.filter(({ timeMs }) => timeMs === report.timeMs);
    expect(first?.costPicoUsd).toBeGreaterThan(0);
    expect(again).toEqual(first); // it takes the place of the first: it must not know less
  });

  const insights: Piece = { kind: 'insights', timeMs: START_MS + 900, id: 1, a: 4321, b: 99 };
  const failure: Piece = { kind: 'failure', timeMs: START_MS + 5, id: 1, text: 'TypeError' };
  const again = (pieces: readonly Piece[]) =>
    playBlocks(
      blocksOfPieces([
        ...[{ ...call(0, 1), sizeKib: 131_072 }, insights, failure, tick(0), call(60, 2), tick(60)],
        ...pieces,
        ...[tick(62), tick(80)],
      ]),
      { settings: { ...DEFAULT_SETTINGS, latenessMs: 15 * MINUTE } },
    ).invocations.filter(({ timeMs }) => timeMs < START_MS + MINUTE);

  test.each(
    permutations([{ ...call(0, 1), sizeKib: 131_072 } as Piece, insights, failure]).map((order) => ({
      order,
      name: order.map(({ kind }) => kind).join(', '),
    })),
  )('beyond the lateness all pieces of a row that come again make the same row: $name', ({ order }) => {
    const [first, second, ...more] = again(order);
    expect(first).toMatchObject({ egressBytes: 4321, outcome: 'error', errorType: 'TypeError' });
    expect(second).toEqual(first);
    expect(more).toEqual([]);
  });

  test('beyond the lateness a piece without its report replaces nothing', () => {
    expect(again([insights, failure])).toHaveLength(1);
  });

  test('a duplicate is still known at the end of the lateness', () => {
    const settings = { ...DEFAULT_SETTINGS, latenessMs: 15 * MINUTE };
    const { totals } = playBlocks(blocksOfPieces([call(0, 1), tick(0), tick(7), tick(14), call(0, 1), tick(20)]), {
      settings,
    });
    expect(totals).toMatchObject({ duplicates: 1, invocations: 1 });
  });
});

test('a replay that goes on replaces what its end had to assume', () => {
  const at = (minute: number) => START_MS + minute * MINUTE;
  const first = testPipeline();
  const pieces: Piece[] = [0, 1, 2, 3].map((minute) => ({ kind: 'report', timeMs: at(minute), id: minute + 1 }));
  const ticks: Piece[] = [
    { kind: 'tick', timeMs: at(0) },
    { kind: 'tick', timeMs: at(6.5) },
  ];
  for (const block of blocksOfPieces([pieces[0]!, ...ticks, ...pieces.slice(1)])) first.step(block);
  const state = first.snapshot();
  first.finish();
  const second = testPipeline({ restored: state });
  for (const block of blocksOfPieces([{ kind: 'tick', timeMs: at(7.5) }])) second.step(block);
  second.finish();
  const rows = new Map<string, number>();
  for (const row of [...first.drain().minutes, ...second.drain().minutes]) {
    rows.set(`${row.fn} ${row.minuteMs} ${row.patch}`, row.invocations); // as the store keeps them
  }
  expect([...rows.values()].reduce((a, b) => a + b, 0)).toBe(4);
});

test('what was missed is raised when its pieces come, dated then', () => {
  const day = 720;
  const flood = (minute: number) => minute >= day && minute < day + 5;
  const onTime = play({ minutes: day + 60, perMinute: () => 6 });
  // the same again, with the flood's calls held back for 20 minutes
  const missed = play({
    minutes: day + 60,
    perMinute: () => 6,
    also: (stream, minute) => {
      if (!flood(minute - 20)) return;
      for (let i = 0; i < 150; i++)
        stream.call({ timeMs: START_MS + (minute - 20) * MINUTE + i * 300, id: 1e6 + minute * 1000 + i });
    },
  });
  expect(loud(playBlocks(onTime).events)).toEqual([]);
  const events = loud(playBlocks(missed).events);
  expect(events.map(({ signal }) => signal)).toEqual(['invocations']);
  const [event] = events;
  expect(Date.parse(event!.at)).toBeGreaterThanOrEqual(START_MS + (day + 20) * MINUTE);
  expect(Date.parse(event!.at)).toBeLessThanOrEqual(START_MS + (day + 27) * MINUTE);
  expect(Date.parse(event!.started_at)).toBeLessThanOrEqual(START_MS + (day + 25) * MINUTE);
});
