import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Graded, MONDAY } from '../test/view.ts';
import { badShare, dispersion, expectedRate, guardMaximum, logMoments } from './baseline.ts';
import { createCalendar } from './calendar.ts';
import { BAD, P, PAGE } from './page.ts';

const DAY = 1440;
const calendar = createCalendar('UTC');
const rateAt = (graded: Graded, minute: number) => ({ ...expectedRate(graded.page, 0, calendar(minute)) });

describe('the rate', () => {
  test.each([
    { name: 'of a busy function', mean: 30, days: 1, within: 0.1 },
    { name: 'of a usual function', mean: 3, days: 2, within: 0.15 },
    { name: 'of a sparse function', mean: 0.05, days: 4, within: 0.5 },
  ])('$name is recovered', ({ mean, days, within }) => {
    const graded = new Graded().live(days * DAY, mean);
    for (let hour = 0; hour < 24; hour += 5) {
      const { perMinute, uncertainty, minutes } = rateAt(graded, graded.minute + hour * 60);
      expect(Math.abs(perMinute / mean - 1)).toBeLessThan(within);
      expect(uncertainty).toBeLessThan(1);
      expect(minutes).toBeGreaterThan(0.5 * days * DAY);
    }
  });

  test('follows the hours of the day', () => {
    const shape = (minute: number) => 6 + 5 * Math.sin((2 * Math.PI * minute) / DAY);
    const graded = new Graded().live(5 * DAY, shape);
    // what the next hours bring, not what the last ones brought
    const tomorrow = [0, 6, 12, 18].map((hour) => MONDAY + 5 * DAY + hour * 60 + 30);
    const profile = tomorrow.map((minute) => rateAt(graded, minute).perMinute);
    expect(profile[1]! / profile[3]!).toBeGreaterThan(3);
    for (const [i, minute] of tomorrow.entries()) {
      expect(Math.abs(profile[i]! - shape(minute - MONDAY))).toBeLessThan(2);
    }
  });

  test('tells weekends from weekdays', () => {
    const graded = new Graded().live(12 * DAY, (minute) => (Math.floor(minute / DAY) % 7 >= 5 ? 1 : 6));
    const noon = (day: number) => rateAt(graded, MONDAY + day * DAY + 720).perMinute;
    expect(noon(14) / noon(12)).toBeGreaterThan(2.5); // a Monday against a Saturday
  });

  test('is unknown before there is history, and not 0', () => {
    const fresh = expectedRate(new Float32Array(PAGE), 0, calendar(MONDAY));
    expect(fresh.perMinute).toBeNaN();
    expect(fresh.uncertainty).toBe(1);
  });

  test('is of use after half an hour', () => {
    const graded = new Graded().live(40, 6);
    expect(Math.abs(rateAt(graded, graded.minute).perMinute - 6)).toBeLessThan(2);
  });
});

describe('over-dispersion', () => {
  test('of Poisson calls is small, of bursts large, whatever the prior', () => {
    const steady = new Graded().live(3 * DAY, 8);
    const bursty = new Graded();
    for (let minute = 0; minute < 3 * DAY; minute++) bursty.grade({ calls: bursty.random() < 0.1 ? 80 : 0 });
    for (const horizon of [0, 1, 2]) {
      expect(dispersion(steady.page, 0, horizon)).toBeLessThan(0.05);
      expect(dispersion(bursty.page, 0, horizon)).toBeGreaterThan(5 * dispersion(steady.page, 0, horizon));
    }
  });

  test('without history is the prior, and never nothing', () => {
    for (const horizon of [0, 1, 2, 3, 4]) {
      expect(dispersion(new Float32Array(PAGE), 0, horizon)).toBeGreaterThan(0.01);
    }
  });

  test('one wild minute does not own it', () => {
    const graded = new Graded().live(DAY, 8);
    const before = dispersion(graded.page, 0, 0);
    graded.grade({ calls: 100_000 });
    graded.live(120, 8);
    expect(dispersion(graded.page, 0, 0)).toBeLessThan(before + 0.5);
  });
});

describe('what a call is like', () => {
  test('mean and spread of log durations are recovered', () => {
    const { page } = new Graded().live(DAY, 6, { logUs: 17 });
    const moments = logMoments(page, P.dur, 0.6, 0.02)!;
    expect(moments.mean).toBeCloseTo(17, 1);
    expect(moments.variance).toBeCloseTo(1 / 6, 1); // the noise of the test is triangular on ±1
    expect(moments.between).toBeLessThan(0.02);
  });

  test('without calls nothing is known of them', () => {
    expect(logMoments(new Graded().live(DAY, 6).page, P.dur, 0.6, 0.02)).toBeNull();
  });

  test('the share of bad calls leaves its prior as calls come in', () => {
    const graded = new Graded();
    expect(badShare(graded.page, P.bad, 0.005, 100).share).toBeCloseTo(0.005, 9);
    for (let minute = 0; minute < DAY; minute++) graded.grade({ calls: 10, err: minute % 2 });
    const { share, strength } = badShare(graded.page, P.bad + 4 * BAD.err, 0.005, 100);
    expect(share).toBeCloseTo(0.05, 2);
    expect(strength).toBeGreaterThan(100);
  });

  test('shrinks to the prior, and never beyond either', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.nat(1000), fc.double({ min: 1e-4, max: 0.5, noNaN: true }), (bad, good, prior) => {
        const page = new Float32Array(4);
        page[0] = bad;
        page[1] = bad + good;
        const own = bad + good === 0 ? prior : bad / (bad + good);
        const { share } = badShare(page, 0, prior, 100);
        expect(share).toBeGreaterThanOrEqual(Math.min(prior, own) - 1e-9);
        expect(share).toBeLessThanOrEqual(Math.max(prior, own) + 1e-9);
      }),
    );
  });
});

test('the largest count of an hour guards its neighbours too, and no other hour', () => {
  const graded = new Graded();
  for (let minute = 0; minute < 3 * DAY; minute++) graded.grade({ calls: minute % DAY === 600 ? 500 : 4 });
  const guard = (hour: number) => guardMaximum(graded.page, 0, P.guard1, hour);
  for (const hour of [9, 10, 11]) expect(guard(hour)).toBeGreaterThan(400);
  for (const hour of [3, 13, 22]) expect(guard(hour)).toBe(4);
});

test('nothing that is learnt is ever less than nothing, or no number', () => {
  const minute = fc.record({ calls: fc.nat(400), err: fc.nat(400), logUs: fc.integer({ min: 0, max: 30 }) });
  fc.assert(
    fc.property(fc.array(minute, { minLength: 100, maxLength: 400 }), (minutes) => {
      const graded = new Graded();
      for (const what of minutes) graded.grade(what);
      expect(graded.page.every((value) => !Number.isNaN(value))).toBe(true);
      expect(dispersion(graded.page, 0, 0)).toBeGreaterThan(0);
      expect(badShare(graded.page, P.bad, 0.005, 100).share).toBeGreaterThan(0);
      expect(logMoments(graded.page, P.dur, 0.6, 0.02)?.variance ?? 1).toBeGreaterThan(0);
    }),
    { numRuns: 30 },
  );
});
