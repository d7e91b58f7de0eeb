import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { AlertEvent } from '../alerts/event.ts';
import { Flag } from '../ingest/fragment.ts';
import { callAt, playAmong } from '../test/among.ts';
import type { Piece } from '../test/pieces.ts';
import { loud } from '../test/pipeline.ts';
import { START_MS, seeded } from '../test/stream.ts';
import { gapMoments, learnGap } from './gaps.ts';
import { P, PAGE } from './page.ts';
import { recompute } from './recompute.ts';

const DAY = 1440;
const minutesAfter = ({ at }: AlertEvent, minute: number) => (Date.parse(at) - START_MS) / 60_000 - minute;
const signals = (events: readonly AlertEvent[]) => loud(events).map(({ signal }) => signal);

describe('the first calls of a function that nobody knows', () => {
  const BORN = 2 * DAY + 17;
  const first = (count: number, everyMinutes: number, flagsOf: (i: number) => number): Piece[] =>
    Array.from({ length: count }, (_, i) => callAt(BORN + i * everyMinutes, { flags: flagsOf(i) | Flag.statusKnown }));

  test.each([
    { name: 'fail', flags: Flag.failed, signal: 'errors' },
    { name: 'time out', flags: Flag.timeout | Flag.failed, signal: 'timeouts' },
    { name: 'run out of memory', flags: Flag.oom | Flag.failed, signal: 'oom' },
  ])('all $name: said within minutes, with how little is known', ({ flags, signal }) => {
    const events = playAmong(3, first(20, 0.5, () => flags)); // biome-ignore format: short
    const [alert] = loud(events);
    expect([signal, 'errors']).toContain(alert!.signal);
    expect(minutesAfter(alert!, BORN)).toBeLessThanOrEqual(6);
    expect(alert!.why.join()).toMatch(/learning \d+ of 60: judged by what is usual elsewhere/);
    expect(alert!.baseline.windows).toBeLessThan(20);
  });

  test('all fail, one every ten minutes: said within an hour and a half, and not learnt', () => {
    const events = playAmong(4, first(100, 10, () => Flag.failed)); // biome-ignore format: short
    const [alert] = loud(events);
    expect(alert!.signal).toBe('errors');
    expect(minutesAfter(alert!, BORN)).toBeLessThanOrEqual(90);
    expect(signals(events)).toHaveLength(1);
  });

  test.each([
    { name: 'all well', flagsOf: () => 0 },
    { name: 'two of them fail', flagsOf: (i: number) => (i === 3 || i === 9 ? Flag.failed : 0) },
    { name: 'a third of the first few fails', flagsOf: (i: number) => (i < 9 && i % 3 === 0 ? Flag.failed : 0) },
  ])('$name: quiet', ({ flagsOf }) => {
    expect(signals(playAmong(3, first(20, 0.5, flagsOf)))).toEqual([]);
  });
});

