import { functionKey } from '../ingest/fragment.ts';
import type { DeskEntry, DeskSaid } from './desk-said.ts';
import type { AlertEvent } from './event.ts';

/** What became of an incident or of a silence, by whom and why, for the store. */
export interface IncidentRow {
  /** what names this row for ever: who decided it, and its number */
  readonly epoch: string;
  readonly n: number;
  /** event time, ms */
  readonly atMs: number;
  /** of a silence, its id */
  readonly incidentId: string;
  /** of the notice that told it, or of the last one before; 0 = none */
  readonly version: number;
  /** as in notices, and `pending`, `silenced`, `unsilenced`, `labelled`, `silence added|expired|ended` */
  readonly transition: string;
  readonly status: string;
  readonly by: string;
  readonly reason: string;
  /** destinations; none = it was only kept */
  readonly told: readonly string[];
  readonly loud: boolean;
  /** empty = this is no label */
  readonly label: string;
  /** newest of what detection said; null = not known any more, or a silence */
  readonly event: AlertEvent | null;
  /** of a silence: what it matches and until when */
  readonly details: Readonly<Record<string, unknown>> | null;
}

interface Numbered {
  readonly epoch: string;
  readonly n: number;
}

const KEPT = { version: 0, status: '', told: [], loud: false, label: '', event: null, details: null };

/** Null where nothing became of anything: a notice that is sent again, a command that was refused. */
export function incidentRowOf(said: DeskSaid & Numbered): IncidentRow | null {
  const { epoch, n } = said;
  if ('entry' in said) return rowOfEntry(said.entry, { epoch, n });
  const { notice, to: told } = said;
  const { incident_id: incidentId, version, transition, status, by, reason, loud, event } = notice;
  const details = notice.digest === undefined ? null : { incidents: notice.digest.incidents };
  const atMs = Date.parse(notice.at);
  return { ...KEPT, epoch, n, atMs, incidentId, version, transition, status, by, reason, told, loud, event, details };
}

function rowOfEntry(entry: DeskEntry, numbered: Numbered): IncidentRow | null {
  switch (entry.kind) {
    case 'transition': {
      const { transition, incident_id: incidentId, version, status, by, reason, event } = entry;
      return {
        ...KEPT,
        ...numbered,
        atMs: Date.parse(entry.at),
        incidentId,
        version,
        transition,
        status,
        by,
        reason,
        event,
      };
    }
    case 'label': {
      const { incident_id: incidentId, label, by, note: reason, event } = entry;
      return {
        ...KEPT,
        ...numbered,
        atMs: Date.parse(entry.at),
        incidentId,
        transition: 'labelled',
        by,
        reason,
        label,
        event,
      };
    }
    case 'silence': {
      const { silence_id: incidentId, change, by, why: reason, match, until } = entry;
      const details = { match, until };
      return {
        ...KEPT,
        ...numbered,
        atMs: Date.parse(entry.at),
        incidentId,
        transition: `silence ${change}`,
        by,
        reason,
        details,
      };
    }
    default:
      return null;
  }
}

/** Key of the function, as in the other tables; empty where there is none. */
export const functionOf = ({ event }: IncidentRow): string => (event === null ? '' : functionKey(event.function));
