import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fisherSurprise } from './fisher.ts';

const p = (surprise: number) => 10 ** -surprise;

/** P(X >= k) by exact rational arithmetic. */
function exact(k: number, n: number, m: number, all: number): number {
  const choose = (a: number, b: number): bigint => {
    if (b < 0 || b > a) return 0n;
    let result = 1n;
    for (let i = 1; i <= b; i++) result = (result * BigInt(a - b + i)) / BigInt(i);
    return result;
  };
  let ways = 0n;
  for (let j = k; j <= Math.min(n, m); j++) ways += choose(m, j) * choose(all - m, n - j);
  const total = choose(all, n);
  return Number((ways * 10n ** 40n) / total) / 1e40;
}

describe('fisherSurprise', () => {
  test('the lady tasting tea: all four cups of eight', () => {
    expect(p(fisherSurprise(4, 4, 4, 8))).toBeCloseTo(1 / 70, 12);
    expect(p(fisherSurprise(3, 4, 4, 8))).toBeCloseTo(17 / 70, 12);
  });

  test('what must be is certain, what cannot be is impossible', () => {
    expect(fisherSurprise(0, 5, 3, 20)).toBe(0);
    expect(fisherSurprise(2, 19, 3, 20)).toBe(0); // at most one of the three is outside
    expect(fisherSurprise(4, 5, 3, 20)).toBeGreaterThan(1e6);
  });

  test('agrees with whole numbers, both tails', () => {
    fc.assert(
      fc.property(fc.nat(60), fc.nat(60), fc.nat(60), fc.nat(60), (a, b, c, d) => {
        const all = a + b + c + d + 1;
        const n = a + b;
        const m = a + c;
        const expected = exact(a, n, m, all);
        if (expected > 1e-25) expect(p(fisherSurprise(a, n, m, all)) / expected).toBeCloseTo(1, 8);
      }),
    );
  });

  test('swapping the roles of group and badness changes nothing', () => {
    fc.assert(
      fc.property(fc.nat(400), fc.nat(400), fc.nat(400), fc.nat(100_000), (a, b, c, d) => {
        const all = a + b + c + d;
        const one = fisherSurprise(a, a + b, a + c, all);
        expect(fisherSurprise(a, a + c, a + b, all)).toBeCloseTo(one, 6);
      }),
    );
  });
});

test('beyond 2 ** 53 counts are no whole numbers any more: NaN', () => {
  expect(fisherSurprise(2 ** 54, 2 ** 55, 2 ** 56, 2 ** 57)).toBeNaN();
});
