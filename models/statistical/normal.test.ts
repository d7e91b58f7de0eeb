import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { probit } from 'simple-statistics';
import { logUpperTail, quantile, upperTailSurprise } from './normal.ts';

// mpmath erfc, 50 digits
const SURPRISES: [number, number][] = [
  [-8, 2.7017288495439214e-16],
  [-3, 0.0005866493137900667],
  [-1, 0.07502601295781802],
  [0, 0.3010299956639812],
  [0.1, 0.3370796567266235],
  [1, 0.7995455414919705],
  [3, 2.869699035929369],
  [6, 9.005864327476704],
  [10, 23.118053405486076],
  [20, 88.56009534307559],
  [37, 299.24218117860994],
  [40, 349.43700645934587],
];
// scipy.stats.norm.ppf
const QUANTILES: [number, number][] = [
  [1e-300, -37.0470962993612],
  [1e-20, -9.262340089798409],
  [1e-6, -4.753424308822899],
  [0.01, -2.3263478740408408],
  [0.05, -1.6448536269514729],
  [0.3, -0.5244005127080409],
  [0.5, 0.0],
  [0.9, 1.2815515655446004],
  [0.999, 3.090232306167813],
];

/** Relative to the larger of |expected| and `floor`. */
function expectClose(actual: number, expected: number, relative: number, floor = 1e-300): void {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(relative * Math.max(Math.abs(expected), floor));
}

test.each(SURPRISES)('the upper tail of z = %p has surprise %p', (z, expected) => {
  expectClose(upperTailSurprise(z), expected, 1e-13, 1e-3);
});
test.each(QUANTILES)('the quantile of %p is %p', (p, z) => expectClose(quantile(p), z, 1e-13));

test('quantile and tail undo each other', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 37, noNaN: true }), (z) => {
      expectClose(-quantile(Math.exp(logUpperTail(z))), z, 1e-12, 1);
    }),
  );
});

test('grows with z, finite far beyond any use, both tails add up to 1', () => {
  fc.assert(
    fc.property(
      fc.double({ min: -30, max: 1e9, noNaN: true }),
      fc.double({ min: 1e-6, max: 1, noNaN: true }),
      (z, step) => {
        expect(upperTailSurprise(z + step)).toBeGreaterThanOrEqual(upperTailSurprise(z));
        expect(Number.isFinite(upperTailSurprise(z))).toBe(true);
        expect(10 ** -upperTailSurprise(z) + 10 ** -upperTailSurprise(-z)).toBeCloseTo(1, 13);
      },
    ),
  );
  expect(Number.isFinite(upperTailSurprise(Number.POSITIVE_INFINITY))).toBe(true);
});

test('quantile is infinite at the ends, undefined beyond, and near the coarse one of simple-statistics', () => {
  expect(quantile(0)).toBe(Number.NEGATIVE_INFINITY);
  expect(quantile(1)).toBe(Number.POSITIVE_INFINITY);
  expect(quantile(1.1)).toBeNaN();
  expect(quantile(0.8)).toBeCloseTo(probit(0.8), 2);
});
