import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Random } from '../../scenarios/random.ts';
import { generateSeries } from '../../scenarios/series/series.ts';
import { MetricAlerts } from './metric-alert.ts';
import { MetricScorer, WARMUP_ROWS } from './metric-scorer.ts';

const MINUTE_MS = 60_000;
const START_MS = Date.UTC(2026, 0, 5);

interface Rows {
  readonly timesMs: readonly number[];
  readonly values: readonly number[];
}

const scoresOf = ({ timesMs, values }: Rows, scorer = new MetricScorer()) =>
  timesMs.map((ms, row) => scorer.push(ms, values[row]!));

/** A daily wave with noise. */
function wave(seed: number, rows: number, intervalMs = MINUTE_MS): { timesMs: number[]; values: number[] } {
  const random = new Random('wave', seed);
  const timesMs = Array.from({ length: rows }, (_, row) => START_MS + row * intervalMs);
  const values = timesMs.map((ms) => 100 + 30 * Math.sin((2 * Math.PI * ms) / 86_400_000) + 2 * random.normal());
  return { timesMs, values };
}

/** Rows as bad as they come: gaps, repeats, times that run backwards, missing values, any scale. */
const anyRows = fc
  .array(
    fc.record({
      stepMs: fc.constantFrom(0, -MINUTE_MS, MINUTE_MS, MINUTE_MS, MINUTE_MS, 61_000, 3_600_000, 30 * 86_400_000),
      value: fc.oneof(
        fc.constantFrom(0, 1, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e150, -1e150, 1e-300, 5),
        fc.double({ noNaN: true }),
        fc.integer({ min: 0, max: 9 }),
      ),
    }),
    { minLength: 1, maxLength: 900 },
  )
  .map((steps): Rows => {
    let ms = START_MS;
    return {
      timesMs: steps.map(({ stepMs }) => {
        ms += stepMs;
        return ms;
      }),
      values: steps.map(({ value }) => value),
    };
  });

