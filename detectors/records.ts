/** What the engine hands to storage. Every row is keyed by what it is, never by when it was written. */

/**
 * Sums of one function over one event-time minute, or a later correction of them: rows of one (fn, minuteMs) add up.
 * `patch` 0 is the graded window, a correction carries the minute after the last one graded when it came.
 */
export interface FunctionMinuteRow {
  readonly fn: string; // provider/account/region/name
  readonly minuteMs: number;
  readonly patch: number;
  readonly invocations: number;
  readonly errors: number;
  readonly timeouts: number;
  readonly ooms: number;
  readonly coldStarts: number;
  /** lines with an HTTP status or an access-denied error, and how many of them were 401, 403 or denied */
  readonly statuses: number;
  readonly accessDenied: number;
  readonly durationUsSum: number;
  readonly durationUsMax: number;
  /** sparse histogram of durations: bucket b covers [2^(b/8), 2^((b+1)/8)) µs */
  readonly durationBuckets: readonly number[];
  readonly durationCounts: readonly number[];
  readonly billedUsSum: number;
  /** integer pico-dollars (1e-12 $) */
  readonly costPicoUsd: number;
  /** invocations with a byte count, and their bytes; 0 of 0 means unknown */
  readonly egressSamples: number;
  readonly egressBytes: number;
  readonly memoryUsedMaxKib: number | null;
  readonly memorySizeKib: number | null;
}

/** One invocation attempt as LOG_FORMATS names it. Null = the logs do not say. */
export interface InvocationRow {
  readonly fn: string;
  readonly timeMs: number; // end of the attempt
  readonly invocationId: string;
  readonly version: string | null;
  readonly instance: string | null;
  readonly durationUs: number | null;
  readonly billedUs: number | null;
  readonly initUs: number | null;
  readonly restoreUs: number | null;
  readonly memorySizeKib: number | null;
  readonly memoryUsedKib: number | null;
  readonly outcome: 'success' | 'error' | 'timeout' | 'oom' | 'unknown';
  readonly errorType: string | null;
  readonly egressBytes: number | null;
  readonly ingressBytes: number | null;
  readonly cpuUs: number | null;
  readonly coldStart: boolean | null;
  readonly costPicoUsd: number | null;
  readonly isPartial: boolean;
}

export interface ScoreRow {
  readonly fn: string;
  readonly minuteMs: number;
  readonly signal: string;
  readonly horizonMin: number;
  readonly score: number;
  readonly observed: number;
  readonly low: number;
  readonly mid: number;
  readonly high: number;
  readonly samples: number;
}

export interface FunctionRow {
  readonly fn: string;
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  readonly invocations: number;
  readonly learntWindows: number;
  readonly warmupWindows: number;
  readonly version: string | null;
  readonly memorySizeKib: number | null;
  readonly timeoutUs: number | null;
  /** names of the record fields that this function's logs were seen to carry */
  readonly fields: readonly string[];
}

export interface CoverageRow {
  readonly fn: string;
  readonly threat: string; // T1 …
  readonly title: string;
  readonly state: 'covered' | 'weak' | 'blind';
  readonly reason: string;
}