describe('a job that stops', () => {
  const ticks = (everyMinutes: number, fromMinute: number, toMinute: number, isDue = (_minute: number) => true) => {
    const out: Piece[] = [];
    for (let minute = fromMinute; minute < toMinute; minute += everyMinutes)
      if (isDue(minute)) out.push(callAt(minute + 0.2));
    return out;
  };

  test.each([
    { name: 'every quarter of an hour', every: 15, days: 3, ticksMissed: 6 },
    { name: 'every hour', every: 60, days: 3, ticksMissed: 3 },
    { name: 'every six hours', every: 360, days: 4, ticksMissed: 2 },
    { name: 'every day', every: DAY, days: 8, ticksMissed: 2 },
  ])('$name is missed', ({ every, days, ticksMissed }) => {
    const last = days * DAY - every + 7;
    const events = playAmong(days + 3, ticks(every, 7, days * DAY));
    const [alert] = loud(events);
    expect(alert!.signal).toBe('silence');
    expect(minutesAfter(alert!, last)).toBeLessThanOrEqual(ticksMissed * every);
    expect(minutesAfter(alert!, last)).toBeGreaterThan(every);
    expect(loud(events)).toHaveLength(1);
  });

  test('an hourly one that comes back: over with its second call, and the gap does not become its nature', () => {
    const stopped = [...ticks(60, 7, 3 * DAY), ...ticks(60, 3 * DAY + 607, 5 * DAY)];
    const events = playAmong(6, stopped);
    const [opened, resolved, again] = events.filter(({ severity }) => severity !== 'info');
    expect(opened).toMatchObject({ event: 'opened', signal: 'silence' });
    expect(resolved!.event).toBe('resolved');
    expect(minutesAfter(resolved!, 3 * DAY + 607)).toBeLessThanOrEqual(65);
    expect(again).toMatchObject({ event: 'opened', signal: 'silence' }); // it ends on day 5
    expect(minutesAfter(again!, 5 * DAY)).toBeLessThan(180);
    expect(opened!.text).toMatch(/no invocation, though \d+ were due/);
  });

  test.each([
    { name: 'of working days only', isDue: (minute: number) => Math.floor(minute / DAY) % 7 < 5, every: DAY },
    { name: 'of working hours', isDue: (minute: number) => minute % DAY >= 540 && minute % DAY < 1080, every: 60 },
    { name: 'of working hours of working days', every: 60,
      isDue: (minute: number) => Math.floor(minute / DAY) % 7 < 5 && minute % DAY >= 540 && minute % DAY < 1080 },
  ])('a job $name rests', ({ isDue, every }) => {
    expect(signals(playAmong(15, ticks(every, 5, 15 * DAY, isDue)))).toEqual([]);
  }); // biome-ignore format: a table

  test.each([1, 2, 3, 4])('calls at random, two or three a day, are no schedule (seed %i)', (seed) => {
    const random = seeded(seed);
    const pieces: Piece[] = [];
    for (let minute = 10; minute < 13 * DAY; minute += 1 - Math.log(1 - random()) * 500) pieces.push(callAt(minute));
    expect(signals(playAmong(13, pieces)).filter((signal) => signal === 'silence')).toEqual([]);
  });
});

describe('gaps', () => {
  const learnt = (gaps: readonly number[], silenced = false) => {
    const page = new Float32Array(PAGE);
    page[P.levelMinutes] = 10_000;
    for (const gap of gaps) learnGap(page, 0, gap, gap / 60, silenced);
    return page;
  };

  test('of a schedule have a mean and hardly a spread', () => {
    const { count, mean, variance } = gapMoments(learnt(Array(100).fill(59)), 0);
    expect(2 ** mean).toBeCloseTo(59, 3);
    expect(variance).toBeLessThan(1e-6);
    expect(count).toBeGreaterThan(30);
  });

  test('within a run are not those between runs', () => {
    const nightly = Array.from({ length: 20 }, () => [1, 2, 1, 3, 1, 1400]).flat();
    expect(2 ** gapMoments(learnt(nightly), 0).mean).toBeGreaterThan(1000);
  });

  test('that were an incident are not learnt, until they have been twice', () => {
    const page = learnt(Array(30).fill(59));
    learnGap(page, 0, 600, 10, true);
    expect(page[P.longestGap]).toBeLessThan(60);
    learnGap(page, 0, 610, 10, true);
    expect(page[P.longestGap]).toBe(610);
  });

  test('never give a variance below nothing or no number', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 100_000 }), { maxLength: 200 }),
        fc.boolean(),
        (gaps, silenced) => {
          const { count, mean, variance } = gapMoments(learnt(gaps, silenced), 0);
          expect(Number.isFinite(mean) && Number.isFinite(count)).toBe(true);
          expect(variance).toBeGreaterThanOrEqual(0);
        },
      ),
    );
  });
});

test('the score of a missed schedule follows from its evidence', () => {
  const pieces = Array.from({ length: 80 }, (_, i) => callAt(7 + i * 60));
  const [alert] = loud(playAmong(5, pieces));
  const { model, observed_exact, score_exact } = alert!.evidence;
  expect(model!.kind).toBe('regular-gap');
  expect(recompute(model!, observed_exact as number)!.score).toBe(score_exact);
});
