import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { SeenEvents } from './seen.ts';

const SPAN_MS = 60_000;
const word = fc.nat(0xffffffff);
const event = fc.tuple(fc.integer({ min: -10, max: 10 }), fc.nat(3), fc.nat(3)); // generation, and few keys: many repeats

describe('an event is new once', () => {
  test('a model with a set says the same', () => {
    fc.assert(
      fc.property(fc.array(event), (events) => {
        const seen = new SeenEvents(SPAN_MS);
        const model = new Set<string>();
        for (const [generation, hi, lo] of events) {
          const key = `${generation} ${hi} ${lo === 0 && hi === 0 ? 1 : lo}`; // 0, 0 is mapped to 0, 1
          expect(seen.add(generation * SPAN_MS + 5, hi, lo)).toBe(!model.has(key));
          model.add(key);
        }
      }),
    );
  });

  test('thousands stay known while the table grows', () => {
    const seen = new SeenEvents(SPAN_MS);
    const key = (i: number) => [Math.imul(i, 0x9e3779b1), Math.imul(i, 0x85ebca6b)] as const;
    const added = () =>
      Array.from({ length: 20_000 }, (_, i) => seen.add(1, ...key(i))).filter((isNew) => isNew).length;
    expect(added()).toBe(20_000);
    expect(added()).toBe(0);
    expect(seen.bytes).toBeLessThan(20_000 * 8 * 5);
  });

  test('keys that all fall on one place are told apart', () => {
    const seen = new SeenEvents(SPAN_MS);
    for (let i = 1; i <= 500; i++) expect(seen.add(0, i, 64)).toBe(true);
    for (let i = 1; i <= 500; i++) expect(seen.add(0, i, 64)).toBe(false);
  });

  test.each([0, 1, 0x7fffffff, 0x80000000, 0xffffffff, -1])('the words %p are as good as any', (value) => {
    const seen = new SeenEvents(SPAN_MS);
    expect(seen.add(0, value, value)).toBe(true);
    expect(seen.add(0, value, value)).toBe(false);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, -1e300, 8.64e15])('a time of %p does no harm', (timeMs) => {
    const seen = new SeenEvents(SPAN_MS);
    seen.add(timeMs, 1, 2);
    expect(seen.add(0, 1, 2)).toBe(true);
  });
});

describe('generations', () => {
  test('the same key in another generation is another event', () => {
    const seen = new SeenEvents(SPAN_MS);
    expect(seen.add(0, 1, 2)).toBe(true);
    expect(seen.add(SPAN_MS, 1, 2)).toBe(true);
    expect(seen.add(SPAN_MS - 1, 1, 2)).toBe(false);
  });

  test('are forgotten whole, and only once they have ended', () => {
    const seen = new SeenEvents(SPAN_MS);
    for (const generation of [0, 1, 2]) seen.add(generation * SPAN_MS, 1, 2);
    seen.expire(SPAN_MS + 1);
    expect([0, 1, 2].map((generation) => seen.add(generation * SPAN_MS, 1, 2))).toEqual([true, false, false]);
    const before = seen.bytes;
    seen.expire(10 * SPAN_MS);
    expect(before).toBeGreaterThan(0);
    expect(seen.bytes).toBe(0);
    expect(seen.add(2 * SPAN_MS, 1, 2)).toBe(true); // also the one that was used last
  });
});

test('snapshot and restore: the same bytes, the same answers', () => {
  const events = fc.array(fc.tuple(fc.integer({ min: -5, max: 5 }), word, word), { maxLength: 200 });
  fc.assert(
    fc.property(events, events, (past, future) => {
      const seen = new SeenEvents(SPAN_MS);
      for (const [generation, hi, lo] of past) seen.add(generation * SPAN_MS, hi, lo);
      const restored = new SeenEvents(SPAN_MS);
      for (const [number, words] of seen.pages()) restored.restorePage(number, words.slice());
      expect([...restored.pages()]).toEqual([...seen.pages()]);
      for (const [generation, hi, lo] of [...past, ...future]) {
        expect(restored.add(generation * SPAN_MS, hi, lo)).toBe(seen.add(generation * SPAN_MS, hi, lo));
      }
    }),
  );
});
