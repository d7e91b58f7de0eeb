import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { upperTailSurprise as normalSurprise } from './normal.ts';
import { upperTailSurprise } from './student.ts';

// mpmath betainc for t > 0, scipy.stats.t for t < 0
const KNOWN: [number, number, number][] = [
  [-3, 4, 0.008761065851827557],
  [-0.5, 2.5, 0.17317973246106738],
  [0.1, 1, 0.32949950734971845],
  [1, 1, 0.6020599913279624],
  [100, 1, 2.497164348549588],
  [2, 3.7, 1.2153213759629764],
  [12, 5, 4.450414847206513],
  [5, 30, 4.933735859435598],
  [30, 100, 51.37776874248269],
  [6, 10000.0, 8.991055409032366],
  [10000.0, 7, 25.87925488891827],
];

test.each(KNOWN)('t = %p with %p degrees of freedom has surprise %p', (t, degreesOfFreedom, expected) => {
  expect(Math.abs(upperTailSurprise(t, degreesOfFreedom) / expected - 1)).toBeLessThan(1e-10);
});

test('one degree of freedom is Cauchy’s distribution, in closed form', () => {
  for (const t of [0.2, 1, 5, 1e3, 1e8]) {
    expect(upperTailSurprise(t, 1)).toBeCloseTo(-Math.log10(Math.atan(1 / t) / Math.PI), 10);
  }
});

test('many degrees of freedom are normal', () => {
  for (const z of [-2, 0, 1, 4]) expect(upperTailSurprise(z, 1e9)).toBeCloseTo(normalSurprise(z), 6);
});

test('grows with t, is finite, both tails add up to 1, tails grow heavier as freedom is lost', () => {
  const freedom = fc.double({ min: 1, max: 1e4, noNaN: true });
  fc.assert(
    fc.property(
      fc.double({ min: -1e3, max: 1e3, noNaN: true }),
      fc.double({ min: 1e-3, max: 10, noNaN: true }),
      freedom,
      (t, step, df) => {
        const surprise = upperTailSurprise(t, df);
        expect(Number.isFinite(surprise)).toBe(true);
        expect(upperTailSurprise(t + step, df)).toBeGreaterThanOrEqual(surprise - 1e-13);
        expect(10 ** -surprise + 10 ** -upperTailSurprise(-t, df)).toBeCloseTo(1, 11);
        if (t > 2) expect(upperTailSurprise(t, df + 1)).toBeGreaterThan(surprise - 1e-12);
      },
    ),
  );
  expect(upperTailSurprise(1e200, 3)).toBeGreaterThan(500);
  expect(upperTailSurprise(Number.NaN, 3)).toBeNaN();
});
