import type { BudgetStatus } from '../alerts/budget.ts';
import type { PagingSettings } from '../alerts/budget-order.ts';
import type { AlertEvent } from '../alerts/event.ts';
import type { Deploys } from '../detectors/deploys.ts';
import type { CoverageRow, FunctionMinuteRow, FunctionRow, InvocationRow, ScoreRow } from '../detectors/records.ts';
import type { RowCollector } from '../detectors/training-rows.ts';
import type { FragmentBlock } from '../ingest/fragment.ts';
import type { Prices } from '../ingest/pricing.ts';
import type { LearnedModel } from '../models/learned/artifact.ts';

/** What came out since the last call of `drain`, each list in its final order. */
export interface PipelineOutput {
  readonly events: readonly AlertEvent[];
  readonly minutes: readonly FunctionMinuteRow[];
  readonly invocations: readonly InvocationRow[];
  readonly scores: readonly ScoreRow[];
}

export interface PipelineTotals {
  readonly invocations: number;
  readonly functions: number;
  /** log events dropped because the same event had been counted */
  readonly duplicates: number;
  /** fragments that came after their window was graded */
  readonly late: number;
  /** late beyond the lateness: counted, not used */
  readonly tooLate: number;
  /** attempts that started and never reported, or failed without a report */
  readonly partial: number;
  /** functions that were forgotten, as more were called than the bound allows: least used first */
  readonly evicted: number;
  /** events that are not remembered against duplicates for as long as they should be */
  readonly forgottenEvents: number;
  /** STARTs and failures that were not waited for as long as they should be */
  readonly forgottenAttempts: number;
  /** invocation rows that went to storage before all pieces could have come */
  readonly earlyRows: number;
  /** windows of the future that were stored without being judged */
  readonly ungraded: number;
  /** announcements that were not made, as there were too many of their kind in an hour */
  readonly unsaid: number;
}

/** What bounds memory when names are made up. Not part of the configuration hash: no fleet within it is judged otherwise. */
export interface Limits {
  /** functions known at a time, all shards together; everything else that could grow is bounded in proportion (detectors/bounds.ts) */
  readonly functions: number;
}

/**
 * The one path from fragments to alerts, live and replay: shards (detectors/) behind a fleet stage (alerts/).
 * Pure and synchronous: the same blocks give the same output, bit for bit.
 */
export interface Pipeline {
  /** Swaps the learned model, from the next graded minute on; null = none. */
  setModel(model: LearnedModel | null): void;
  /** Lets a collector see each graded window from now on. */
  collect(collector: RowCollector): void;
  /** Takes fragments and tick fragments in arrival order. */
  step(block: FragmentBlock): void;
  /** End of input: grades every open window. Nothing may be stepped after it except into a restored pipeline. */
  finish(): void;
  /** Event time of the watermark, ms; NaN before the first tick. */
  readonly watermarkMs: number;
  drain(): PipelineOutput;
  totals(): PipelineTotals;
  functions(): FunctionRow[];
  coverage(): CoverageRow[];
  /** How the page budgets stand. */
  budget(): BudgetStatus[];
  /** The whole state as named binary pages, for `Snapshots.save`, made as they are asked for: nothing may be stepped before the last. */
  pages(): Iterable<readonly [name: string, bytes: Uint8Array]>;
  /** The same at once, in memory of their own. */
  snapshot(): Map<string, Uint8Array>;
}

export interface PipelineOptions {
  readonly settings: import('../detectors/settings.ts').DetectionSettings;
  readonly configHash: string;
  /** what an invocation of a function costs, by the function's key */
  readonly pricesOf: (fn: string) => Prices;
  /** who is paged, and how often; left out = the default budget, no owners */
  readonly paging?: PagingSettings;
  /** what was deployed; absent = nobody tells, so nothing is unexpected */
  readonly deploys?: Deploys | null;
  /** default: 500,000 functions */
  readonly limits?: Limits;
  /** which invocation rows come out */
  readonly invocations: 'all' | 'notable' | 'none';
  /** false = no minutes and no scores are produced (store off): less work */
  readonly records: boolean;
  readonly restored?: ReadonlyMap<string, Uint8Array>;
  /** the learned model; default: none */
  readonly model?: LearnedModel;
  /** parts left out by the ablation bench; default: none */
  readonly parts?: import('../detectors/ablation.ts').Parts;
}
