import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { gammaln } from 'simple-statistics';
import { logBeta, logGamma, stirlingError } from './log-gamma.ts';

// mpmath, 50 digits
const LOG_GAMMA: [number, number][] = [
  [1e-9, 20.723265836369194],
  [0.1, 2.252712651734206],
  [0.5, 0.5723649429247001],
  [0.999, 0.0005780385328913802],
  [1.001, -0.0005763935982833062],
  [1.7, -0.09580769740706588],
  [2.0001, 4.2281658112919945e-5],
  [3.3, 0.9870985778947344],
  [9.99, 12.779315214350193],
  [10.5, 13.940625219403763],
  [171, 706.5730622457874],
  [1000000.0, 12815504.569147611],
  [1000000000000000.0, 3.3538776394910668e16],
];
const LOG_BETA: [number, number, number][] = [
  [0.5, 0.5, 1.1447298858494002],
  [1e-6, 3, 13.8155090579649],
  [2, 3, -2.4849066497880004],
  [1, 1000000.0, -13.815510557964274],
  [12.5, 40000000.0, -200.070529435916],
  [100000.0, 100000.0, -138633.92706134808],
  [3, 1000000000000.0, -82.1999161672287],
];

/** Relative to the larger of |expected| and `floor`. */
function expectClose(actual: number, expected: number, relative: number, floor = 1e-300): void {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(relative * Math.max(Math.abs(expected), floor));
}

test.each(LOG_GAMMA)('ln Γ(%p) is %p', (x, expected) => expectClose(logGamma(x), expected, 1e-12));
test.each(LOG_BETA)('ln B(%p, %p) is %p', (a, b, expected) => {
  expectClose(logBeta(a, b), expected, 1e-12);
  expect(logBeta(b, a)).toBe(logBeta(a, b));
});

test('is the log of factorials, 0 at its two zeros, undefined below 0', () => {
  let factorial = 1;
  for (let n = 1; n <= 20; n++) {
    factorial *= n;
    expectClose(logGamma(n + 1), Math.log(factorial), 1e-14, 1e-2);
  }
  expect(logGamma(1)).toBeCloseTo(0, 15);
  expect(logGamma(2)).toBeCloseTo(0, 15);
  expect(logGamma(0)).toBe(Number.POSITIVE_INFINITY);
  expect(logGamma(-0.5)).toBeNaN();
});

test('grows by ln x from x to x + 1, across every branch', () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-6, max: 1e6, noNaN: true }), (x) => {
      expectClose(logGamma(x + 1) - logGamma(x), Math.log(x), 1e-13, Math.max(1, Math.abs(logGamma(x))));
    }),
  );
});

test('agrees with simple-statistics as far as that goes', () => {
  for (const x of [4.5, 20, 300]) expectClose(logGamma(x), gammaln(x), 1e-8);
});

test('Stirling’s error is continuous where its branches meet', () => {
  expectClose(stirlingError(10 - 1e-9), stirlingError(10), 1e-8);
});