describe('a metric scorer', () => {
  test('looks at nothing that comes later: the scores of a prefix are the prefix of the scores', () => {
    const series = generateSeries(3, 1, 4);
    const rows = { timesMs: [...series.timesMs], values: [...series.values] };
    const all = scoresOf(rows);
    expect(all.some((it) => it > 0)).toBe(true);
    for (const length of [1, 17, 301, 2000, 4321]) {
      const prefix = { timesMs: rows.timesMs.slice(0, length), values: rows.values.slice(0, length) };
      expect(scoresOf(prefix)).toEqual(all.slice(0, length));
    }
  });

  test('what comes later cannot change what was said, on any rows', () => {
    fc.assert(
      fc.property(anyRows, anyRows, (rows, later) => {
        const both = { timesMs: [...rows.timesMs, ...later.timesMs], values: [...rows.values, ...later.values] };
        expect(scoresOf(both).slice(0, rows.values.length)).toEqual(scoresOf(rows));
      }),
      { numRuns: 30 },
    );
  });

  test('a score is a finite number, not below 0, on any rows', () => {
    fc.assert(
      fc.property(anyRows, (rows) => {
        for (const score of scoresOf(rows)) expect(Number.isFinite(score) && score >= 0).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test('restored from its snapshot it says the same, wherever it is cut', () => {
    const rows = wave(1, 3000);
    const all = scoresOf(rows);
    for (const cut of [1, 10, 400, 1999]) {
      const first = new MetricScorer();
      scoresOf({ timesMs: rows.timesMs.slice(0, cut), values: rows.values.slice(0, cut) }, first);
      const second = new MetricScorer(structuredClone(first.snapshot()));
      expect(scoresOf({ timesMs: rows.timesMs.slice(cut), values: rows.values.slice(cut) }, second)).toEqual(
        all.slice(cut),
      );
    }
  });

  test('a snapshot of another size is refused', () => {
    const snapshot = { version: 1 as const, state: new Float64Array(3), week: null, weekSlot: 0 };
    expect(() => new MetricScorer(snapshot)).toThrow(/not a metric snapshot/);
  });

  test.each([2 ** 20, 2 ** -20, -1])('units do not matter: values times %d have the same scores', (factor) => {
    const rows = wave(2, 3000);
    rows.values[2500] = 300;
    const scaled = { ...rows, values: rows.values.map((it) => it * factor) };
    expect(scoresOf(scaled)).toEqual(scoresOf(rows));
  });

  test('a constant that is added does not matter, up to rounding', () => {
    const rows = wave(2, 3000);
    rows.values[2500] = 300;
    const scores = scoresOf(rows);
    const moved = scoresOf({ ...rows, values: rows.values.map((it) => it - 4096) });
    for (const [row, score] of scores.entries()) expect(moved[row]).toBeCloseTo(score, 4);
  });

  test('neither does the day on which it began', () => {
    const rows = wave(4, 3000);
    const later = { ...rows, timesMs: rows.timesMs.map((ms) => ms + 21 * 86_400_000) };
    expect(scoresOf(later)).toEqual(scoresOf(rows));
  });

  test.each([0, 7, -3.25, 1e12, 0.1])('a constant, %d, is never a surprise', (value) => {
    const { timesMs } = wave(1, 12_000);
    expect(Math.max(...scoresOf({ timesMs, values: timesMs.map(() => value) }))).toBe(0);
  });

  test.each([
    { name: 'one minute', intervalMs: MINUTE_MS },
    { name: 'five minutes', intervalMs: 5 * MINUTE_MS },
    { name: 'an hour', intervalMs: 60 * MINUTE_MS },
  ])('a spike stands out at $name, and nothing else does', ({ intervalMs }) => {
    const rows = wave(5, 4000, intervalMs);
    rows.values[3500] = 160;
    const scores = scoresOf(rows);
    expect(scores[3500]).toBeGreaterThan(6);
    expect(scores.filter((it, row) => it > 5 && Math.abs(row - 3500) > 60)).toEqual([]);
  });

  test('a drop to nothing stands out', () => {
    const rows = wave(6, 4000);
    rows.values.fill(0, 3500, 3520);
    expect(scoresOf(rows)[3500]).toBeGreaterThan(6);
  });

  test('what lasts is said once', () => {
    const rows = wave(7, 4000);
    for (let row = 3500; row < 4000; row++) rows.values[row] = rows.values[row]! + 100;
    const scores = scoresOf(rows).map((it) => it > 5);
    expect(scores.indexOf(true)).toBe(3500);
    expect(scores.slice(3500, 3700).filter(Boolean).length).toBeLessThanOrEqual(2); // louder once at most
  });

  test('rows that are missing, or whose value is, are no surprise', () => {
    const rows = wave(8, 6000);
    const kept = rows.timesMs.map((_, row) => row % 7 !== 0 && (row < 3000 || row > 3300));
    const gappy = {
      timesMs: rows.timesMs.filter((_, row) => kept[row]),
      values: rows.values.filter((_, row) => kept[row]),
    };
    expect(scoresOf(gappy).filter((it) => it > 6)).toEqual([]);
    const unknown = { timesMs: rows.timesMs, values: rows.values.map((it, row) => (kept[row] ? it : Number.NaN)) };
    expect(scoresOf(unknown).filter((it) => it > 6)).toEqual([]);
  });

  test('a repeated timestamp is another value of the same moment', () => {
    const rows = wave(9, 3000);
    const timesMs = rows.timesMs.map((_, row) => rows.timesMs[row - (row % 2)]!);
    expect(scoresOf({ timesMs, values: rows.values }).filter((it) => it > 5)).toEqual([]);
  });

  test('the same jump every day is hardly a surprise after a week', () => {
    const { timesMs } = wave(1, 14 * 1440);
    const random = new Random('nightly');
    const values = timesMs.map((ms) => 10 + random.normal() + ((ms / MINUTE_MS) % 1440 < 10 ? 200 : 0));
    const scores = scoresOf({ timesMs, values });
    expect(scores.slice(9 * 1440).filter((it) => it > 6)).toEqual([]);
  });

  test('says nothing in its first rows', () => {
    const rows = wave(1, WARMUP_ROWS);
    rows.values[WARMUP_ROWS - 1] = 1e6;
    expect(scoresOf(rows).every((it) => it === 0)).toBe(true);
  });

  test('tells why', () => {
    const rows = wave(10, 3000);
    const scorer = new MetricScorer();
    scoresOf(rows, scorer);
    scorer.push(START_MS + 3000 * MINUTE_MS, 500);
    const { statistic, observed, expected, typical } = scorer.reason();
    expect({ statistic, observed }).toEqual({ statistic: 'row', observed: 500 });
    expect(expected).toBeGreaterThan(90);
    expect(expected).toBeLessThan(140);
    expect(typical).toBeLessThan(5);
  });
});

test('an alert is one event: repeats within an hour belong to it', () => {
  const rows = wave(11, 4000);
  for (const row of [3000, 3030, 3600]) rows.values[row] = 100 + row / 10; // ever louder
  const alerts = new MetricAlerts(new MetricScorer());
  const said = rows.timesMs.flatMap((ms, row) => alerts.push(ms, rows.values[row]!) ?? []);
  expect(said.map((it) => [(it.timestampMs - START_MS) / MINUTE_MS, it.direction])).toEqual([
    [3000, 'up'],
    [3600, 'up'],
  ]);
});
