import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ArrivalClock, TICK_MS } from './clock.ts';

const START_MS = Date.UTC(2026, 10, 3);
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

interface Arrival {
  readonly source: number;
  readonly timeMs: number;
}

/** The watermark after each arrival, NaN before the first; each arrival its own invocation. */
function watermarks(arrivals: readonly Arrival[], clock = new ArrivalClock()): number[] {
  return arrivals.map(({ source, timeMs }) => {
    clock.observe(source, 0, timeMs);
    return clock.watermarkMs;
  });
}

const lagAtEnd = (arrivals: readonly Arrival[]) => arrivals.at(-1)!.timeMs - watermarks(arrivals).at(-1)!;
const every = (stepMs: number, count: number, source: (i: number) => number, fromMs = START_MS): Arrival[] =>
  Array.from({ length: count }, (_, i) => ({ source: source(i), timeMs: fromMs + i * stepMs }));

const anyArrival = fc.record({
  source: fc.integer({ min: 1, max: 6 }),
  timeMs: fc.integer({ min: START_MS, max: START_MS + 2 * HOUR }),
});
const anyArrivals = fc.array(anyArrival, { maxLength: 300 });

describe('laws of the watermark', () => {
  test('it never goes back, stands on whole ticks, and moves exactly when observe says so', async () => {
    await fc.assert(
      fc.property(anyArrivals, (arrivals) => {
        const clock = new ArrivalClock();
        let before = Number.NEGATIVE_INFINITY;
        for (const { source, timeMs } of arrivals) {
          const hasMoved = clock.observe(source, 0, timeMs);
          expect(hasMoved).toBe(clock.watermarkMs > before);
          if (!hasMoved) continue;
          expect(clock.watermarkMs % TICK_MS).toBe(0);
          before = clock.watermarkMs;
        }
      }),
    );
  });

  test.each([1, 2, 6])('one event from the future never moves it, with %i sources', async (sources) => {
    const steps = fc.array(
      fc.record({
        source: fc.integer({ min: 1, max: sources }),
        stepMs: fc.integer({ min: -MINUTE, max: 5 * MINUTE }),
      }),
      { maxLength: 200 },
    );
    const future = fc.record({
      at: fc.nat(),
      source: fc.integer({ min: 1, max: sources }),
      aheadMs: fc.integer({ min: 1, max: 1000 * HOUR }),
    });
    await fc.assert(
      fc.property(steps, future, (walk, { at, source, aheadMs }) => {
        let timeMs = START_MS;
        const arrivals = walk.map((step) => {
          timeMs += step.stepMs;
          return { source: step.source, timeMs };
        });
        const highest = Math.max(START_MS, ...arrivals.map((it) => it.timeMs));
        arrivals.splice(at % (arrivals.length + 1), 0, { source, timeMs: highest + aheadMs });
        for (const watermark of watermarks(arrivals))
          if (!Number.isNaN(watermark)) expect(watermark).toBeLessThanOrEqual(highest);
      }),
      { numRuns: 500 },
    );
  });

  test('pieces of one invocation from the future do not move it either', () => {
    const clock = new ArrivalClock();
    for (const [i, { timeMs }] of every(SECOND, 30, () => 1).entries()) clock.observe(1, i + 1, timeMs);
    const before = clock.watermarkMs;
    for (let piece = 0; piece < 3; piece++) clock.observe(1, 99, START_MS + 100 * HOUR + piece);
    expect(clock.watermarkMs).toBe(before);
  });

  test('times that are not finite say nothing', () => {
    const clock = new ArrivalClock();
    watermarks(
      every(SECOND, 30, () => 1),
      clock,
    );
    const before = clock.watermarkMs;
    for (const timeMs of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      expect(clock.observe(1, 0, timeMs)).toBe(false);
    }
    expect(clock.watermarkMs).toBe(before);
  });
});

