import type { BudgetStatus } from '../alerts/budget.ts';
import type { Pipeline } from './pipeline.ts';
import type { Reading } from './replay-read.ts';
import type { RunIdentity } from './replay-store.ts';
import type { AlertTally } from './tally.ts';

/** Totals of a replay, as `--summary` writes them. All but `wall_ms` follow from the data. */
export interface Summary {
  readonly run_id: string;
  readonly config_hash: string;
  readonly interrupted: boolean;
  readonly sources: number;
  readonly unreadable_sources: number;
  readonly bytes: number;
  readonly fragments: number;
  /** true = the order of arrival was so bad that everything was sorted by time */
  readonly sorted: boolean;
  readonly invocations: number;
  readonly functions: number;
  readonly duplicates: number;
  readonly late: number;
  readonly too_late: number;
  readonly partial: number;
  /** functions forgotten to make room for others, and what else bounds on memory have cost; all 0 for a fleet within them */
  readonly evicted: number;
  readonly forgotten_events: number;
  readonly forgotten_attempts: number;
  readonly early_rows: number;
  readonly ungraded: number;
  readonly unsaid: number;
  readonly rejects: Readonly<Record<string, number>>;
  /** alerts (not events) by signal, and by severity */
  readonly alerts: Readonly<Record<string, number>>;
  readonly alerts_by_severity: Readonly<Record<string, number>>;
  /** one budget each: that of functions without an owner first */
  readonly pages: readonly PagesSummary[];
  readonly wall_ms: number;
}

/** How a page budget was used, and how it stands at the end of the input. */
export interface PagesSummary {
  /** null = functions that no owner has */
  readonly owner: string | null;
  readonly pages_per_week: number;
  /** alerts that paged, and alerts above info that did not */
  readonly paged: number;
  readonly held: number;
  /** event time up to which this is, ISO 8601 UTC; null = nothing was graded */
  readonly as_of: string | null;
  /** pages in the 7 days before */
  readonly paged_in_7_days: number;
  /** pages left, rounded down; below 0 = overdrawn */
  readonly left: number;
  /** when the next one is free; null = now, or never for a budget of 0 */
  readonly next_page_at: string | null;
}

export interface SummaryParts {
  readonly run: RunIdentity;
  readonly pipeline: Pipeline;
  readonly alerts: AlertTally;
  readonly rejects: ReadonlyMap<string, number>;
  readonly reading: Reading;
  readonly sorted: boolean;
  readonly interrupted: boolean;
  readonly wallMs: number;
}

export function summaryOf(parts: SummaryParts): Summary {
  const { run, pipeline, alerts, reading } = parts;
  const totals = pipeline.totals();
  return {
    run_id: run.runId,
    config_hash: run.configHash,
    interrupted: parts.interrupted,
    sources: reading.sources,
    unreadable_sources: reading.problems.length,
    bytes: reading.bytes,
    fragments: reading.log.length,
    sorted: parts.sorted,
    invocations: totals.invocations,
    functions: totals.functions,
    duplicates: totals.duplicates,
    late: totals.late,
    too_late: totals.tooLate,
    partial: totals.partial,
    evicted: totals.evicted,
    forgotten_events: totals.forgottenEvents,
    forgotten_attempts: totals.forgottenAttempts,
    early_rows: totals.earlyRows,
    ungraded: totals.ungraded,
    unsaid: totals.unsaid,
    rejects: Object.fromEntries([...parts.rejects].sort(([a], [b]) => (a < b ? -1 : 1))),
    alerts: alerts.bySignal(),
    alerts_by_severity: alerts.bySeverity(),
    pages: pipeline.budget().map((status) => pagesOf(status, alerts)),
    wall_ms: Math.round(parts.wallMs),
  };
}

function pagesOf(status: BudgetStatus, alerts: AlertTally): PagesSummary {
  const { owner, pagesPerWeek, nowMs, spent, left, nextMs } = status;
  const instant = (ms: number | null) => (ms === null || !Number.isFinite(ms) ? null : new Date(ms).toISOString());
  return {
    owner,
    pages_per_week: pagesPerWeek,
    ...alerts.pagesOf(owner),
    as_of: instant(nowMs),
    paged_in_7_days: spent,
    left: Math.floor(left),
    next_page_at: instant(nextMs),
  };
}
