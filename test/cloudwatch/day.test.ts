import { expect, test } from '@jest/globals';
import { liveADay } from './day.ts';
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
