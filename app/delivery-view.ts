import { join } from 'node:path';
import type { DeliveryRow } from '../alerts/delivery-row.ts';
import type { Notice } from '../alerts/notice.ts';

/** What `tripline notify list` shows of a destination; one JSON object in a file of its own. */
export interface DeliveryView {
  readonly schema: 1;
  readonly destination: string;
  readonly type: string;
  /** wall clock, ISO 8601 */
  readonly written_at: string;
  /** `open` after several failures in a row, `parked` until somebody changes something */
  readonly condition: 'working' | 'failing' | 'open' | 'parked';
  readonly since: string;
  /** why it does not work; null where it does */
  readonly why: string | null;
  /** when it is tried next; null = nothing waits for that */
  readonly next_attempt_at: string | null;
  /** key of the notice that is sent now, since when, and how often it was tried; null = none is */
  readonly trying: { readonly notice: string | null; readonly since: string; readonly attempts: number } | null;
  /** records of the outbox that were not handled yet, whomever they name */
  readonly waiting: number;
  /** incidents whose message was forgotten, for there were too many */
  readonly forgotten: number;
  /** the newest deliveries, oldest first */
  readonly recent: readonly DeliveryShown[];
  readonly dead: readonly (DeliveryShown & { readonly notice: Notice })[];
}

export interface DeliveryShown {
  readonly incident_id: string;
  readonly version: number;
  readonly transition: string;
  readonly severity: string;
  /** event time of the notice, and when its delivery ended, wall clock */
  readonly at: string;
  readonly ended_at: string;
  readonly attempts: number;
  readonly outcome: 'delivered' | 'dead';
  readonly why: string;
  readonly latency_ms: number;
  /** one line that names the trouble */
  readonly text: string;
}

export const shownOf = (row: DeliveryRow, notice: Notice): DeliveryShown => ({
  incident_id: row.incidentId,
  version: row.version,
  transition: row.transition,
  severity: row.severity,
  at: notice.at,
  ended_at: new Date(row.endedMs).toISOString(),
  attempts: row.attempts,
  outcome: row.outcome,
  why: row.why,
  latency_ms: row.latencyMs,
  text: notice.event.text,
});

/** @param state folder of the configuration */
export const deliveryViewFile = (state: string, destination: string): string =>
  join(state, 'view', `deliveries-${destination}.json`);
