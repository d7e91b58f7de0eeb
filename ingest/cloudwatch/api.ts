/** A log event as `FilterLogEvents` gives it. */
export interface PolledEvent {
  /** 56 decimal digits: too many for a number */
  readonly id: string;
  /** when it happened, ms since 1970 */
  readonly timestampMs: number;
  /** when CloudWatch took it, ms since 1970; NaN where it is not told */
  readonly ingestionMs: number;
  readonly stream: string;
  readonly message: string;
}

export interface EventPage {
  /** by time, then by when they were taken */
  readonly events: readonly PolledEvent[];
  /** null = this was the last page. A page without events need not be the last. */
  readonly nextToken: string | null;
}

export interface EventRequest {
  readonly logGroup: string;
  /** first ms that counts */
  readonly startMs: number;
  /** last ms that counts */
  readonly endMs: number;
  /** events of a page at most */
  readonly limit: number;
  readonly nextToken: string | null;
}

export interface LogGroupInfo {
  readonly name: string;
  /** without `:*` at its end */
  readonly arn: string;
  /** a group that was deleted and made again has another */
  readonly createdMs: number;
}

export interface GroupPage {
  readonly groups: readonly LogGroupInfo[];
  readonly nextToken: string | null;
}

/** What is used of CloudWatch Logs, in one account and region. Every call is one request; all throw `LogsError` alone. */
export interface LogsApi {
  filterLogEvents(request: EventRequest): Promise<EventPage>;
  /** `prefix` and `nextToken` null = from the start, all */
  describeLogGroups(request: { readonly prefix: string | null; readonly nextToken: string | null }): Promise<GroupPage>;
  tagsOf(arn: string): Promise<Readonly<Record<string, string>>>;
}

/**
 * What went wrong, by what is to be done: `throttled` slow down; `denied` somebody has to allow it; `credentials` they have
 * expired or are not valid; `gone` there is no such log group; `token` begin the listing again; `transient` try again;
 * `refused` the request is wrong, and will be.
 */
export type LogsErrorKind = 'throttled' | 'denied' | 'credentials' | 'gone' | 'token' | 'transient' | 'refused';

export class LogsError extends Error {
  override readonly name = 'LogsError';
  readonly kind: LogsErrorKind;
  /** the IAM action that is missing, for `denied` */
  readonly action: string | null;

  constructor(kind: LogsErrorKind, message: string, action: string | null = null) {
    super(message);
    this.kind = kind;
    this.action = action;
  }
}

/** Events of a page at most, by CloudWatch's own limit; or 1 MB. */
export const PAGE_EVENTS = 10_000;

/** Where `FilterLogEvents` may be called 25 or 5 times a second; elsewhere 10. Quotas of an account and region. */
const FAST_REGIONS = new Set(['us-east-1']);
const SLOW_REGIONS = new Set(['eu-central-1', 'ap-northeast-3', 'ap-southeast-3', 'ca-west-1', 'il-central-1']);

/** Requests a second that an account may make there, by default. */
export function quotaOf(region: string): number {
  if (FAST_REGIONS.has(region)) return 25;
  return SLOW_REGIONS.has(region) ? 5 : 10;
}
