import { describe, expect, test } from '@jest/globals';
import type { DeskSaid } from '../../alerts/desk-said.ts';
import type { IncidentRow } from '../../alerts/incident-row.ts';
import { noticeOf } from './fixtures/deliveries.ts';
import { IncidentStage } from './incident-stage.ts';
import { encodeNotice } from './notices.ts';

const AT = '2026-01-05T10:00:00.000Z';
const notice = noticeOf(1, 1);
const { event } = notice;
const SAID: readonly DeskSaid[] = [
  { notice, to: ['slack', 'pagerduty'] },
  {
    entry: {
      kind: 'transition',
      transition: 'silenced',
      incident_id: 'i1',
      status: 'open',
      version: 1,
      at: AT,
      by: 'eve',
      reason: 'silence ab12: import',
      event,
    },
  },
  {
    entry: { kind: 'label', incident_id: 'i1', label: 'planned', at: AT, by: 'eve', note: 'a load test', event: null },
  },
  {
    entry: {
      kind: 'silence',
      silence_id: 'ab12',
      change: 'added',
      at: AT,
      until: AT,
      by: 'eve',
      why: 'import',
      match: { account: ['1'] },
    },
  },
  { entry: { kind: 'refused', command: 'ack', why: 'no incident i9 is known' } },
  { entry: { kind: 'resend', destination: 'slack', delivery: 'i1-1', by: 'eve' } },
];
const recordsOf = (said: readonly DeskSaid[], epoch = 'e') =>
  said.map((it, i) => encodeNotice({ epoch, n: i + 1, ...it }));

function sink() {
  const rows: IncidentRow[] = [];
  return {
    rows,
    writeIncidents: async (more: readonly IncidentRow[]) => void rows.push(...more),
    flush: async () => {},
  };
}

describe('what becomes of incidents, for the store', () => {
  test('each transition, label and silence is a row that says who and why', async () => {
    const store = sink();
    await new IncidentStage(store, null).absorb(recordsOf(SAID), 0);
    expect(store.rows).toMatchObject([
      {
        n: 1,
        incidentId: 'i1',
        version: 1,
        transition: notice.transition,
        by: notice.by,
        reason: notice.reason,
        told: ['slack', 'pagerduty'],
      },
      { n: 2, incidentId: 'i1', transition: 'silenced', by: 'eve', reason: 'silence ab12: import', told: [] },
      {
        n: 3,
        incidentId: 'i1',
        transition: 'labelled',
        by: 'eve',
        reason: 'a load test',
        label: 'planned',
        event: null,
      },
      {
        n: 4,
        incidentId: 'ab12',
        transition: 'silence added',
        by: 'eve',
        reason: 'import',
        details: { match: { account: ['1'] }, until: AT },
      },
    ]);
  });

  test('what is said again after a kill is no second row, what cannot be read stops nothing', async () => {
    const store = sink();
    const records = recordsOf(SAID.slice(0, 4));
    const first = new IncidentStage(store, null);
    await first.absorb(records.slice(0, 2), 0);
    const second = new IncidentStage(store, first.snapshot());
    await second.absorb([...records.slice(1, 3), Uint8Array.of(1, 2, 3), ...records.slice(3)], 2);
    expect(store.rows.map(({ n }) => n)).toEqual([1, 2, 3, 4]);
  });
});