describe('the watermark keeps up', () => {
  test.each([
    { name: 'one function, one call a second', arrivals: every(SECOND, 600, () => 1), within: 15 * SECOND },
    { name: 'five functions in turn', arrivals: every(SECOND, 600, (i) => 1 + (i % 5)), within: 20 * SECOND },
    {
      name: '500 functions, ten calls a second',
      arrivals: every(100, 20_000, (i) => 1 + ((i * 7919) % 500)),
      within: 15 * SECOND,
    },
    {
      name: '500 functions, one call every 7 s',
      arrivals: every(7 * SECOND, 3_000, (i) => 1 + ((i * 7919) % 500)),
      within: 170 * SECOND,
    },
    { name: 'one hourly cron', arrivals: every(HOUR, 50, () => 1), within: HOUR + TICK_MS },
    {
      name: 'three crons an hour',
      arrivals: every(20 * MINUTE, 100, (i) => 1 + (i % 3)),
      within: 40 * MINUTE + TICK_MS,
    },
  ])('$name', ({ arrivals, within }) => {
    expect(lagAtEnd(arrivals)).toBeLessThanOrEqual(within);
  });

  test('a busy function is not held up for long by one that fell silent', () => {
    const together = every(SECOND, 200, (i) => 1 + (i % 2));
    const alone = every(SECOND, 240, () => 1, START_MS + 200 * SECOND);
    expect(lagAtEnd([...together, ...alone])).toBeLessThanOrEqual(20 * SECOND);
  });

  test('after a night without events it jumps with the first few arrivals', () => {
    const evening = every(SECOND, 3600, (i) => 1 + ((i * 7919) % 40));
    const morning = every(SECOND, 45, (i) => 1 + ((i * 7919) % 40), START_MS + 9 * HOUR);
    expect(lagAtEnd([...evening, ...morning])).toBeLessThanOrEqual(MINUTE);
  });

  test('two crons that run through the night move it, though hundreds sleep', () => {
    const day = every(100, 20_000, (i) => 1 + ((i * 7919) % 300));
    const night = every(10 * MINUTE, 8, (i) => 1 + (i % 2), START_MS + HOUR);
    expect(lagAtEnd([...day, ...night])).toBeLessThanOrEqual(30 * MINUTE);
  });
});

describe('a minority that runs ahead does not move the watermark past the rest', () => {
  test.each([
    { name: '2 of 5, by 5 minutes', sources: 5, ahead: 2, aheadMs: 5 * MINUTE },
    { name: '8 of 20, by 10 minutes', sources: 20, ahead: 8, aheadMs: 10 * MINUTE },
    { name: '1 of 3 that says half of everything, by 2 hours', sources: 3, ahead: 1, aheadMs: 2 * HOUR, loud: true },
    { name: '100 of 500, by 3 minutes', sources: 500, ahead: 100, aheadMs: 3 * MINUTE },
  ])('$name', ({ sources, ahead, aheadMs, loud = false }) => {
    const clock = new ArrivalClock();
    let random = 1;
    let highest = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < 100_000; i++) {
      random = (Math.imul(random, 1103515245) + 12345) >>> 0;
      const source = loud && i % 2 === 0 ? 0 : (random >>> 8) % sources;
      const trueMs = START_MS + i * 200;
      clock.observe(source + 1, i + 1, source < ahead ? trueMs + aheadMs : trueMs);
      if (clock.watermarkMs > highest + trueMs) highest = clock.watermarkMs - trueMs;
    }
    expect(highest).toBeLessThanOrEqual(0);
  });
});

test('it goes on from a watermark', () => {
  const clock = new ArrivalClock(START_MS + HOUR);
  expect(
    watermarks(
      every(SECOND, 100, () => 1),
      clock,
    ).at(-1),
  ).toBe(START_MS + HOUR);
  expect(
    watermarks(
      every(SECOND, 100, () => 1, START_MS + HOUR),
      clock,
    ).at(-1),
  ).toBeGreaterThan(START_MS + HOUR);
});
