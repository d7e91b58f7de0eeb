import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { logLowerIncompleteBeta, logUpperIncompleteBeta } from './incomplete-beta.ts';

// mpmath betainc, 50 digits
const KNOWN: [number, number, number, number][] = [
  [2, 3, 0.1, -2.95075890791126],
  [2, 3, 0.9, -0.0037068619313264726],
  [0.5, 0.5, 0.3, -0.9969312110207781],
  [20, 0.3, 0.8, -6.644667702613902],
  [300, 400, 0.2, -97.4798294008681],
  [300, 400, 0.45, -0.13487511939432842],
  [5, 2000, 1e-6, -35.85720177513179],
  [40, 60, 0.41, -0.5348181670520944],
];

test.each(KNOWN)('ln I(a = %p, b = %p, x = %p) is %p', (a, b, x, expected) => {
  expect(Math.abs(logLowerIncompleteBeta(a, b, x, 1 - x) / expected - 1)).toBeLessThan(1e-10);
});

test('is the power x^a for b = 1, however far out', () => {
  for (const a of [1, 3.5, 1e5]) {
    for (const x of [1e-12, 0.2, 0.999])
      expect(logLowerIncompleteBeta(a, 1, x, 1 - x) / (a * Math.log(x))).toBeCloseTo(1, 11);
  }
});

test('both tails add up to 1 and the lower one grows with x', () => {
  const parameter = fc.double({ min: 0.01, max: 1e5, noNaN: true });
  const share = fc.double({ min: 0.001, max: 0.998, noNaN: true });
  fc.assert(
    fc.property(parameter, parameter, share, (a, b, x) => {
      const lower = logLowerIncompleteBeta(a, b, x, 1 - x);
      expect(Math.exp(lower) + Math.exp(logUpperIncompleteBeta(a, b, x, 1 - x))).toBeCloseTo(1, 6);
      expect(logLowerIncompleteBeta(a, b, x + 0.001, 0.999 - x)).toBeGreaterThanOrEqual(lower - 1e-11);
    }),
  );
});

test('the expansion near the middle meets the continued fraction', () => {
  // a (a + b) / … just under and over the size where the method changes; the shape hardly moves
  for (const x of [0.49, 0.495, 0.5]) {
    const under = logLowerIncompleteBeta(3999.999, 3999.999, x, 1 - x);
    expect(Math.abs(logLowerIncompleteBeta(4000.001, 4000.001, x, 1 - x) / under - 1)).toBeLessThan(2e-6);
  }
});

test('the ends are certain and impossible, bad parameters unknown', () => {
  expect(logLowerIncompleteBeta(2, 3, 0, 1)).toBe(Number.NEGATIVE_INFINITY);
  expect(logLowerIncompleteBeta(2, 3, 1, 0)).toBeCloseTo(0, 15);
  expect(logLowerIncompleteBeta(0, 3, 0.5, 0.5)).toBeNaN();
});
