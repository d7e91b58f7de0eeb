import type { DeliveryRow } from '../../alerts/delivery-row.ts';
import type { Attempted } from './attempts.ts';
import type { Held } from './held-back.ts';

/** A row of the delivery log. @param endedMs wall clock, ms */
export function rowOf(
  { said: { epoch, n, notice }, isResent }: Held,
  { outcome, attempts, firstMs }: Attempted,
  { name, type, endedMs }: { readonly name: string; readonly type: string; readonly endedMs: number },
): DeliveryRow {
  return {
    destination: name,
    type,
    epoch,
    n,
    incidentId: notice.incident_id,
    version: notice.version,
    transition: notice.transition,
    severity: notice.event.severity,
    atMs: Date.parse(notice.at),
    endedMs,
    attempts,
    outcome: outcome.kind === 'taken' ? 'delivered' : 'dead',
    why: outcome.kind === 'taken' ? '' : outcome.why,
    latencyMs: Math.max(0, endedMs - firstMs),
    isResent,
  };
}
