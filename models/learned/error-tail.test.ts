import { expect, test } from '@jest/globals';
import { EXCEEDING, learnTail, levelOf, paretoSurprise, TAIL, type TailPrior, tailSurprise } from './error-tail.ts';
import { seededRandom, tailOf } from './train.ts';

const PRIOR: TailPrior = { level: 1, excess: 0.2, shape: 0 };

/** Errors with an exponential tail: 98 % below `level`, the mean excess `excess`. */
function errorsOf(level: number, excess: number, random: () => number): () => number {
  return () => (random() > EXCEEDING ? level * random() : level - excess * Math.log(1 - random()));
}

function lived(level: number, excess: number, windows: number): { tail: Float32Array; next: () => number } {
  const tail = new Float32Array(TAIL);
  const next = errorsOf(level, excess, seededRandom(5));
  for (let i = 0; i < windows; i++) learnTail(tail, 0, next(), PRIOR);
  return { tail, next };
}

test('the tail is exact where it is exponential', () => {
  expect(paretoSurprise(0, 1, 0)).toBeCloseTo(-Math.log10(0.02), 12);
  expect(paretoSurprise(2 * Math.LN10, 1, 0)).toBeCloseTo(2 - Math.log10(0.02), 12);
  // shape 0.25, 16 scales out: (1 + 4)^−4 = 1/625
  expect(paretoSurprise(16, 1, 0.25)).toBeCloseTo(Math.log10(625 / 0.02), 12);
});

test.each([
  { name: 'a function like others', level: 1, excess: 0.2 },
  { name: 'one that is half as noisy', level: 0.5, excess: 0.1 },
  { name: 'one that is twice as noisy', level: 2, excess: 0.5 },
])('$name: after five days a surprise of s comes as often as 10^−s says', ({ level, excess }) => {
  const { tail, next } = lived(level, excess, 7200);
  const seen = [0, 0, 0];
  const windows = 200_000;
  for (let i = 0; i < windows; i++) {
    const error = next();
    const score = tailSurprise(tail, 0, error, PRIOR);
    learnTail(tail, 0, error, PRIOR);
    for (const [k, s] of [2, 3, 4].entries()) if (score >= s) seen[k] = seen[k]! + 1;
  }
  for (const [k, s] of [2, 3, 4].entries()) {
    expect(seen[k]! / windows).toBeLessThan(3 * 10 ** -s);
    expect(seen[k]! / windows).toBeGreaterThan(10 ** -s / 4);
  }
});

test('one wild window moves neither level nor scale by much', () => {
  const { tail } = lived(1, 0.2, 5000);
  const before = tailSurprise(tail, 0, 2.5, PRIOR);
  const level = levelOf(tail, 0, PRIOR);
  learnTail(tail, 0, 1e6, PRIOR);
  expect(levelOf(tail, 0, PRIOR)).toBeLessThan(1.01 * level);
  expect(tailSurprise(tail, 0, 2.5, PRIOR)).toBeGreaterThan(0.85 * before);
});

test('a fresh store knows the prior', () => {
  expect(tailSurprise(new Float32Array(TAIL), 0, 1 + 0.2 * Math.LN10, PRIOR)).toBeCloseTo(1 - Math.log10(0.02), 6);
});

test('tailOf finds level, mean excess and shape of an exponential tail', () => {
  const next = errorsOf(3, 0.5, seededRandom(9));
  const { tail, quantiles } = tailOf(Array.from({ length: 200_000 }, next), EXCEEDING);
  expect(tail.level).toBeCloseTo(3, 1);
  expect(tail.excess).toBeCloseTo(0.5, 1);
  expect(tail.shape).toBeLessThan(0.1);
  expect(quantiles.find(([share]) => share === 0.98)![1]).toBe(tail.level);
  expect(() => tailOf([1, 2], EXCEEDING)).toThrow('at least 100 errors');
});
