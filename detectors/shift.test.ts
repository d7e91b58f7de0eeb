import { describe, expect, test } from '@jest/globals';
import type { AlertEvent } from '../alerts/event.ts';
import { Flag } from '../ingest/fragment.ts';
import { playBlocks } from '../test/pipeline.ts';
import { type Plan, play } from '../test/play.ts';
import { START_MS } from '../test/stream.ts';

const DAY = 1440;
const SHIFT = 8.4 * DAY;
const day = (iso: string) => (Date.parse(iso) - START_MS) / 86_400_000;

/** What is said of one function, `event signal@day` of those above info, and the texts of the others. */
function told(plan: Omit<Plan, 'minutes'>, days: number): { loud: string[]; events: readonly AlertEvent[] } {
  const blocks = play({ ...plan, minutes: days * DAY, ticks: (minute) => minute % 2 === 1 });
  const { events } = playBlocks(blocks, { records: false });
  const loud = events
    .filter(({ severity }) => severity !== 'info')
    .map(({ event, signal, at }) => `${event} ${signal}@${day(at).toFixed(1)}`);
  return { loud, events };
}

const between = (minute: number, from: number, to: number) => minute >= from && minute < to;

describe('a level that stays is accepted once, and the old one is kept for a week', () => {
  const traffic = (until: number, again = Number.POSITIVE_INFINITY): Omit<Plan, 'minutes'> => ({
    perMinute: (minute) => 2 * (between(minute, SHIFT, until) || minute >= again ? 4 : 1),
  });

  test('traffic: said, accepted after a day with the multiple, and quiet', () => {
    const { loud, events } = told(traffic(Number.POSITIVE_INFINITY), 11);
    expect(loud[0]).toBe('opened invocations@8.4');
    expect(loud.at(-1)).toBe('resolved invocations@9.4');
    expect(loud.filter((text) => text.startsWith('opened'))).toHaveLength(1);
    expect(events.at(-1)!.text).toMatch(/invocations at a new level since .* \(shifted: .*; the old one is kept for a week .*×(3\.\d|4\.\d|4) calls\)/);
  });

  test('traffic that returns: no incident in reverse, one line, and the old model at once', () => {
    const { loud, events } = told(traffic(SHIFT + 2.5 * DAY, SHIFT + 3 * DAY), 12);
    const back = events.filter(({ text }) => text.includes('back at the level'));
    expect(back.map(({ event, severity }) => `${event} ${severity}`)).toEqual(['opened info', 'resolved info']);
    expect(day(back[0]!.at) - (8.4 + 2.5)).toBeLessThan(1.6 / 24);
    // half a day later it rises again: that is news, by the old level
    const opened = loud.filter((text) => text.startsWith('opened'));
    expect(opened).toEqual(['opened invocations@8.4', 'opened invocations@11.4']);
    const again = events.filter(({ event, signal }) => event === 'opened' && signal === 'invocations').at(-1)!;
    expect(again.expected!.mid / (again.window_ms / 60_000)).toBeLessThan(3);
  });

  test('a drop of traffic is accepted too, and its return is no surge', () => {
    const surge = SHIFT + 3.5 * DAY;
    const plan = {
      perMinute: (minute: number) =>
        between(minute, SHIFT, SHIFT + 2.5 * DAY) ? 1 : between(minute, surge, surge + 90) ? 15 : 6,
    };
    const { loud, events } = told(plan, 12);
    // and the records of before stand as they were: a surge a day later is seen
    const opened = loud.filter((text) => text.startsWith('opened'));
    expect(opened).toEqual(['opened invocations@8.4', 'opened invocations@11.9']);
    expect(events.find(({ text }) => text.includes('back at the level'))?.severity).toBe('info');
  });

  test('a schedule that never calls in the minute that is looked at has its old level back too', () => {
    const slow = (minute: number) => (between(minute, SHIFT, SHIFT + 1.6 * DAY) ? 4 : 1);
    const plan: Omit<Plan, 'minutes'> = {
      perMinute: (minute) => (minute % 5 === 0 ? 4 : 0),
      call: (minute, random) => ({ durationUs: Math.round(100_000 * slow(minute) * 2 ** (random() + random() - 1)) }),
    };
    const { events } = told(plan, 11);
    expect(events.some(({ text }) => /back at the level of before the shift \(duration/.test(text))).toBe(true);
  });

  test('duration that returns: what is slow by the old level is slow again', () => {
    const again = SHIFT + 2.6 * DAY;
    const slow = (minute: number) =>
      between(minute, SHIFT, SHIFT + 2.2 * DAY) ? 3 : between(minute, again, again + 60) ? 2.2 : 1;
    const plan: Omit<Plan, 'minutes'> = {
      perMinute: () => 2,
      call: (minute, random) => ({ durationUs: Math.round(100_000 * slow(minute) * 2 ** (random() + random() - 1)) }),
    };
    const { loud, events } = told(plan, 12);
    const opened = loud.filter((text) => /^opened duration/.test(text));
    expect(opened).toEqual(['opened duration@8.4', 'opened duration@11.0']);
    expect(events.some(({ text }) => /back at the level of before the shift \(duration/.test(text))).toBe(true);
  });

  test('failures that return to few', () => {
    const plan: Omit<Plan, 'minutes'> = {
      perMinute: () => 2,
      call: (minute, random) =>
        random() < (between(minute, SHIFT, SHIFT + 2.2 * DAY) ? 0.4 : 0.01)
          ? { flags: Flag.failed | Flag.statusKnown, errorType: 'Boom' }
          : {},
    };
    const { loud, events } = told(plan, 12);
    expect(loud.filter((text) => /^opened errors/.test(text))).toEqual(['opened errors@8.4']);
    expect(events.some(({ text }) => /back at the level of before the shift \(errors/.test(text))).toBe(true);
  });

  test('after a week the new level is all there is: a fall to the old one is a drop', () => {
    const { loud } = told(traffic(SHIFT + 9.5 * DAY), 19);
    expect(loud.filter((text) => text.startsWith('opened'))).toEqual([
      'opened invocations@8.4',
      expect.stringMatching(/^opened invocations@17\.9|^opened invocations@18/),
    ]);
  });
}); // biome-ignore format: long patterns
