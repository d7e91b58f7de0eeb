/**
 * The layout of one function's page: everything the shard remembers of a function, in one contiguous run of Float32
 * (about 3.5 KB), because functions come in random order and a page is then one or two cache misses. Words that are no
 * numbers (hashes) live in a Uint32Array view of the same bytes. Times are minutes since 2020-01-01 UTC, exact in
 * Float32 until 2051 and from 1988.
 */
export const EPOCH_MINUTE = 26_297_280; // 2020-01-01T00:00Z in minutes since 1970

/** Quantities of one window of a function, as the ring keeps them: offsets within a ring cell. */
export const Q = {
  n: 0, // invocations (reports, weighted)
  mu: 1, // expected invocations when the minutes were graded
  err: 2, // failed invocations
  tmo: 3, // timeouts
  oom: 4,
  cold: 5,
  acc: 6, // denied requests
  tail: 7, // warm calls slower than mean + 3 sigma of log duration
  dn: 8, // warm calls with a duration
  ds: 9, // sum of their log2 µs
  dss: 10, // sum of squares of the same
  cost: 11, // micro-dollars (float: the exact integer sum goes to storage)
  en: 12, // calls with a byte count
  es: 13, // sum of log2(1 + bytes)
  ess: 14,
  bytes: 15,
  mn: 16, // calls with a memory figure
  ms: 17, // sum of log2 KiB used
  near: 18, // calls that came near the known time limit
} as const;
export const CELL = 19;

/** Counts among calls that are bad news, each modelled alike; the order of `bad` statistics in the page and of BAD_OF. */
export const BAD = { err: 0, tmo: 1, oom: 2, cold: 3, acc: 4, tail: 5, near: 6 } as const;
export const BAD_OF: readonly number[] = [Q.err, Q.tmo, Q.oom, Q.cold, Q.acc, Q.tail, Q.near];
export const BADS = 7;

/** Extra sums of a block that learning needs: offsets within an extras cell. */
export const X = { q1: 0, m1: 1, q5: 2, m5: 3, max1: 4, max5: 5, minutes: 6, taint: 7, gap: 8, start: 9 } as const;
export const EXTRA = 10;

/** Error types remembered of a function. */
export const TYPES_KEPT = 12;

let at = 0;
const take = (floats: number): number => {
  const from = at;
  at += floats;
  return from;
};

export const P = {
  // what every report touches: one cache line
  version: take(1), // dictionary word of the newest version (u32)
  memoryKib: take(1),
  fields: take(1), // bitmap of fields seen (u32)
  slowBar: take(1), // log2 µs beyond which a warm call is slow; infinite while too little is known
  timeoutUs: take(1), // known limit, µs, 0 = unknown
  firstSeen: take(1), // minute
  lastSeen: take(1), // minute of the newest graded window with a call
  levelSum: take(1),
  levelMinutes: take(1),
  // life
  since: take(1), // minute of the first call since first seen or last reset
  age: take(1), // graded minutes since first seen or last reset
  total: take(1), // invocations since first seen, saturating at 2^24
  gap: take(1), // graded minutes without a call, now
  gapExpected: take(1), // calls that were due in that gap
  longestGap: take(1), // decayed maximum of finished gaps, minutes
  longestDue: take(1), // the same in calls that were due: nights are long, but little is due in them
  gapCandidate: take(1), // a gap that was an incident: the second of its kind is the function's nature
  recurring: take(2), // hours of the day in which traffic and silence incidents have begun of late (bitmaps of 24 bits)
  unrest: take(2), // decayed count of them
  versionSince: take(1), // minute
  memorySince: take(1),
  // ring of windows: 5 × 1 min, 3 × 5 min, 4 × 15 min, 4 × 60 min
  t0: take(5 * CELL),
  t1: take(3 * CELL),
  t2: take(4 * CELL),
  t3: take(4 * CELL),
  x1: take(3 * EXTRA),
  x2: take(4 * EXTRA),
  x3: take(4 * 3), // minutes, taint, start
  // rate
  profileSum: take(48), // calls by weekday/weekend × hour of day, decayed
  profileMinutes: take(48),
  driftSum: take(1), // observed and expected of the last hours: how today differs from the profile
  driftExpected: take(1),
  fastSum: take(1), // mean of the last two hours, the rival of the profile
  fastMinutes: take(1),
  lossProfile: take(1),
  lossFast: take(1),
  spare: take(1),
  disp: take(5 * 2), // over-dispersion a horizon (1, 5, 15, 60, 240): excess squares, squared means
  guard1: take(24), // largest 1-minute count seen in this hour of the day, decayed
  guard5: take(24),
  guard15: take(24),
  floor15: take(24), // smallest 15-minute count, decayed upwards
  blocks: take(1), // 15-minute blocks learnt (5-minute ones count a third)
  // duration, egress, memory: decayed n, sum, sum of squares of log2; between-block variance: sum, weight
  dur: take(5),
  durHour: take(24), // offset of the hour from the mean, log2, shrunken
  egr: take(5),
  mem: take(5),
  // bad counts: decayed k, n (calls), excess squares, squared means
  bad: take(BADS * 4),
  // cost per call µ$: decayed sum, calls, squared relative deviation, weight
  cost: take(5), // … and the largest quarter of an hour
  // bytes a call: as cost, then the largest minute
  bytes: take(5),
  types: take(TYPES_KEPT), // error types known (u32 hashes)
  typeCount: take(1),
  content: take(4), // minute of the last content alert, by kind class
  // incidents: FAMILIES × INCIDENT
  incident: take(6 * 12),
  streak: take(8), // bits of recent anomalous windows, by family
  newType: take(3), // calls with a type not known before: count, first minute, hash (u32)
  calib: take(12 * 3), // tail of each signal's own past scores: see calibrate.ts
  slow: take(12), // slow reference and drift sums: see slow.ts
  shift: take(2), // a level that was accepted: minute, factor of traffic; see shift.ts
  gaps: take(3), // finished gaps between calls: count, mean and variance of log2 minutes; see gaps.ts
  recurringBefore: take(2), // as `recurring`, of the fortnight before
  PAGE: 0,
};
(P as { PAGE: number }).PAGE = (at + 15) & ~15;
export const PAGE = P.PAGE;

/** What of the record this function's logs were seen to carry; bits of P.fields. Drives the blind-spot ledger. */
export const FIELD = {
  report: 1,
  duration: 2,
  memory: 4,
  status: 8, // the record says how it went
  failureLine: 16,
  egress: 32,
  cpu: 64,
  httpStatus: 128,
  version: 256,
  init: 512,
  cost: 1024,
  applicationLine: 2048,
  /** bytes from a custom metric: used only while Lambda Insights tells none */
  egressEmf: 4096,
} as const;

/** An incident of one family, open while `open` is not 0. */
export const I = {
  open: 0, // 1 + signal index
  onset: 1, // minute
  opened: 2, // minute it was announced
  lastBad: 3, // last minute with evidence
  horizon: 4,
  peak: 5, // highest score
  ratio: 6, // observed / expected at the last announcement
  signals: 7, // bitmap of signals (u32)
  quiet: 8, // minutes without evidence
  announced: 9, // minute of the last announcement; while closed, minute of the close
  announcedSignals: 10, // bitmap at the last announcement (u32)
  level: 11, // severity as announced
} as const;
export const INCIDENT = 12;
