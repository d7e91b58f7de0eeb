import { liveADay } from './day.ts';

/**
 * A day of an account of 300 log groups that come and go, by a clock of its own, with kills: `npm run test:cloudwatch-day`.
 * Prints the ledger; exits 1 where it does not balance to the event.
 */
const hours = Number(process.argv[2] ?? 24);
const startedMs = performance.now();
const ledger = liveADay({
  hours,
  groups: 300,
  rate: 4,
  kills: 20,
  seed: Number(process.argv[3] ?? 1),
  faults: { empty: 0.03, partial: 0.03, serverError: 0.01, reset: 0.005, twice: 0.001, tps: 3.5, tokenLifeMs: 10_000 },
  trafficOf: (index, hour) => {
    if (index % 100 === 0) return 0.5 + 0.4 * Math.sin((hour / 12) * Math.PI);
    if (index % 10 === 0) return 0.03;
    return index % 3 === 0 ? 0.002 : 0.0002;
  },
});
const { written, taken, deleted, missing, twice } = ledger;
const isBalanced = written === taken + deleted && missing === 0 && twice === 0;
process.stdout.write(`${JSON.stringify({ ...ledger, isBalanced, seconds: (performance.now() - startedMs) / 1000 })}\n`);
process.exitCode = isBalanced ? 0 : 1;
