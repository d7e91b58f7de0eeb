import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { upperSurprise } from './beta-binomial.ts';
import { logBeta } from './log-gamma.ts';
import { MAX_SURPRISE } from './surprise.ts';

// scipy.stats.betabinom: k, n, alpha, beta, −log10 sf(k − 1)
const KNOWN: [number, number, number, number, number][] = [
  [1, 2, 1, 50, 1.4149733479708244],
  [3, 10, 0.5, 20, 1.9644235333771858],
  [50, 1000, 2, 100, 1.3759648027756968],
  [5, 60, 3, 9, 0.0313435561719183],
  [10, 10, 1, 1, 1.041392685158225],
  [300, 5000, 4, 200, 2.732191219316141],
];

test.each(KNOWN)('%p of %p under Beta(%p, %p) has surprise %p', (k, n, alpha, beta, expected) => {
  expect(upperSurprise(k, n, alpha, beta)).toBeCloseTo(expected, n <= 256 ? 9 : 5); // above, it is integrated
});

/** −log10 P(K >= k) by every term from k to n. */
function bruteForce(k: number, n: number, alpha: number, beta: number): number {
  const logFirst = logBeta(k + alpha, n - k + beta) - logBeta(k + 1, n - k + 1) - Math.log1p(n) - logBeta(alpha, beta);
  let sum = 1;
  for (let j = k + 1, term = 1; j <= n; j++) {
    term *= ((n - j + 1) * (alpha + j - 1)) / (j * (beta + n - j));
    sum += term;
  }
  return -(logFirst + Math.log(sum)) / Math.LN10;
}

test.each([
  [0.05, 3],
  [0.5, 0.5],
  [1, 1],
  [1, 50],
  [2, 100],
  [3, 0.2],
  [5, 5000],
  [300, 700],
  [1e4, 1e6],
])('agrees with the sum of all terms under Beta(%p, %p), summed or integrated', (alpha, beta) => {
  for (const n of [1, 40, 300, 1000, 20_000, 300_000]) {
    const share = alpha / (alpha + beta);
    const sigma = Math.sqrt((n * share * (1 - share) * (alpha + beta + n)) / (alpha + beta + 1));
    for (const z of [-1, -0.3, 0.2, 1, 3, 6, 10, 40]) {
      const k = Math.round(n * share + z * sigma);
      if (k < 1 || k > n) continue;
      const exact = bruteForce(k, n, alpha, beta);
      expect(Math.abs(upperSurprise(k, n, alpha, beta) - exact)).toBeLessThan(1e-5 * Math.max(1, exact));
    }
  }
});

test('grows with k without a step where summing gives way to the integral', () => {
  for (let n = 150; n < 450; n++) {
    // n − k crosses 256, where all terms are summed one by one
    expect(Math.abs(upperSurprise(60, n, 2, 20) - upperSurprise(60, n + 1, 2, 20))).toBeLessThan(0.1);
    expect(upperSurprise(60, n + 1, 2, 20)).toBeLessThan(upperSurprise(60, n, 2, 20) + 1e-9);
  }
});

test('is finite and grows with k; the tail of failures complements it', () => {
  const parameter = fc.double({ min: 0.1, max: 500, noNaN: true });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 100_000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      parameter,
      parameter,
      (n, share, alpha, beta) => {
        const k = Math.max(1, Math.round(share * n));
        const up = upperSurprise(k, n, alpha, beta);
        expect(up).toBeGreaterThanOrEqual(0);
        expect(Number.isFinite(up)).toBe(true);
        expect(upperSurprise(k + 1, n, alpha, beta)).toBeGreaterThanOrEqual(up - 1e-5);
        expect(10 ** -up + 10 ** -upperSurprise(n - k + 1, n, beta, alpha)).toBeCloseTo(1, 4);
      },
    ),
  );
});

test.each([
  { name: 'none of any is no surprise', k: 0, n: 10, expected: 0 },
  { name: 'none of none is no surprise', k: 0, n: 0, expected: 0 },
  { name: 'more than all is impossible', k: 11, n: 10, expected: MAX_SURPRISE },
  { name: 'a part of a success is the next whole one', k: 2.3, n: 10, expected: upperSurprise(3, 10, 1, 9) },
  { name: 'one of one is the prior’s rate', k: 1, n: 1, expected: 1 },
])('$name', ({ k, n, expected }) => {
  expect(upperSurprise(k, n, 1, 9)).toBeCloseTo(expected, 9);
});

test('the unknown stays unknown', () => {
  expect(upperSurprise(Number.NaN, 10, 1, 9)).toBeNaN();
  expect(upperSurprise(1, 10, Number.NaN, 9)).toBeNaN();
});

test('beyond 2 ** 53 counts are no whole numbers any more: NaN', () => {
  expect(upperSurprise(2 ** 54, 2 ** 55, 1, 2)).toBeNaN();
});
