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
} from './store-tables.ts';

/** Every table that holds rows of runs: a run that starts afresh is dropped from all of them. */
export const RUN_TABLES: readonly string[] = [
  MINUTES,
  INVOCATIONS,
  SCORES,
  ALERT_EVENTS,
  FUNCTIONS,
  COVERAGE,
  REJECTS,
  DELIVERIES,
  INCIDENT_EVENTS,
].map((table) => table.name);
