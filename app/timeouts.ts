/** What the store knows of one function's durations: sums over all its minutes. */
export interface DurationTail {
  readonly calls: number;
  readonly timeouts: number;
  readonly days: number;
  /** histogram: bucket b holds durations of [2^(b/8), 2^((b+1)/8)) µs; ascending */
  readonly buckets: readonly number[];
  readonly counts: readonly number[];
  readonly maxUs: number;
  /** known time limit, µs; null = no call has hit one */
  readonly limitUs: number | null;
  /** dollars of all calls, and their billed time; 0 = unknown */
  readonly costUsd: number;
  readonly billedUs: number;
}

export interface TimeoutAdvice {
  readonly p50Us: number | null;
  readonly p99Us: number | null;
  readonly p999Us: number | null;
  /** upper 95 % bound of the 99.9th percentile; null with too few calls */
  readonly boundUs: number | null;
  readonly suggestedUs: number | null;
  /** why that, or why nothing is suggested */
  readonly reason: string;
  /** what one call costs that hangs until its limit: now, and with the suggested limit */
  readonly hangUsd: number | null;
  readonly hangUsdThen: number | null;
}

/** So many calls that ended by themselves make the largest of them an upper 95 % bound of the 99.9th percentile: ln 0.05 / ln 0.999. */
const LEAST_CALLS = 2995;
/** One-sided 95 % point of the normal distribution. */
const Z_95 = 1.645;
/** Room above the bound of the tail: a slow day must not become an outage. */
const ROOM = 2;
/** … and above the longest call that ended by itself. */
const ROOM_OVER_LONGEST = 1.1;
/** Lambda's own default, and the longest it allows, s. */
const LEAST_S = 3;
const MOST_S = 900;
/** Calls that were cut off lie in the bucket of the limit or above: this share of it and more. */
const CUT_OFF = 0.9;
/** A tail of which more than this share was cut off cannot be read off the calls that ended. */
const HIDDEN_SHARE = 0.001;

/**
 * A time limit from the tail of duration: twice the upper 95 % bound of the 99.9th percentile of calls that ended by
 * themselves (order statistics: the rank n q + 1.645 √(n q (1 − q)), Hahn & Meeker 1991), at least 1.1 times the longest of
 * them and 3 s, rounded up to a whole second, above 10 s to 5 s and above a minute to 30 s.
 */
export function adviseTimeout(tail: DurationTail): TimeoutAdvice {
  const counts = endedCounts(tail);
  const n = counts.reduce((sum, count) => sum + count, 0);
  const at = (rank: number): number | null => valueAt(tail.buckets, counts, rank);
  const bound = n < LEAST_CALLS ? null : at(Math.min(n, n * 0.999 + Z_95 * Math.sqrt(n * 0.999 * 0.001) + 0.5));
  const longest = at(n);
  const usdPerUs = tail.billedUs > 0 && tail.costUsd > 0 ? tail.costUsd / tail.billedUs : null;
  const { suggestedUs, reason } = suggest(tail, n, bound, longest);
  const hang = (us: number | null): number | null => (us === null || usdPerUs === null ? null : us * usdPerUs);
  return {
    p50Us: at(0.5 * n),
    p99Us: at(0.99 * n),
    p999Us: at(0.999 * n),
    boundUs: bound,
    suggestedUs,
    reason,
    hangUsd: hang(tail.limitUs),
    hangUsdThen: hang(suggestedUs),
  };
}

function suggest(
  { limitUs, timeouts, calls, maxUs }: DurationTail,
  n: number,
  bound: number | null,
  longest: number | null,
): { suggestedUs: number | null; reason: string } {
  const none = (reason: string) => ({ suggestedUs: null, reason });
  if (bound === null || longest === null)
    return none(`too few calls: ${n.toLocaleString('en-US')} of ${LEAST_CALLS.toLocaleString('en-US')} that ended`);
  if (timeouts > HIDDEN_SHARE * calls) return none('the tail is cut off by the limit: find out why calls hang first');
  const seconds = roundUp(
    Math.max(LEAST_S, (ROOM * bound) / 1e6, (ROOM_OVER_LONGEST * Math.min(longest, maxUs)) / 1e6),
  );
  const suggestedUs = Math.min(MOST_S, seconds) * 1e6;
  if (limitUs !== null && suggestedUs >= limitUs) return none('the limit is as tight as the tail allows');
  const why = `2 × ${(bound / 1e6).toPrecision(3)} s, the bound of p99.9`;
  return { suggestedUs, reason: limitUs === null ? `${why}; limit unknown: no call has hit it` : why };
}

function roundUp(seconds: number): number {
  const step = seconds <= 10 ? 1 : seconds <= 60 ? 5 : 30;
  return Math.ceil(seconds / step) * step;
}

/** Counts without the calls that were cut off, which lie at the limit. */
function endedCounts({ buckets, counts, timeouts, limitUs }: DurationTail): number[] {
  const ended = [...counts];
  if (limitUs === null) return ended;
  let left = timeouts;
  for (let i = ended.length - 1; i >= 0 && left > 0 && upperEnd(buckets[i]!) >= CUT_OFF * limitUs; i--) {
    const cut = Math.min(left, ended[i]!);
    ended[i] = ended[i]! - cut;
    left -= cut;
  }
  return ended;
}

const upperEnd = (bucket: number): number => 2 ** ((bucket + 1) / 8);

/** The value of a rank (1 to n), even in the logarithm within its bucket; null where there is none. */
function valueAt(buckets: readonly number[], counts: readonly number[], rank: number): number | null {
  let before = 0;
  for (const [i, count] of counts.entries()) {
    if (count > 0 && before + count >= rank) return 2 ** ((buckets[i]! + Math.max(0, rank - before) / count) / 8);
    before += count;
  }
  return null;
}
