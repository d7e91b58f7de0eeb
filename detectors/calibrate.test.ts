import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { SOUND_EXCESS, tailSurprise } from '../models/statistical/exceedance-tail.ts';
import { seeded } from '../test/stream.ts';
import { dropWaiting, learnTails, noteGap, noteWindow, TAIL, TAIL_FROM, TAILS, tailOf } from './calibrate.ts';
import { PAGE } from './page.ts';

const WEEKS = 20_000;

/** A function whose `invocations` show the surprises of `next`, window after window. */
function lived(
  windows: number,
  next: (i: number) => number,
  page: Float32Array = new Float32Array(PAGE),
): Float32Array {
  const raw = new Float64Array(TAILS);
  for (let i = 0; i < windows; i++) {
    if (i % 15 === 0) learnTails(page, 0);
    raw[TAIL.invocations] = next(i);
    noteWindow(page, 0, raw);
  }
  return page;
}

const scoreOf = (page: Float32Array, raw: number) => tailSurprise(raw, tailOf(page, 0, TAIL.invocations));

/** Surprises of a model whose variance is off by `factor`: exponential, ×factor. */
function surprises(seed: number, factor: number): () => number {
  const random = seeded(seed);
  return () => -factor * Math.log10(1 - random());
}

/** The least surprise that scores `score`. */
function rawAt(page: Float32Array, score: number): number {
  let low = 0;
  let high = 1000;
  for (let round = 0; round < 60; round++) {
    const middle = (low + high) / 2;
    if (scoreOf(page, middle) >= score) high = middle;
    else low = middle;
  }
  return high;
}

describe('the score becomes how often such a surprise is seen', () => {
  test.each([0.9, 1, 1.5, 2, 3])('of a model whose variance is off by ×%d', (factor) => {
    const page = lived(WEEKS, surprises(7, factor));
    for (let s = 1; s <= 5; s++) {
      const ratio = 10 ** (s - rawAt(page, s) / factor);
      expect(ratio).toBeLessThan(3);
      // further out, tails of models that fit this badly are taken for heavier than exponential
      if (factor <= 1 || (factor <= 1.5 && s <= 4)) expect(ratio).toBeGreaterThan(1 / 3);
    }
  });
});

test('without a past, the model stands, less what five horizons look at', () => {
  const page = new Float32Array(PAGE);
  for (const raw of [3, 5, 8, 20]) {
    expect(scoreOf(page, raw)).toBeGreaterThan(raw - 0.5);
    expect(scoreOf(page, raw)).toBeLessThanOrEqual(raw);
  }
});

test('the model stands where its past agrees', () => {
  const page = lived(WEEKS, surprises(3, 1));
  for (const raw of [2, 4, 6]) expect(Math.abs(scoreOf(page, raw) - raw)).toBeLessThan(0.2 * raw);
});

test('a larger surprise never scores less, whatever was learnt', () => {
  const seen = fc.double({ min: 0, max: 300, noNaN: true });
  fc.assert(
    fc.property(fc.array(seen, { maxLength: 100 }), seen, seen, (past, one, other) => {
      const page = lived(past.length, (i) => past[i]!);
      const low = scoreOf(page, Math.min(one, other));
      const high = scoreOf(page, Math.max(one, other));
      expect(high).toBeGreaterThanOrEqual(low);
      expect(Number.isFinite(high)).toBe(true);
    }),
  );
});

test('one outlier, however large, moves a score by less than a twentieth', () => {
  const calm = lived(8000, surprises(5, 1));
  const before = [4, 6, 10].map((raw) => scoreOf(calm, raw));
  const after = lived(2000, (i) => (i === 0 ? 1e9 : 0), calm.slice());
  const without = lived(2000, () => 0, calm.slice());
  for (const [i, raw] of [4, 6, 10].entries()) {
    expect(scoreOf(after, raw)).toBeGreaterThan(0.95 * scoreOf(without, raw));
    expect(scoreOf(after, raw)).toBeGreaterThan(0.9 * before[i]!);
  }
});

describe('what leads to an incident', () => {
  const calm = lived(8000, surprises(6, 1));
  const climb = (page: Float32Array) => lived(60, (i) => 2 + i / 15, page);

  test('blunts its own score by less than an eighth within an hour', () => {
    expect(scoreOf(climb(calm.slice()), 8)).toBeGreaterThan((7 / 8) * scoreOf(calm, 8));
  });

  test('is not learnt once it is known for one', () => {
    const page = climb(calm.slice());
    const known = tailOf(page, 0, TAIL.invocations).excess;
    dropWaiting(page, 0);
    const later = lived(600, () => 0, page);
    expect(tailOf(later, 0, TAIL.invocations).excess).toBe(known);
    const kept = lived(600, () => 0, climb(calm.slice()));
    expect(tailOf(kept, 0, TAIL.invocations).excess).toBeGreaterThan(known);
  });
});

test('all that waits is learnt in the end, and of each tail alone', () => {
  const page = new Float32Array(PAGE);
  const raw = new Float64Array(TAILS);
  raw[TAIL.errors] = 3;
  for (let i = 0; i < 40; i++) noteWindow(page, 0, raw);
  for (let i = 0; i < 200; i++) learnTails(page, 0);
  const { excess } = tailOf(page, 0, TAIL.errors);
  expect(excess).toBeCloseTo((40 * 1 + 60 * SOUND_EXCESS) / 100, 2);
  expect(tailOf(page, 0, TAIL.oom).excess).toBeCloseTo(SOUND_EXCESS, 9);
});

test('gaps have a tail of their own, learnt at once', () => {
  const page = new Float32Array(PAGE);
  const before = tailOf(page, 0, TAIL.silence).excess;
  for (let i = 0; i < 50; i++) noteGap(page, 0, TAIL_FROM + 2);
  expect(tailOf(page, 0, TAIL.silence).excess).toBeGreaterThan(1.5 * before);
  noteGap(page, 0, TAIL_FROM - 1);
  expect(tailOf(page, 0, TAIL.invocations).excess).toBeCloseTo(SOUND_EXCESS, 9);
});
