import { expect, test } from '@jest/globals';
import { isNearMiddle, logSaddlepointTail } from './saddlepoint-tail.ts';

// an Erlang variable of 2500 stages, P(X <= x) = P(Poisson(x) >= 2500): the sum of its terms is the brute-force twin
function logErlangBelow(stages: number, x: number): number {
  let logTerm = -x;
  for (let j = 1; j <= stages; j++) logTerm += Math.log(x / j);
  let sum = 1;
  for (let j = stages + 1, term = 1; term > 1e-18 * sum; j++) {
    term *= x / j;
    sum += term;
  }
  return logTerm + Math.log(sum);
}

test.each([2499.9999, 2499, 2475, 2450, 2400, 2360])('is the tail of a gamma variable of size 2500 at %p', (x) => {
  const size = 2500;
  const halfDeviance = size * Math.log(size / x) + x - size;
  expect(isNearMiddle(size, halfDeviance)).toBe(true);
  const tail = logSaddlepointTail(halfDeviance, (size - x) / 50, 1 / 150, -1 / (12 * size));
  expect(Math.abs(tail - logErlangBelow(size, x))).toBeLessThan(1e-6);
});

test('is left to the continued fractions where that is cheap or the size is small', () => {
  expect(isNearMiddle(1e6, 5)).toBe(false);
  expect(isNearMiddle(100, 0.1)).toBe(false);
});
