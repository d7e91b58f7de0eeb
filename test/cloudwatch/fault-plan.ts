/** What a fault proxy can do; each is counted. */
export const FAULT_KINDS = [
  'throttled',
  'serverError',
  'resetBefore',
  'resetWithin',
  'slow',
  'empty',
  'short',
  'twice',
  'twiceOverPages',
  'shuffled',
  'late',
  'skewedDate',
  'skewRefused',
] as const;

export type FaultKind = (typeof FAULT_KINDS)[number];
export type FaultCounts = Record<FaultKind, number>;

/** How often; parts of all requests unless it says otherwise. 0 = never. */
export interface ProxyFaults {
  readonly throttled: number;
  readonly serverError: number;
  /** the connection is reset instead of an answer */
  readonly resetBefore: number;
  /** the connection is reset in the middle of the answer */
  readonly resetWithin: number;
  readonly slow: number;
  /** how long that takes, ms */
  readonly slowMs: readonly [least: number, most: number];
  /** a page without anything in it that is not the last */
  readonly empty: number;
  /** a page with a few of what there is, and a token */
  readonly short: number;
  /** part of events that stand twice in their page */
  readonly twice: number;
  /** part of further pages that begin with the last events of the one before */
  readonly twiceOverPages: number;
  /** part of pages whose events are in any order */
  readonly shuffled: number;
  /** part of events that can be read only … */
  readonly late: number;
  /** … so long after they were taken, at most, ms */
  readonly lateMs: number;
  /** the clock of the service is off from ours by 0, by so much, by as much the other way, and so on, ms … */
  readonly skewMs: number;
  /** … each for so long, ms; 0 = by `skewMs` all the time */
  readonly skewEveryMs: number;
}

export const NO_PROXY_FAULTS: ProxyFaults = {
  throttled: 0,
  serverError: 0,
  resetBefore: 0,
  resetWithin: 0,
  slow: 0,
  slowMs: [0, 0],
  empty: 0,
  short: 0,
  twice: 0,
  twiceOverPages: 0,
  shuffled: 0,
  late: 0,
  lateMs: 0,
  skewMs: 0,
  skewEveryMs: 0,
};

export const noCounts = (): FaultCounts =>
  Object.fromEntries(FAULT_KINDS.map((kind) => [kind, 0])) as Record<FaultKind, number>;
