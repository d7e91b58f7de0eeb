import { type Fleet, type FleetOptions, generateFleet } from './fleet.ts';
import type { Wish } from './plan.ts';

/** What the demo shows, one incident of each, and a hole in everyone's telemetry besides. */
const SHOWN: readonly Wish[] = [
  { kind: 'egress-burst', grade: 'gross' },
  { kind: 'flood-constant', grade: 'gross' },
  { kind: 'errors-burst', grade: 'gross' },
  { kind: 'timeouts', grade: 'gross' },
  { kind: 'silence', grade: 'gross' },
  { kind: 'new-function-burst', grade: 'gross' },
  { kind: 'secret-in-log', grade: 'gross' },
];

/** A small shop of 12 functions over three and a half days, its incidents in the last day and a half: about 200,000 calls. */
export function demoFleet(seed: number, observe?: FleetOptions['observe']): Fleet {
  return generateFleet({
    seed,
    functions: 12,
    days: 3.5,
    warmupDays: 2,
    invocations: 180_000,
    startMs: Date.UTC(2026, 10, 16), // a Monday, so that the demo needs no weekend
    incidents: SHOWN.length,
    wishes: SHOWN,
    holes: 1,
    ...(observe === undefined ? {} : { observe }),
  });
}
