/**
 * Pooled priors, version 1: what functions are like before anything is known of this one. Plain data: never learnt from
 * live traffic, never changed. Another set is another file with another version, and state made with this one is refused
 * by it. Every value counts for a bounded number of calls, blocks or minutes, so that own history soon outweighs it.
 *
 * `npm run fit:priors` prints each beside what simulated fleets show (docs/detection.md, "Pooled priors").
 */
export const PRIORS_V1 = freeze({
  version: 'v1',
  /** Share of bad calls, and the calls it counts as: half a bad call to one, three cold starts. */
  shares: {
    errors: { share: 0.005, calls: 100 },
    timeouts: { share: 0.0005, calls: 1000 },
    nearTimeouts: { share: 0.002, calls: 250 },
    oom: { share: 0.0003, calls: 1500 },
    coldStarts: { share: 0.05, calls: 60 },
    access: { share: 0.01, calls: 80 },
    slow: { share: 0.01, calls: 100 },
  },
  /** A share of bad calls of any kind, where learning and the end of an incident need a rough one. */
  anyShare: { share: 0.005, calls: 100 },
  /** Over-dispersion of bad calls between quarters of an hour, and the quarters (squared means) it counts as. */
  shareDispersion: { phi: 0.1, weight: 2 },
  /** Variance of log2 of one call, and between blocks of 15 minutes. */
  logs: {
    duration: { variance: 0.6, between: 0.02 },
    egress: { variance: 1, between: 0.03 },
    // blocks are the sample; `between` is never learnt (see learn.ts), so it is a setting more than a prior
    memory: { variance: 0.02, between: 0.002 },
    // hours and versions are weeks apart: environments were renewed in between, and stray more than blocks of one day
    memoryAcrossDays: { variance: 0.02, between: 0.004 },
    // any of the three, where the end of an incident needs a rough one
    ending: { variance: 0.5, between: 0.02 },
  },
  /** Calls that a variance of a call counts as, blocks that one between blocks does. */
  logWeights: { variance: 8, between: 6 },
  /** Over-dispersion of calls in 1, 5, 15, 60, 240 minutes, its weight in squared means; calls of a Poisson past. */
  dispersion: { phi: [0.15, 0.12, 0.08, 0.06, 0.06], weight: 4, indexCalls: 50 },
  /** What the largest square that is learnt at once starts from (learn.ts). */
  dispersionCap: { phi: 0.125, weight: 4 },
  /** Relative variance of the dollars or bytes of a call, and the blocks it counts as. */
  amounts: { variation: 0.5, weight: 1 },
  /** Calls of an error type never seen: Jeffreys' half a call, and how such calls cluster. */
  newTypes: { calls: 0.5, phi: 2 },
  /** Gaps of a schedule: standard deviation of log2 (7 %), and the gaps it counts as. */
  gaps: { deviation: 0.1, weight: 12 },
  /** Level of calls: one fiftieth of a call in a minute. */
  level: { calls: 0.02, minutes: 1 },
  /** Minutes of the level that an hour of the day starts from, and of that hour for its weekday or weekend. */
  profile: { hourMinutes: 40, dayMinutes: 15 },
  /** Minutes of the level that the mean of the last two hours starts from; calls of "today is like the profile". */
  today: { fastMinutes: 10, driftCalls: 25 },
  /**
   * Own tails of scores: windows of a sound model, exceedances behind its mean excess, and tests a window makes of each
   * signal in the order of TAIL (horizons overlap, so five of them count as this many).
   */
  tails: { windows: 2000, exceedances: 60, tests: [2.5, 2, 3, 2.5, 2.5, 2.5, 2, 2.5, 2.5, 3, 2, 1] },
});

function freeze<const T extends object>(value: T): T {
  for (const part of Object.values(value)) if (typeof part === 'object' && part !== null) freeze(part);
  return Object.freeze(value);
}
