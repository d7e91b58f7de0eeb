import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Graded } from '../test/view.ts';
import { createCalendar } from './calendar.ts';
import { CELL, EPOCH_MINUTE, P, PAGE, Q } from './page.ts';
import { advance, fold, foldLate, forgetTainted, type GradeTime, HORIZON_MINUTES, TIERS, taint } from './ring.ts';
import { WindowView } from './window-view.ts';

const calendar = createCalendar('UTC');
const timeOf = (minute: number): GradeTime => ({
  minute,
  now: { ...calendar(minute) },
  block5: { ...calendar(minute - 13) },
  block15: { ...calendar(minute - 53) },
  sourceStart: 0,
});

/** A page whose neighbours show when something is written outside of it. */
function newPage(firstMinute: number): { page: Float32Array; base: number } {
  const page = new Float32Array(3 * PAGE);
  page[PAGE + P.firstSeen] = firstMinute;
  return { page, base: PAGE };
}

function sumsOf(calls: number, errors = 0): Float64Array {
  const sums = new Float64Array(CELL);
  sums[Q.n] = calls;
  sums[Q.err] = errors;
  return sums;
}

/** Grades `minutes` from `first` on and returns the horizons' counts at the end. */
function walk(first: number, calls: readonly number[]): { page: Float32Array; base: number; view: WindowView } {
  const { page, base } = newPage(first);
  const view = new WindowView();
  for (const [i, n] of calls.entries()) {
    const time = timeOf(first + i);
    view.load(page, base, time);
    advance(page, base, time);
    fold(page, base, first + i, n === 0 ? null : sumsOf(n), view.rate, time.now.hour);
  }
  view.sumHorizons();
  return { page, base, view };
}

/** First minute that each horizon holds when `minute` was the last: whole blocks, as many as its tier keeps. */
function spanOf(horizon: number, minute: number): number {
  if (horizon === 0) return minute;
  const { minutes, cells } = TIERS[horizon - 1]!;
  return (Math.floor(minute / minutes) - cells + 1) * minutes;
}

const counts = fc.array(fc.nat(20), { minLength: 1, maxLength: 320 });

describe('each horizon is the sum of its last minutes', () => {
  test.each([
    { name: 'today', first: 3_200_000 },
    { name: 'across the start of 2020, where minutes change their sign', first: -100 },
    { name: 'in 2018', first: -800_003 },
  ])('$name', ({ first }) => {
    fc.assert(
      fc.property(fc.nat(300), counts, (shift, calls) => {
        const { page, base, view } = walk(first + shift, calls);
        const last = first + shift + calls.length - 1;
        for (let h = 0; h < HORIZON_MINUTES.length; h++) {
          const from = Math.max(0, spanOf(h, last) - first - shift);
          const expected = calls.slice(from).reduce((sum, n) => sum + n, 0);
          expect(view.get(h, Q.n)).toBe(expected);
        }
        expect(page.subarray(0, base).every((value) => value === 0)).toBe(true);
        expect(page.subarray(base + PAGE).every((value) => value === 0)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});

describe('late pieces', () => {
  test('correct exactly those horizons that still hold their minute', () => {
    fc.assert(
      fc.property(counts, fc.nat(330), fc.integer({ min: 1, max: 9 }), (calls, ago, errors) => {
        const first = 3_200_000;
        const { page, base, view } = walk(first, calls);
        const graded = first + calls.length - 1;
        const minute = graded - ago;
        const before = HORIZON_MINUTES.map((_, h) => view.get(h, Q.n));
        const held = foldLate(page, base, graded, minute, sumsOf(2, errors));
        view.sumHorizons();
        const reached = HORIZON_MINUTES.map((_, h) => minute >= spanOf(h, graded));
        expect(HORIZON_MINUTES.map((_, h) => view.get(h, Q.n) - before[h]!)).toEqual(reached.map((is) => (is ? 2 : 0)));
        expect(HORIZON_MINUTES.map((_, h) => view.get(h, Q.err))).toEqual(reached.map((is) => (is ? errors : 0)));
        expect(held).toBe(reached.includes(true));
      }),
    );
  });

  test('do not change what was expected', () => {
    const { page, base, view } = walk(3_200_000, Array(200).fill(5));
    const before = HORIZON_MINUTES.map((_, h) => view.expected(h));
    const sums = sumsOf(3);
    sums[Q.mu] = 99;
    foldLate(page, base, 3_200_199, 3_200_199, sums);
    view.sumHorizons();
    expect(HORIZON_MINUTES.map((_, h) => view.expected(h))).toEqual(before);
  });
});

describe('taint', () => {
  const first = 3_199_680; // a whole day since the epoch, so that blocks are easy to count
  const learnt = (page: Float32Array, base: number) => page[base + P.blocks]!;

  test('what is not tainted is learnt about an hour later, what is tainted never', () => {
    const quiet = walk(first, Array(300).fill(5));
    const covered = newPage(first);
    const view = new WindowView();
    for (let i = 0; i < 300; i++) {
      const time = timeOf(first + i);
      view.load(covered.page, covered.base, time);
      advance(covered.page, covered.base, time);
      fold(covered.page, covered.base, first + i, sumsOf(5), view.rate, time.now.hour);
      taint(covered.page, covered.base, first + i, first + i, first + i);
    }
    expect(learnt(quiet.page, quiet.base)).toBeGreaterThan(10);
    expect(learnt(covered.page, covered.base)).toBe(0);
  });

  test('reaches back over what the ring still holds', () => {
    const { page, base } = walk(first, Array(200).fill(5));
    const before = learnt(page, base);
    taint(page, base, first + 199, first + 100, first + 199);
    const view = new WindowView();
    for (let i = 200; i < 260; i++) {
      const time = timeOf(first + i);
      view.load(page, base, time);
      advance(page, base, time);
      fold(page, base, first + i, sumsOf(5), view.rate, time.now.hour);
    }
    expect(learnt(page, base)).toBe(before);
  });

  test('forgetting empties the tainted blocks and the last minutes, and nothing else', () => {
    const { page, base, view } = walk(first, Array(240).fill(5));
    taint(page, base, first + 239, first + 200, first + 239);
    forgetTainted(page, base);
    view.sumHorizons();
    expect([0, 1, 2].map((h) => view.get(h, Q.n))).toEqual([0, 0, 0]);
    expect(view.get(3, Q.n)).toBe(15 * 5); // 180–194 stays; 195–239 lies in tainted blocks
    expect(view.get(4, Q.n)).toBe(180 * 5);
  });
});

test('the horizons are as long as their tiers at the end of an hour', () => {
  const last = 3_199_680 + 59;
  expect(TIERS.map((_, tier) => last - spanOf(tier + 1, last) + 1)).toEqual(HORIZON_MINUTES.slice(1));
  expect(EPOCH_MINUTE * 60_000).toBe(Date.UTC(2020, 0, 1));
});

test('an hour without an incident for four weeks is no habit any more', () => {
  const graded = new Graded();
  graded.page[P.recurring] = 1 << 9;
  const known = () => graded.page[P.recurring]! | graded.page[P.recurringBefore]!;
  graded.live(13 * 1440, 0.01);
  expect(known()).toBe(1 << 9);
  graded.live(16 * 1440, 0.01);
  expect(known()).toBe(0);
});
