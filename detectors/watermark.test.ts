import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Watermark } from './watermark.ts';

const MINUTE_MS = 60_000;

describe('the watermark of several clocks', () => {
  test('is the only clock where there is one', () => {
    const watermark = new Watermark();
    expect(watermark.hear('a', 1000)).toBe(true);
    expect(watermark.hear('a', 1000)).toBe(false);
    expect(watermark.hear('a', 900)).toBe(false);
    expect(watermark.timeMs).toBe(1000);
  });

  test('is the slowest of all, however far they are apart, and never goes back', () => {
    const watermark = new Watermark();
    watermark.hear('a', 100_000);
    watermark.hear('b', 90_000); // came later: what it brings before 100 s is late
    expect(watermark.timeMs).toBe(100_000);
    watermark.hear('a', 300 * MINUTE_MS); // reads its backlog faster
    expect(watermark.timeMs).toBe(100_000);
    watermark.hear('b', 120_000);
    expect(watermark.timeMs).toBe(120_000);
  });

  test('does not wait for a clock that joins far behind, until it is near', () => {
    const watermark = new Watermark();
    watermark.hear('live', 600 * MINUTE_MS);
    watermark.hear('history', 0);
    watermark.hear('live', 601 * MINUTE_MS);
    expect(watermark.timeMs).toBe(601 * MINUTE_MS);
    watermark.hear('history', 600 * MINUTE_MS);
    watermark.hear('live', 602 * MINUTE_MS);
    expect(watermark.timeMs).toBe(601 * MINUTE_MS);
    watermark.hear('history', 602 * MINUTE_MS);
    expect(watermark.timeMs).toBe(602 * MINUTE_MS);
  });

  test('goes on without clocks that are never heard again, however many', () => {
    const watermark = new Watermark();
    for (const clock of ['a', 'b', 'c']) watermark.hear(clock, 0);
    let ticks = 0;
    for (; watermark.timeMs === 0 && ticks < 100_000; ticks++) watermark.hear('a', ticks * 250);
    expect(ticks).toBeLessThan(15 * 60 * 4 * 4);
    expect(ticks).toBeGreaterThan(15 * 60 * 4);
    watermark.hear('b', ticks * 250 - 1000); // back: has a say again
    watermark.hear('a', ticks * 250 + 1000);
    expect(watermark.timeMs).toBeLessThanOrEqual(ticks * 250);
  });

  test('does not wait for a clock that ended', () => {
    const watermark = new Watermark();
    watermark.hear('a', 1000);
    watermark.hear('b', 60_000);
    watermark.hear('a', 2000, true);
    expect(watermark.timeMs).toBe(60_000);
  });

  test('one clock of three that runs ahead moves nothing', () => {
    const watermark = new Watermark();
    for (const clock of ['a', 'b', 'c']) watermark.hear(clock, 1000);
    watermark.hear('c', 1e12);
    expect(watermark.timeMs).toBe(1000);
  });

  test('a restored one goes on as the one that was never stopped', () => {
    const ticks = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.nat({ max: 3_600_000 }), fc.boolean()), {
      minLength: 1,
    });
    fc.assert(
      fc.property(ticks, fc.nat(), (heard, cut) => {
        const whole = new Watermark();
        let parts = new Watermark();
        for (const [i, [clock, timeMs, isLast]] of heard.entries()) {
          const before = whole.timeMs;
          expect(parts.hear(clock, timeMs, isLast)).toBe(whole.hear(clock, timeMs, isLast));
          expect(parts.timeMs).toBe(whole.timeMs);
          expect(whole.timeMs < before).toBe(false);
          if (i !== cut % heard.length) continue;
          const restored = new Watermark();
          restored.restore(parts.state(), parts.timeMs);
          parts = restored;
        }
      }),
    );
  });
});
