import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { memoryTrend } from './memory-trend.ts';

const NOISE = [0.004, -0.006, 0.001, 0.005, -0.003, -0.005, 0.006, -0.002];
const leak = (perMinute: number, from = 29_000_000): [number, number][] =>
  NOISE.map((noise, i) => [from + 10 * i, 0.4 + perMinute * 10 * i + noise]);

test('a leak is timed to its ceiling', () => {
  const trend = memoryTrend(leak(0.002), 6);
  // 0.54 used at the last point, 0.46 to go at 0.002 a minute
  expect(trend!.minutesToCeiling).toBeGreaterThan(215);
  expect(trend!.minutesToCeiling).toBeLessThan(245);
  expect(trend!.slopePerMinute).toBeCloseTo(0.002, 4);
});

test.each([
  { name: 'noise is no trend', points: leak(0) },
  { name: 'a fall is no leak', points: leak(-0.002) },
  { name: 'three points are too few', points: leak(0.002).slice(0, 3) },
  { name: 'points of one minute have no slope', points: leak(0.002).map(([, used]): [number, number] => [5, used]) },
])('$name', ({ points }) => {
  expect(memoryTrend(points, 3)).toBeNull();
});

test('a perfect line is finite, and one above its ceiling has no time left', () => {
  const line = [0, 1, 2, 3, 4].map((minute): [number, number] => [minute, 0.9 + 0.05 * minute]);
  const trend = memoryTrend(line, 3);
  expect(trend!.minutesToCeiling).toBe(0);
  expect(Number.isFinite(trend!.surprise)).toBe(true);
});

test('when the minutes began does not matter', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e8 }), (from) => {
      expect(memoryTrend(leak(0.002, from), 3)).toEqual(memoryTrend(leak(0.002, 0), 3));
    }),
  );
});
