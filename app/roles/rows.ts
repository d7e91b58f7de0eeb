import type { AlertEvent } from '../../alerts/event.ts';
import type { CoverageRow, FunctionMinuteRow, FunctionRow, InvocationRow, ScoreRow } from '../../detectors/records.ts';
import type { Reject } from '../../ingest/reject.ts';

/** Where the roles leave what analysts read. A row written twice counts once. */
export interface Rows {
  /** Waits where the store is behind by more than its buffer. */
  writeMinutes(rows: readonly FunctionMinuteRow[]): Promise<void>;
  writeInvocations(rows: readonly InvocationRow[]): Promise<void>;
  writeScores(rows: readonly ScoreRow[]): Promise<void>;
  writeAlertEvents(events: readonly AlertEvent[]): Promise<void>;
  writeRejects(rejects: readonly Reject[]): Promise<void>;
  writeFunctions(rows: readonly FunctionRow[]): Promise<void>;
  writeCoverage(rows: readonly CoverageRow[]): Promise<void>;
  /** Resolves when everything written so far is stored. */
  flush(): Promise<void>;
}

const nothing = async (): Promise<void> => {};

/** `store: none` */
export const NO_ROWS: Rows = {
  writeMinutes: nothing,
  writeInvocations: nothing,
  writeScores: nothing,
  writeAlertEvents: nothing,
  writeRejects: nothing,
  writeFunctions: nothing,
  writeCoverage: nothing,
  flush: nothing,
};
