import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type CalendarMinute, createCalendar } from './calendar.ts';
import { EPOCH_MINUTE } from './page.ts';

const minuteOf = (iso: string): number => Date.parse(iso) / 60_000 - EPOCH_MINUTE;
const at = (zone: string, iso: string): CalendarMinute => ({ ...createCalendar(zone)(minuteOf(iso)) });

describe('the hour and the kind of day on the wall', () => {
  test.each([
    { name: 'UTC, a Monday', zone: 'UTC', iso: '2026-01-05T13:30Z', hour: 13, weekend: 0 },
    { name: 'UTC, last minute of a Friday', zone: 'UTC', iso: '2026-01-09T23:59Z', hour: 23, weekend: 0 },
    { name: 'UTC, first minute of a Saturday', zone: 'UTC', iso: '2026-01-10T00:00Z', hour: 0, weekend: 1 },
    { name: 'UTC, last minute of a Sunday', zone: 'UTC', iso: '2026-01-11T23:59Z', hour: 23, weekend: 1 },
    { name: 'before 2020', zone: 'UTC', iso: '2018-06-03T05:00Z', hour: 5, weekend: 1 },
    { name: 'before 1970', zone: 'UTC', iso: '1969-12-31T23:00Z', hour: 23, weekend: 0 },
    { name: 'Berlin in winter', zone: 'Europe/Berlin', iso: '2026-01-05T13:30Z', hour: 14, weekend: 0 },
    { name: 'Berlin in summer', zone: 'Europe/Berlin', iso: '2026-07-06T13:30Z', hour: 15, weekend: 0 },
    { name: 'Berlin, a Saturday that is still Friday in UTC', zone: 'Europe/Berlin', iso: '2026-01-09T23:30Z', hour: 0, weekend: 1 },
    { name: 'Auckland, half a day ahead', zone: 'Pacific/Auckland', iso: '2026-01-09T12:00Z', hour: 1, weekend: 1 },
    { name: 'Los Angeles, a Sunday that is Monday in UTC', zone: 'America/Los_Angeles', iso: '2026-01-12T07:59Z', hour: 23, weekend: 1 },
    { name: 'Kathmandu, three quarters of an hour', zone: 'Asia/Kathmandu', iso: '2026-01-05T13:14Z', hour: 18, weekend: 0 },
    { name: 'Kathmandu, a minute later', zone: 'Asia/Kathmandu', iso: '2026-01-05T13:15Z', hour: 19, weekend: 0 },
  ])('$name', ({ zone, iso, hour, weekend }) => {
    expect(at(zone, iso)).toMatchObject({ hour, weekend });
  }); // biome-ignore format: a table
});

describe('daylight saving moves the profile with the clock on the wall', () => {
  test.each([
    { name: 'the last minute of winter', iso: '2026-03-29T00:59Z', hour: 1 },
    { name: 'spring forward skips an hour', iso: '2026-03-29T01:00Z', hour: 3 },
    { name: 'the last minute of summer', iso: '2026-10-25T00:59Z', hour: 2 },
    { name: 'autumn has the hour twice', iso: '2026-10-25T01:00Z', hour: 2 },
    { name: 'and goes on', iso: '2026-10-25T02:00Z', hour: 3 },
  ])('$name', ({ iso, hour }) => {
    expect(at('Europe/Berlin', iso).hour).toBe(hour);
  });

  test.each([
    { name: 'Adelaide, a half-hour zone, springs forward', zone: 'Australia/Adelaide', iso: '2026-10-03T16:29Z', hour: 1 },
    { name: 'Adelaide skips an hour', zone: 'Australia/Adelaide', iso: '2026-10-03T16:30Z', hour: 3 },
    { name: 'Adelaide, the last minute of summer', zone: 'Australia/Adelaide', iso: '2026-04-04T16:29Z', hour: 2 },
    { name: 'Adelaide has the hour twice', zone: 'Australia/Adelaide', iso: '2026-04-04T16:30Z', hour: 2 },
    { name: 'Lord Howe, which moves by half an hour, in summer', zone: 'Australia/Lord_Howe', iso: '2026-04-04T14:59Z', hour: 1 },
    { name: 'Lord Howe has half an hour twice', zone: 'Australia/Lord_Howe', iso: '2026-04-04T15:00Z', hour: 1 },
    { name: 'Lord Howe skips half an hour', zone: 'Australia/Lord_Howe', iso: '2026-10-03T15:30Z', hour: 2 },
    { name: "St John's, half an hour and daylight saving", zone: 'America/St_Johns', iso: '2026-03-08T05:30Z', hour: 3 },
    { name: 'New York springs forward', zone: 'America/New_York', iso: '2026-03-08T07:00Z', hour: 3 },
    { name: 'New York falls back', zone: 'America/New_York', iso: '2026-11-01T06:00Z', hour: 1 },
  ])('$name', ({ zone, iso, hour }) => {
    expect(at(zone, iso).hour).toBe(hour);
  }); // biome-ignore format: a table

  test('a day of a switch has 23 or 25 hours, and each of its minutes one place', () => {
    for (const [iso, hours] of [['2026-03-28T23:00Z', 23], ['2026-10-24T22:00Z', 25]] as const) {
      const calendar = createCalendar('Europe/Berlin', ['2026-03-29', '2026-10-25']);
      const day = Array.from({ length: hours * 60 }, (_, i) => ({ ...calendar(minuteOf(iso) + i) }));
      expect(new Set(day.map(({ weekend }) => weekend))).toEqual(new Set([1]));
      expect([day[0]!.hour, day.at(-1)!.hour]).toEqual([0, 23]);
      for (let i = 1; i < day.length; i++) expect([0, 1, 2]).toContain(Math.abs(day[i]!.hour - day[i - 1]!.hour));
    }
  }); // biome-ignore format: two days

  test('whatever order minutes are asked in, each has one answer', () => {
    const minutes = Array.from({ length: 40 }, (_, i) => minuteOf('2026-03-28T23:00Z') + i * 7);
    const calendar = createCalendar('Europe/Berlin');
    const forward = minutes.map((minute) => ({ ...calendar(minute) }));
    const backward = minutes.toReversed().map((minute) => ({ ...calendar(minute) }));
    expect(backward.toReversed()).toEqual(forward);
  });
});

