import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { halfDeviance } from './deviance.ts';

test.each([
  [3, 1, 3 * Math.log(3) - 2],
  [1, 3, 2 - Math.log(3)],
  [1, 1, 0],
  [5, 1e-9, 5 * Math.log(5e9) - 5 + 1e-9],
])('of %p from %p is %p', (value, mean, expected) => {
  expect(halfDeviance(value, mean, value - mean)).toBeCloseTo(expected, 12);
});

test('near equality it is half the square of the difference over the value, with all digits', () => {
  expect(halfDeviance(1e6, 1e6 - 1e-3, 1e-3) / (0.5e-6 / 1e6)).toBeCloseTo(1, 8);
});

test('is never negative and has no step where its branches meet', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 1e-3, max: 1e6, noNaN: true }),
      fc.double({ min: -5, max: 0.99, noNaN: true }),
      (value, share) => {
        expect(halfDeviance(value, value * (1 - share), value * share)).toBeGreaterThanOrEqual(0);
      },
    ),
  );
  for (const share of [-0.1, 0.1, 0.5]) {
    const at = (s: number) => halfDeviance(1, 1 - s, s);
    expect(Math.abs(at(share + 1e-12) - at(share - 1e-12))).toBeLessThan(1e-11);
  }
});
