import type { SignalName } from '../detectors/signals/signal.ts';
import type { Severity as VerdictSeverity } from '../detectors/verdict.ts';

export type Signal = SignalName;
export type Severity = VerdictSeverity;

export interface AlertFunction {
  readonly provider: string;
  readonly account: string | null;
  readonly region: string | null;
  readonly name: string;
  readonly version: string | null;
  /** CloudWatch log group (`aws.log.group.names` of OpenTelemetry); absent = `/aws/lambda/NAME`, or none; absent before 0.2 */
  readonly log_group?: string;
}

/** What is said of an incident, one JSON object a line. The JSON Schema is docs/alert-event.schema.json. */
export interface AlertEvent {
  readonly schema: 1;
  readonly event: 'opened' | 'updated' | 'resolved';
  readonly alert_id: string;
  /** when a live pipeline would have said it, ISO 8601 UTC, event time */
  readonly at: string;
  readonly started_at: string;
  readonly ended_at?: string;
  readonly function: AlertFunction;
  /** all of them, where one incident covers several */
  readonly functions?: readonly AlertFunction[];
  readonly signal: Signal;
  readonly related_signals: readonly Signal[];
  readonly severity: Severity;
  /** null where there is no number: content, lifecycle, telemetry */
  readonly observed: number | null;
  readonly expected: { readonly low: number; readonly mid: number; readonly high: number } | null;
  readonly unit: string;
  /** -log10 of the p-value; 0 where there is none */
  readonly score: number;
  readonly window_ms: number;
  readonly baseline: { readonly windows: number; readonly kind: string };
  readonly text: string;
  readonly why: readonly string[];
  /** e.g. `T1 denial of wallet`: ids and titles of the threat list */
  readonly threats: readonly string[];
  readonly evidence: AlertEvidence;
  readonly impact: AlertImpact;
  /** label of the configuration's `owners` whose budget it is judged by; null = nobody's in particular; absent before 0.2 */
  readonly owner?: string | null;
  /** true from the event on that is worth a person's sleep, to the end of the incident; absent before 0.2 */
  readonly page?: boolean;
  /** why it pages, or why it waits for the digest */
  readonly page_reason?: string;
}

/** What it does. Rates are beyond what was expected, at the present rate; what is not known, or 0, is absent. */
export interface AlertImpact {
  readonly usd_per_hour?: number;
  readonly failed_per_hour?: number;
  /** calls that were due and never came */
  readonly lost_per_hour?: number;
  /** slow or cold calls */
  readonly slow_per_hour?: number;
  /** calls too many */
  readonly surplus_per_hour?: number;
  readonly bytes_per_hour?: number;
  /** calls and bytes in the deciding window */
  readonly invocations?: number;
  readonly bytes?: number;
}

/** What the page budget made of an incident, in numbers. */
export interface PagingEvidence {
  /** 1 = the worst of its owner's incidents above `info` of late, itself counted among them */
  readonly rank: number;
  readonly of: number;
  readonly days: number;
  /** ranks up to this one page */
  readonly pages_to_rank: number;
  readonly rank_score: number;
  readonly worth_usd_per_hour: number;
  readonly fused_score: number | null;
  /** -log10 p that one test of so many needs at this false-discovery rate; null for facts */
  readonly discovery_bar: number | null;
  readonly pages_per_week: number;
  /** pages left before this event; below 0 = overdrawn */
  readonly left: number;
}

/** How the signal went in the hours before: windows that follow each other, oldest first, shorter towards the present. */
export interface AlertHistory {
  /** `calls a minute`, `share of calls failed`, `ms`, `USD an hour`, … */
  readonly unit: string;
  /** end of the newest window, ISO 8601 UTC */
  readonly end: string;
  /** length of each window, minutes */
  readonly minutes: readonly number[];
  /** null = nothing known */
  readonly values: readonly (number | null)[];
}

/** What `explain` recomputes the verdict from: parameters, not prose. */
export interface AlertEvidence {
  readonly request_ids: readonly string[];
  readonly config_hash: string;
  /** model name and its parameters as they were at the decision; `score` follows from them and `observed` alone */
  readonly model?: { readonly kind: string; readonly [parameter: string]: number | string };
  /** every signal's surprise in the window that decided */
  readonly signals?: readonly {
    readonly signal: Signal;
    readonly score: number;
    readonly observed: number;
    readonly mid: number;
    readonly horizon_ms: number;
  }[];
  /** the rule that let it through: floors, persistence, guards, with their numbers */
  readonly rule?: string;
  readonly paging?: PagingEvidence;
  /** calls that `observed` counts some of: failed ones, cold starts */
  readonly calls?: number;
  /** of `signal`; absent at the end of an incident */
  readonly history?: AlertHistory;
  readonly [more: string]: unknown;
}
