import { describe, expect, test } from '@jest/globals';
import { loud, playBlocks } from '../test/pipeline.ts';
import { play } from '../test/play.ts';
import { poisson, START_MS } from '../test/stream.ts';
import { Graded, type MinuteOf } from '../test/view.ts';
import { createCalendar } from './calendar.ts';
import { P } from './page.ts';
import { recompute } from './recompute.ts';
import { crept, excessOf, slowFinding } from './signals/slow.ts';
import { referenceOf, renewReferences, S, takeHour } from './slow.ts';
import { QUANTITIES } from './slow-quantities.ts';

const DAY = 1440;
const calendar = createCalendar('UTC');

/** Days of a function, the slow clock with it; returns the day on which something was first told, or null. */
function told(graded: Graded, days: number, of: (day: number) => MinuteOf & { mean?: number }): number | null {
  let first: number | null = null;
  for (let i = 0; i < days * DAY; i++) {
    const what = of(i / DAY);
    graded.grade({ ...what, calls: poisson(graded.random, what.mean ?? what.calls) });
    if (graded.minute % 60 !== 0) continue;
    const at = calendar(graded.minute - 53);
    const time = { minute: graded.minute, now: at, block5: at, block15: at, sourceStart: 0 };
    if (takeHour(graded.page, 0, time) && first === null && crept(graded.view) >= 0) first = i / DAY;
  }
  return first;
}

/** A ramp from day 10 on: so many per cent a day, in octaves. */
const ramp = (day: number, percent: number) => Math.max(0, day - 10) * Math.log2(1 + percent / 100);
const usual: MinuteOf = { calls: 1, logUs: 17, logKib: 18.2, bytesPerCall: 4096 };

describe('what grows by a little every day is told, though the baseline follows it', () => {
  test.each([
    { name: 'duration, 4 % a day', signal: 'duration', of: (day: number) => ({ ...usual, logUs: 17 + ramp(day, 4) }) },
    { name: 'bytes a call, 5 % a day', signal: 'egress', of: (day: number) => ({ ...usual, bytesPerCall: 4096 * 2 ** ramp(day, 5) }) },
    { name: 'memory, 2 % a day', signal: 'memory', of: (day: number) => ({ ...usual, logKib: 18.2 + Math.min(0.75, ramp(day, 2)) }) },
    { name: 'traffic, 6 % a day', signal: 'invocations', of: (day: number) => ({ ...usual, mean: 1 * 2 ** ramp(day, 6) }) },
  ])('$name', ({ signal, of }) => {
    const graded = new Graded();
    const day = told(graded, 34, of);
    expect(day).not.toBeNull();
    expect(day!).toBeGreaterThan(12);
    const index = QUANTITIES.findIndex((quantity) => quantity.signal === signal);
    expect(excessOf(graded.view, index)).toBeGreaterThan(1);
    const finding = slowFinding(graded.view, index);
    expect(finding.signal).toBe(signal);
    expect(finding.score).toBeGreaterThan(6);
    expect(recompute(finding.model, finding.observed)!.score).toBe(finding.score);
    if (signal === 'memory') expect(finding.drivers.join()).toMatch(/out of memory, in some [\d.]+ days/);
  }); // biome-ignore format: a table

  test('errors, from 1 % to 6 % in three weeks', () => {
    const graded = new Graded();
    const share = (day: number) => 0.01 * 2 ** Math.min(2.6, ramp(day, 9));
    const day = told(graded, 34, (at) => ({ calls: 2, mean: 2, err: graded.random() < 2 * share(at) ? 1 : 0 }));
    expect(day).not.toBeNull();
  });
});

describe('what is usual is not', () => {
  test.each([
    { name: 'nothing happens', of: () => usual },
    { name: 'days and nights, weekdays and weekends', of: (day: number) => ({
      ...usual, mean: (1 + 0.8 * Math.sin(2 * Math.PI * day)) * (day % 7 >= 5 ? 0.4 : 1), logUs: 17 + 0.2 * Math.sin(2 * Math.PI * day) }) },
    { name: 'two deploys that each cost a fifth', of: (day: number) => ({ ...usual, logUs: 17 + (day > 11 ? 0.26 : 0) + (day > 16 ? 0.26 : 0) }) },
    { name: 'half a day at twice the duration', of: (day: number) => ({ ...usual, logUs: 17 + (day > 15 && day < 15.5 ? 1 : 0) }) },
    { name: 'a level that wanders', of: (day: number) => ({ ...usual, mean: 2 ** (0.5 * Math.sin(day / 2)) }) },
  ])('$name', ({ of }) => {
    expect(told(new Graded(), 24, of)).toBeNull();
  }); // biome-ignore format: a table
});

test('nothing is told in the first week, and no hour under an incident counts', () => {
  const graded = new Graded();
  told(graded, 6, () => usual);
  expect(referenceOf(graded.page, 0, 0)).toBeNull();
  told(graded, 3, () => usual);
  const before = graded.page.slice(P.slow, P.slow + S.open);
  expect(referenceOf(graded.page, 0, 0)).toBeCloseTo(17, 1);
  for (let i = 0; i < 600; i++) {
    graded.grade({ ...usual, calls: 40, logUs: 21 }, true);
    if (graded.minute % 60 !== 0 || i < 120) continue;
    const at = calendar(graded.minute - 53);
    expect(takeHour(graded.page, 0, { minute: graded.minute, now: at, block5: at, block15: at, sourceStart: 0 })).toBe(false);
  } // biome-ignore format: short
  expect(graded.page.slice(P.slow, P.slow + S.open)).toEqual(before);
});

test('what is accepted is the measure from then on', () => {
  const graded = new Graded();
  told(graded, 26, (day) => ({ ...usual, logUs: 17 + ramp(day, 6) }));
  expect(crept(graded.view)).toBeGreaterThanOrEqual(0);
  renewReferences(graded.page, 0);
  expect(crept(graded.view)).toBe(-1);
  expect(excessOf(graded.view, 0)).toBeLessThan(0.1);
});

test('end to end: one warning, since when, against which weeks; over when it is back', () => {
  const slower = (minute: number) => {
    const day = minute / DAY;
    if (day > 26) return 1;
    return 1.05 ** Math.max(0, day - 10);
  };
  const blocks = play({
    minutes: 34 * DAY,
    perMinute: () => 0.4,
    call: (minute, random) => ({ durationUs: Math.round(100_000 * slower(minute) * 2 ** (random() + random() - 1)) }),
    ticks: (minute) => minute % 5 === 4,
  });
  const { events } = playBlocks(blocks, { records: false });
  const alerts = loud(events);
  expect(alerts).toHaveLength(1);
  const [alert] = alerts;
  expect(alert).toMatchObject({ signal: 'duration', severity: 'warning' });
  expect(alert!.text).toMatch(/^checkout: duration has grown slowly to \d+ ms, from \d+ ms in the weeks before \(×1\.[5-8]\d\), since /);
  expect(alert!.why.join('\n')).toMatch(/half-life of four weeks/);
  const end = events.find(({ event, alert_id }) => event === 'resolved' && alert_id === alert!.alert_id);
  expect((Date.parse(end!.at) - START_MS) / 86_400_000).toBeGreaterThan(26);
  expect((Date.parse(end!.at) - START_MS) / 86_400_000).toBeLessThan(31);
}); // biome-ignore format: long lines of text
