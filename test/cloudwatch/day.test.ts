import { expect, test } from '@jest/globals';
import { liveADay } from './day.ts';
import { NO_FAULTS } from './emulator.ts';
import type { DayPlan } from './ledger.ts';

const PLAN: DayPlan = {
  hours: 0.5,
  groups: 40,
  rate: 5,
  kills: 2,
  seed: 1,
  faults: { empty: 0.03, partial: 0.03, serverError: 0.01, reset: 0.005, twice: 0.001, tps: 3, tokenLifeMs: 10_000 },
  trafficOf: (index) => (index % 20 === 0 ? 1.5 : index % 10 === 0 ? 0.05 : 0.002),
};

test.each([1])(
  'half an hour of 40 groups that come and go: every event is taken once, or was deleted (seed %i)',
  (seed) => {
    const { written, taken, deleted, missing, twice, kills, throttled, recreated } = liveADay({ ...PLAN, seed });
    expect({ missing, twice, balance: written - taken - deleted }).toEqual({ missing: 0, twice: 0, balance: 0 });
    expect(written).toBeGreaterThan(3_000);
    expect(kills).toBe(2);
    expect(throttled).toBeGreaterThan(0);
    expect(recreated).toBeGreaterThan(0);
  },
);

const HOUR_MS = 3600_000;
const CALM: DayPlan = { ...PLAN, kills: 0, faults: NO_FAULTS, rate: 20, groups: 6 };
const usual = liveADay(CALM);

test.each([
  { clock: 'is set back by an hour, and put right later', wrongByMs: (m: number) => (m > 8 && m < 20 ? -HOUR_MS : 0) },
  { clock: 'goes ahead by an hour, and is set back', wrongByMs: (m: number) => (m > 8 && m < 20 ? HOUR_MS : 0) },
  { clock: 'is an hour ahead until it is set back', wrongByMs: (m: number) => (m < 12 ? HOUR_MS : 0) },
  { clock: 'is set back by an hour and stays wrong', wrongByMs: (m: number) => (m > 8 ? -HOUR_MS : 0) },
])('where the service tells its time, nothing is lost or waits when our clock $clock', ({ wrongByMs }) => {
  const { missing, twice, waitMs, requests } = liveADay({ ...CALM, wrongByMs, tellsTime: true });
  expect({ missing, twice }).toEqual({ missing: 0, twice: 0 });
  expect(waitMs[1]).toBeLessThan(2 * usual.waitMs[1]);
  expect(requests).toBeLessThan(1.1 * usual.requests);
});

test.each([
  { clock: 'set back by an hour, and put right later', wrongByMs: (m: number) => (m > 8 && m < 20 ? -HOUR_MS : 0) },
  { clock: 'put ahead by an hour, and set back', wrongByMs: (m: number) => (m > 8 && m < 20 ? HOUR_MS : 0) },
])('where it does not, nothing is lost by a clock that is $clock', ({ wrongByMs }) => {
  const { missing, requests } = liveADay({ ...CALM, wrongByMs });
  expect(missing).toBe(0);
  expect(requests).toBeLessThan(1.2 * usual.requests);
});
