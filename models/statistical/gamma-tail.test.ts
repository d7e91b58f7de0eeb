import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { lowerSurprise, upperSurprise } from './gamma-tail.ts';

// scipy.stats.gamma: x, mean, relative variance, −log10 sf, −log10 cdf
const KNOWN: [number, number, number, number, number][] = [
  [5, 2, 0.5, 1.3933211591326156, 0.017922289164890814],
  [1, 2, 0.5, 0.1332644862392706, 0.5779996023832056],
  [130, 100, 0.01, 2.5606028194421007, 0.0011961328588890568],
  [1000000.0, 400000.0, 2, 0.9436810869761146, 0.052490943871163764],
];

test.each(KNOWN)(
  'x = %p of mean %p and relative variance %p: up %p, down %p',
  (x, mean, relativeVariance, up, down) => {
    expect(upperSurprise(x, mean, relativeVariance)).toBeCloseTo(up, 9);
    expect(lowerSurprise(x, mean, relativeVariance)).toBeCloseTo(down, 9);
  },
);

test('relative variance 1 is exponential', () => {
  expect(upperSurprise(600, 2, 1)).toBeCloseTo(300 / Math.LN10, 8);
});

test('surprise grows with distance, is finite, needs no unit, and the tails add up to 1', () => {
  const positive = fc.double({ min: 1e-3, max: 1e3, noNaN: true });
  fc.assert(
    fc.property(positive, positive, fc.double({ min: 1e-5, max: 20, noNaN: true }), (x, mean, relativeVariance) => {
      const up = upperSurprise(x, mean, relativeVariance);
      expect(up).toBeGreaterThanOrEqual(0);
      expect(Number.isFinite(up)).toBe(true);
      expect(upperSurprise(x * 1.01, mean, relativeVariance)).toBeGreaterThanOrEqual(up - 1e-9);
      expect(upperSurprise(x * 1024, mean * 1024, relativeVariance)).toBeCloseTo(up, 9);
      expect(10 ** -up + 10 ** -lowerSurprise(x, mean, relativeVariance)).toBeCloseTo(1, 6);
    }),
  );
  expect(upperSurprise(0, 1, 1)).toBe(0);
});
