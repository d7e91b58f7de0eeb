const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 30_000;
/** What only a person can change is tried again so rarely, ms. */
const LASTING_RETRY_MS = 60_000;

/** One listing of a window of event time, page by page. */
export interface Job {
  readonly kind: 'tail' | 'sweep';
  readonly startMs: number;
  readonly endMs: number;
  /** wall clock */
  readonly startedMs: number;
  /** looks back over all that may still come late */
  isDeep: boolean;
  /** looks back over the overlap, at least */
  isWide: boolean;
  /** of the next page; null = the first */
  token: string | null;
  isUnderWay: boolean;
  /** not before this, by a clock that never jumps, ms */
  retryMs: number;
  failures: number;
  /** how often it began anew because a token was not taken */
  restarts: number;
  /** new events so far */
  fresh: number;
}

export function newJob(kind: Job['kind'], startMs: number, endMs: number, startedMs: number): Job {
  const retry = { isUnderWay: false, retryMs: Number.NEGATIVE_INFINITY, failures: 0, restarts: 0 };
  return {
    kind,
    startMs,
    endMs,
    startedMs,
    isDeep: false,
    isWide: kind === 'sweep',
    token: null,
    fresh: 0,
    ...retry,
  };
}

/** How long to wait after a failure: any time up to a bound that doubles, so that those who failed together do not return together. */
export function backoffMs(failures: number, isLasting: boolean, random: () => number): number {
  if (isLasting) return LASTING_RETRY_MS * (0.5 + random() / 2);
  return random() * Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** failures);
}
