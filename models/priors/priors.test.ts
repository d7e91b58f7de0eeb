import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { canonicalJson, PRIORS, PRIORS_DIGEST } from './priors.ts';

test('the digest is that of the data: who changes a prior makes a new version', () => {
  expect(createHash('sha256').update(canonicalJson(PRIORS)).digest('hex')).toBe(PRIORS_DIGEST);
  const changed = { ...PRIORS, gaps: { ...PRIORS.gaps, weight: 13 } };
  expect(canonicalJson(changed)).not.toBe(canonicalJson(PRIORS));
});

test('equal data has equal text, whatever the order it was written in', () => {
  expect(canonicalJson({ b: [2, 1], a: { d: 1, c: 'x' } })).toBe(canonicalJson({ a: { c: 'x', d: 1 }, b: [2, 1] }));
  expect(canonicalJson([1, 2])).not.toBe(canonicalJson([2, 1]));
});

test('nothing of it can be changed, at any depth', () => {
  const parts: unknown[] = [PRIORS];
  for (const part of parts) {
    if (part === null || typeof part !== 'object') continue;
    expect(Object.isFrozen(part)).toBe(true);
    parts.push(...Object.values(part));
  }
  expect(parts.length).toBeGreaterThan(40);
});

test('every prior is a finite number above 0, and every share a share', () => {
  const numbers = (part: unknown): number[] =>
    typeof part === 'number'
      ? [part]
      : part !== null && typeof part === 'object'
        ? Object.values(part).flatMap(numbers)
        : [];
  for (const value of numbers(PRIORS)) expect(value > 0 && value < 1e5).toBe(true);
  for (const { share } of Object.values(PRIORS.shares)) expect(share).toBeLessThan(0.5);
});
