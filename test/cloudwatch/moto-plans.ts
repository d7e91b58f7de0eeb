import type { ProxyFaults } from './fault-plan.ts';
import type { MotoPlan } from './moto-run.ts';

type Plan = Omit<MotoPlan, 'motoUrl' | 'dir' | 'program' | 'say'>;

const FAULTS: ProxyFaults = {
  throttled: 0.01,
  serverError: 0.02,
  resetBefore: 0.02,
  resetWithin: 0.02,
  slow: 0.02,
  slowMs: [1_000, 18_000], // some take longer than a request may
  empty: 0.05,
  short: 0.05,
  twice: 0.01,
  twiceOverPages: 0.3,
  shuffled: 0.2,
  late: 0.03,
  lateMs: 60_000,
  skewMs: 600_000,
  skewEveryMs: 20_000,
};

/** As an account is polled by default, but that groups come and go faster than in most. */
export const FIVE_MINUTES: Plan = {
  seconds: 300,
  groups: 10,
  rate: 40,
  kills: 3,
  downMs: 10_000,
  goEveryMs: 15_000,
  hasStore: true,
  faults: FAULTS,
  poll: { refreshMs: 5_000 },
  seed: 1,
};

/** The same at a pace at which all of it happens within half a minute. */
export const HALF_A_MINUTE: Plan = {
  ...FIVE_MINUTES,
  seconds: 20,
  groups: 5,
  kills: 1,
  downMs: 1_000,
  goEveryMs: 2_500,
  hasStore: false,
  faults: {
    ...FAULTS,
    throttled: 0.03,
    serverError: 0.04,
    resetBefore: 0.04,
    resetWithin: 0.04,
    slowMs: [200, 2_000],
    empty: 0.1,
    short: 0.15,
    lateMs: 5_000,
    skewEveryMs: 3_000,
  },
  poll: { refreshMs: 1_000, fastestMs: 250, slowestMs: 2_000, requestsPerSecond: 60, share: 1 },
};
