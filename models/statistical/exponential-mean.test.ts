import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { mean, sampleVariance } from 'simple-statistics';
import {
  EXPONENTIAL_MEAN_CELLS,
  effectiveSamples,
  learnMean,
  meanOf,
  meanWeight,
  varianceOf,
} from './exponential-mean.ts';

const values = fc.array(fc.double({ min: -1e4, max: 1e4, noNaN: true }), { minLength: 2, maxLength: 60 });

test('without forgetting it is the plain mean and sample variance', () => {
  fc.assert(
    fc.property(values, (list) => {
      const page = new Float32Array(3 * EXPONENTIAL_MEAN_CELLS);
      for (const value of list) learnMean(page, EXPONENTIAL_MEAN_CELLS, value, 1, 1);
      expect(Math.abs(meanOf(page, EXPONENTIAL_MEAN_CELLS) - mean(list))).toBeLessThan(0.05);
      const variance = sampleVariance(list);
      expect(Math.abs(varianceOf(page, EXPONENTIAL_MEAN_CELLS) - variance)).toBeLessThan(1 + 1e-4 * variance);
      expect(effectiveSamples(page, EXPONENTIAL_MEAN_CELLS)).toBeCloseTo(list.length, 3);
      expect([...page.slice(0, 4), ...page.slice(8)]).toEqual(new Array(8).fill(0)); // neighbours untouched
    }),
  );
});

test('forgetting weighs each value by its age: the twin by brute force', () => {
  const weighted = fc.array(
    fc.tuple(fc.double({ min: -100, max: 100, noNaN: true }), fc.double({ min: 0.1, max: 5, noNaN: true })),
    { minLength: 1, maxLength: 40 },
  );
  fc.assert(
    fc.property(weighted, fc.double({ min: 0.5, max: 1, noNaN: true }), (list, keep) => {
      const page = new Float32Array(EXPONENTIAL_MEAN_CELLS);
      for (const [value, weight] of list) learnMean(page, 0, value, weight, keep);
      const weights = list.map(([, weight], i) => weight * keep ** (list.length - 1 - i));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      const expected = list.reduce((sum, [value], i) => sum + value * weights[i]!, 0) / total;
      expect(meanOf(page, 0)).toBeCloseTo(expected, 2);
      expect(meanWeight(page, 0) / total).toBeCloseTo(1, 4);
    }),
  );
});

test('a mean of exactly 0 is a mean, nothing learnt is none', () => {
  const page = new Float32Array(EXPONENTIAL_MEAN_CELLS);
  expect(meanOf(page, 0)).toBeNaN();
  expect(varianceOf(page, 0)).toBeNaN();
  expect(effectiveSamples(page, 0)).toBe(0);
  learnMean(page, 0, 0, 1, 0.9);
  expect(meanOf(page, 0)).toBe(0);
  expect(varianceOf(page, 0)).toBeNaN();
  learnMean(page, 0, 5, 0, 0.9); // no weight, no lesson
  expect(meanWeight(page, 0)).toBe(1);
});