describe('interpolation between the centres of hours', () => {
  test.each([
    { iso: '2026-01-05T13:30Z', otherHour: 14, weight: 0.5 / 60 },
    { iso: '2026-01-05T13:29Z', otherHour: 12, weight: 0.5 / 60 },
    { iso: '2026-01-05T13:00Z', otherHour: 12, weight: 29.5 / 60 },
    { iso: '2026-01-05T13:59Z', otherHour: 14, weight: 29.5 / 60 },
    { iso: '2026-01-05T00:00Z', otherHour: 23, weight: 29.5 / 60 },
  ])('at $iso', ({ iso, otherHour, weight }) => {
    const found = at('UTC', iso);
    expect(found.otherHour).toBe(otherHour);
    expect(found.otherWeight).toBeCloseTo(weight, 12);
  });

  test('the neighbour of a Saturday midnight is a weekday', () => {
    expect(at('UTC', '2026-01-10T00:05Z')).toMatchObject({ weekend: 1, otherWeekend: 0, otherHour: 23 });
  });

  test('is always a neighbour, with less than half the weight', () => {
    const zones = fc.constantFrom('UTC', 'Europe/Berlin', 'Asia/Kolkata', 'America/St_Johns');
    fc.assert(
      fc.property(zones, fc.integer({ min: -20_000_000, max: 20_000_000 }), (zone, minute) => {
        const { hour, otherHour, otherWeight } = createCalendar(zone)(minute);
        expect([1, 23]).toContain((otherHour - hour + 24) % 24);
        expect(otherWeight).toBeGreaterThanOrEqual(0);
        expect(otherWeight).toBeLessThan(0.5);
      }),
      { numRuns: 60 }, // a calendar of a zone is dear to make
    );
  });
});

describe('holidays', () => {
  const calendar = createCalendar('America/New_York', ['2026-12-25', '2027-01-01']);
  test.each([
    { name: 'begin at midnight on the wall', iso: '2026-12-25T05:00Z', weekend: 1 },
    { name: 'and not before', iso: '2026-12-25T04:59Z', weekend: 0 },
    { name: 'end with their day', iso: '2026-12-26T04:59Z', weekend: 1 },
    { name: 'of one year are none of the next', iso: '2027-12-24T12:00Z', weekend: 0 },
    { name: 'span the turn of the year', iso: '2027-01-01T12:00Z', weekend: 1 },
  ])('$name', ({ iso, weekend }) => {
    expect(calendar(minuteOf(iso)).weekend).toBe(weekend);
  });
});

test('an unknown zone is refused', () => {
  expect(() => createCalendar('Mars/Olympus')(0)).toThrow(RangeError);
});
