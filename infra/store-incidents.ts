import { functionOf, type IncidentRow } from '../alerts/incident-row.ts';
import type { Table } from './store-tables.ts';

export const INCIDENT_EVENTS: Table<IncidentRow> = {
  name: 'incident_events_data',
  columns: [
    'epoch',
    'n',
    'at',
    'incident_id',
    'version',
    'transition',
    'status',
    'changed_by',
    'reason',
    'told',
    'loud',
    'label',
    'alert_id',
    'fn',
    'signal',
    'severity',
    'details_json',
  ],
  encode(out, row) {
    out.text(row.epoch);
    out.integer(row.n);
    out.dateTimeMs(row.atMs);
    out.text(row.incidentId);
    out.integer(row.version);
    out.text(row.transition);
    out.text(row.status);
    out.text(row.by);
    out.text(row.reason);
    out.texts(row.told);
    out.boolOrNull(row.loud);
    out.text(row.label);
    out.text(row.event?.alert_id ?? '');
    out.text(functionOf(row));
    out.text(row.event?.signal ?? '');
    out.text(row.event?.severity ?? '');
    out.text(row.details === null ? '' : JSON.stringify(row.details));
  },
};
