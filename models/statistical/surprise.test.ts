import { expect, test } from '@jest/globals';
import { logComplement, MAX_SURPRISE, surpriseOfLog } from './surprise.ts';

test.each([
  { name: 'certainty is no surprise', logProbability: 0, surprise: 0 },
  { name: 'rounding above certainty is no surprise', logProbability: 1e-16, surprise: 0 },
  { name: 'a millionth is six', logProbability: Math.log(1e-6), surprise: 6 },
  { name: 'the impossible is finite', logProbability: Number.NEGATIVE_INFINITY, surprise: MAX_SURPRISE },
])('$name', ({ logProbability, surprise }) => {
  expect(surpriseOfLog(logProbability)).toBeCloseTo(surprise, 12);
});

test.each([1e-300, 1e-20, 0.1, 0.5, 0.9])('the complement of the complement of %p is itself', (p) => {
  const there = logComplement(Math.log(p));
  expect(there).toBeLessThanOrEqual(0);
  if (p > 1e-3) expect(logComplement(there)).toBeCloseTo(Math.log(p), 12);
  else expect(there / -p).toBeCloseTo(1, 12); // ln(1 − p) = −p to all digits
});

test('the unknown stays unknown', () => {
  expect(surpriseOfLog(Number.NaN)).toBeNaN();
  expect(logComplement(Number.NaN)).toBeNaN();
});
