import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { boundedBetaAlpha, boundedBetaBeta, gammaPoissonRate } from './shrinkage.ts';

const amount = fc.double({ min: 0, max: 1e6, noNaN: true });

test('a rate lies between the prior and the own one, and reaches either', () => {
  fc.assert(
    fc.property(
      amount,
      fc.double({ min: 1e-3, max: 1e6, noNaN: true }),
      amount,
      fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
      (sum, exposure, prior, kappa) => {
        const own = sum / exposure;
        const rate = gammaPoissonRate(sum, exposure, prior, kappa);
        expect(rate).toBeGreaterThanOrEqual(Math.min(own, prior) * (1 - 1e-12));
        expect(rate).toBeLessThanOrEqual(Math.max(own, prior) * (1 + 1e-12));
      },
    ),
  );
  expect(gammaPoissonRate(0, 0, 3, 5)).toBe(3);
  expect(gammaPoissonRate(8, 4, 3, 0)).toBe(2);
});

test('the beta’s weight is the prior’s and the history’s, the latter bounded, its rate kept', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 1, noNaN: true }),
      amount,
      fc.double({ min: 0, max: 1, noNaN: true }),
      (share, trials, prior) => {
        const alpha = boundedBetaAlpha(share * trials, trials, prior, 20, 500);
        const beta = boundedBetaBeta(share * trials, trials, prior, 20, 500);
        expect(alpha + beta).toBeCloseTo(20 + Math.min(500, trials), 6);
        expect(alpha - 20 * prior).toBeCloseTo(share * Math.min(500, trials), 6);
      },
    ),
  );
});
