import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { quantileSorted } from 'simple-statistics';
import * as histogram from './log-histogram.ts';

const LAYOUT = histogram.layoutOver(32, 10, 26); // 1 ms … 67 s in µs, two buckets an octave
const OFFSET = 3;
const inRange = fc.array(fc.double({ min: 1100, max: 6e7, noNaN: true }), { minLength: 1, maxLength: 200 });

function filled(values: readonly number[]): Float32Array {
  const page = new Float32Array(OFFSET + LAYOUT.buckets + 2);
  for (const value of values) histogram.addValue(page, OFFSET, LAYOUT, value, 1);
  return page;
}

test('a quantile is at most one bucket from the exact one', () => {
  fc.assert(
    fc.property(inRange, fc.double({ min: 0, max: 1, noNaN: true }), (values, p) => {
      const sorted = values.toSorted((a, b) => a - b);
      const estimate = histogram.histogramQuantile(filled(values), OFFSET, LAYOUT, p);
      const low = sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)]!;
      const high = sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))]!;
      const bucket = 2 ** (1 / LAYOUT.bucketsPerOctave) * (1 + 1e-4);
      expect(estimate).toBeGreaterThanOrEqual(low / bucket);
      expect(estimate).toBeLessThanOrEqual(high * bucket);
    }),
  );
});

test('the median of many spread values is near that of simple-statistics', () => {
  const values = Array.from({ length: 2000 }, (_, i) => 2000 * 2 ** ((i * 8) / 2000));
  const estimate = histogram.histogramQuantile(filled(values), OFFSET, LAYOUT, 0.5);
  expect(estimate / quantileSorted(values, 0.5)).toBeCloseTo(1, 2);
});

test('share above and quantile undo each other; shares fall as the value grows', () => {
  fc.assert(
    fc.property(inRange, fc.double({ min: 0.01, max: 0.99, noNaN: true }), (values, p) => {
      const page = filled(values);
      const at = histogram.histogramQuantile(page, OFFSET, LAYOUT, p);
      const above = histogram.shareAbove(page, OFFSET, LAYOUT, at);
      expect(above).toBeCloseTo(1 - p, 6);
      expect(histogram.shareAbove(page, OFFSET, LAYOUT, at * 1.1)).toBeLessThanOrEqual(above + 1e-9);
    }),
  );
});

test('merging is adding both, decay scales the total and keeps the quantiles, neighbours stay untouched', () => {
  fc.assert(
    fc.property(inRange, inRange, (ours, theirs) => {
      const page = filled(ours);
      histogram.mergeHistogram(page, OFFSET, LAYOUT, filled(theirs), OFFSET, 1);
      expect(page).toEqual(filled([...ours, ...theirs]));
      const median = histogram.histogramQuantile(page, OFFSET, LAYOUT, 0.5);
      histogram.decayHistogram(page, OFFSET, LAYOUT, 0.25);
      expect(histogram.histogramTotal(page, OFFSET, LAYOUT)).toBeCloseTo((ours.length + theirs.length) / 4, 6);
      expect(histogram.histogramQuantile(page, OFFSET, LAYOUT, 0.5)).toBeCloseTo(median, 6);
      expect([page[0], page[1], page[2], page[35], page[36]]).toEqual([0, 0, 0, 0, 0]);
    }),
  );
});

test('a row’s buckets land where their values would', () => {
  for (const value of [1500, 40_000, 3e6]) {
    const page = new Float32Array(OFFSET + LAYOUT.buckets);
    histogram.addRow(page, OFFSET, LAYOUT, [histogram.bucketOf(histogram.ROW_LAYOUT, value)], [4], 0.5);
    expect(page[OFFSET + histogram.bucketOf(LAYOUT, value)]).toBe(2);
  }
});

test.each([
  { value: 0, bucket: 0 },
  { value: -5, bucket: 0 },
  { value: 1024, bucket: 0 },
  { value: 2048, bucket: 2 },
  { value: 1e300, bucket: 31 },
  { value: Number.POSITIVE_INFINITY, bucket: 31 },
  { value: Number.NaN, bucket: 0 },
])('$value belongs to bucket $bucket', ({ value, bucket }) => {
  expect(histogram.bucketOf(LAYOUT, value)).toBe(bucket);
});

test('an empty histogram has no quantile and no shares', () => {
  expect(histogram.histogramQuantile(filled([]), OFFSET, LAYOUT, 0.5)).toBeNaN();
  expect(histogram.shareAbove(filled([]), OFFSET, LAYOUT, 5000)).toBeNaN();
});
