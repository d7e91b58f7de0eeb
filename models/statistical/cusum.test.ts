import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { cusumStep } from './cusum.ts';

function runOf(residuals: readonly number[], slack = 0.5, winsorAt = 4): number {
  return residuals.reduce((sum, residual) => cusumStep(sum, residual, slack, winsorAt), 0);
}

test.each([
  { name: 'what stays within the slack adds nothing', residuals: [0.4, -1, 0.5, 0.3], expected: 0 },
  { name: 'a steady shift adds up', residuals: [1, 1, 1, 1], expected: 2 },
  { name: 'a wild window counts for its bound only', residuals: [1e9], expected: 3.5 },
  { name: 'a wild drop does not hide the shift after it for ever', residuals: [-1e9, 2, 2], expected: 3 },
  { name: 'the unknown changes nothing', residuals: [2, Number.NaN, 2], expected: 3 },
])('$name', ({ residuals, expected }) => {
  expect(runOf(residuals)).toBeCloseTo(expected, 12);
});

test('it is the largest sum of any latest stretch: the twin by brute force', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: -10, max: 10, noNaN: true })), (residuals) => {
      let best = 0;
      let sum = 0;
      for (const residual of residuals.toReversed()) {
        sum += Math.min(4, Math.max(-4, residual)) - 0.5;
        best = Math.max(best, sum);
      }
      expect(runOf(residuals)).toBeCloseTo(best, 9);
    }),
  );
});
