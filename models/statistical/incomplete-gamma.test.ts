import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { logLowerIncompleteGamma, logUpperIncompleteGamma } from './incomplete-gamma.ts';

// mpmath gammainc, 50 digits: a, x, ln P, ln Q
const KNOWN: [number, number, number, number][] = [
  [0.1, 0.01, -0.4115517039768648, -1.0865491219832353],
  [0.5, 0.9, -0.1981003841740452, -1.7163969557289411],
  [0.5, 30, -9.485737571073894e-15, -32.28898703270474],
  [1, 1, -0.4586751453870819, -1.0],
  [7, 2, -5.396193620130582, -0.004544114393256857],
  [7, 30, -1.1731942690539331e-7, -15.95836553639294],
  [100, 50, -21.862679706410287, -3.2000653250971464e-10],
  [100, 180, -2.9482945576917466e-11, -24.247209135807722],
  [3000, 2950, -1.7097488890902532, -0.19956279525817788],
  [3000, 3100, -0.03562719183905419, -3.3524068260914754],
];

test.each(KNOWN)('a = %p, x = %p: ln P is %p, ln Q is %p', (a, x, lower, upper) => {
  const tolerance = a >= 2000 ? 1e-6 : 1e-10;
  expect(Math.abs(logLowerIncompleteGamma(a, x) / lower - 1)).toBeLessThan(tolerance);
  expect(Math.abs(logUpperIncompleteGamma(a, x) / upper - 1)).toBeLessThan(tolerance);
});

test('is exponential for a = 1, at any depth', () => {
  for (const x of [1e-9, 0.5, 3, 700, 1e5]) {
    expect(logUpperIncompleteGamma(1, x) / -x).toBeCloseTo(1, 11);
    if (x < 1) expect(logLowerIncompleteGamma(1, x)).toBeCloseTo(Math.log(-Math.expm1(-x)), 11);
  }
});

test('both tails add up to 1 and the lower one grows with x', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.01, max: 1e6, noNaN: true }),
      fc.double({ min: 0.01, max: 3, noNaN: true }),
      (a, ratio) => {
        const x = a * ratio;
        const lower = logLowerIncompleteGamma(a, x);
        expect(Math.exp(lower) + Math.exp(logUpperIncompleteGamma(a, x))).toBeCloseTo(1, 6);
        expect(logLowerIncompleteGamma(a, x * 1.001)).toBeGreaterThanOrEqual(lower - 1e-11);
      },
    ),
  );
});

test('the ends are certain and impossible, bad parameters unknown', () => {
  expect(logLowerIncompleteGamma(2, 0)).toBe(Number.NEGATIVE_INFINITY);
  expect(logUpperIncompleteGamma(2, 0)).toBeCloseTo(0, 15);
  expect(logUpperIncompleteGamma(2, Number.POSITIVE_INFINITY)).toBe(Number.NEGATIVE_INFINITY);
  expect(logLowerIncompleteGamma(-1, 2)).toBeNaN();
});
