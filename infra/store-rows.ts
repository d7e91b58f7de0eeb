import type { DeliveryRow } from '../alerts/delivery-row.ts';
import type { AlertEvent } from '../alerts/event.ts';
import type { IncidentRow } from '../alerts/incident-row.ts';
import type { CoverageRow, FunctionMinuteRow, FunctionRow, InvocationRow, ScoreRow } from '../detectors/records.ts';
import type { Reject } from '../ingest/reject.ts';
import { INCIDENT_EVENTS } from './store-incidents.ts';
import {
  ALERT_EVENTS,
  COVERAGE,
  DELIVERIES,
  FUNCTIONS,
  INVOCATIONS,
  MINUTES,
  REJECTS,
  SCORES,
  type Table,
} from './store-tables.ts';

/** Takes the rows of the current run. Each call resolves once its rows are buffered. A row written twice counts once. */
export interface RowSink {
  writeMinutes(rows: readonly FunctionMinuteRow[]): Promise<void>;
  writeInvocations(rows: readonly InvocationRow[]): Promise<void>;
  writeScores(rows: readonly ScoreRow[]): Promise<void>;
  /** In the order they were said; their version numbers follow from that. */
  writeAlertEvents(events: readonly AlertEvent[]): Promise<void>;
  /** Rejects of one place (origin and offset) belong into one call. */
  writeRejects(rejects: readonly Reject[]): Promise<void>;
  writeFunctions(rows: readonly FunctionRow[]): Promise<void>;
  writeCoverage(rows: readonly CoverageRow[]): Promise<void>;
  /** The delivery log. */
  writeDeliveries(rows: readonly DeliveryRow[]): Promise<void>;
  /** What became of incidents, by whom and why. */
  writeIncidents(rows: readonly IncidentRow[]): Promise<void>;
  /** Resolves when everything written so far is stored. */
  flush(): Promise<void>;
}

/** The calls of a sink, on one that takes rows of any table. */
export function sinkOf(write: <Row>(table: Table<Row>, rows: readonly Row[]) => Promise<void>): Omit<RowSink, 'flush'> {
  return {
    writeMinutes: (rows) => write(MINUTES, rows),
    writeInvocations: (rows) => write(INVOCATIONS, rows),
    writeScores: (rows) => write(SCORES, rows),
    writeAlertEvents: (events) => write(ALERT_EVENTS, events),
    writeRejects: (rejects) => write(REJECTS, numbered(rejects)),
    writeFunctions: (rows) => write(FUNCTIONS, rows),
    writeCoverage: (rows) => write(COVERAGE, rows),
    writeDeliveries: (rows) => write(DELIVERIES, rows),
    writeIncidents: (rows) => write(INCIDENT_EVENTS, rows),
  };
}

/** Rejects of one call that look alike and lie at one place are told apart by their number. */
export function numbered(rejects: readonly Reject[]): (Reject & { readonly repeat: number })[] {
  const seen = new Map<string, number>();
  return rejects.map((reject) => {
    const place = `${reject.offset} ${reject.origin} ${reject.reason} ${reject.excerpt}`;
    const repeat = seen.get(place) ?? 0;
    seen.set(place, repeat + 1);
    return { ...reject, repeat };
  });
}
