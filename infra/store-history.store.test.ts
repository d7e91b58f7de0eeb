import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { AlertEvent } from '../alerts/event.ts';
import { type IncidentRow, incidentRowOf } from '../alerts/incident-row.ts';
import type { Notice } from '../alerts/notice.ts';
import { openStore, type Store } from './store.ts';
import { PLACES, type Place } from './store-places.fixture.ts';
import { alertEvent, RUN, rows, START_MS } from './store-samples.fixture.ts';

const minute = (n: number) => new Date(START_MS + n * 60_000).toISOString();
const shown = (n: number) => minute(n).replace('T', ' ').replace('Z', '');

/** What detection said: the first four are open still, the fifth is over. */
const SAID: readonly AlertEvent[] = [
  ...[1, 2, 3, 4, 5].map((i) => alertEvent(i, 'opened', 1)),
  alertEvent(1, 'updated', 3),
  alertEvent(5, 'resolved', 6),
];

let count = 0;
const rowOf = (said: Parameters<typeof incidentRowOf>[0] extends infer S ? Omit<S & object, 'epoch' | 'n'> : never) =>
  incidentRowOf({ ...said, epoch: 'e', n: ++count } as Parameters<typeof incidentRowOf>[0]) as IncidentRow;

function became(transition: string, i: number, at: number, by = 'tripline', reason = transition): IncidentRow {
  const status = ['acknowledged', 'expired', 'resolved'].includes(transition) ? transition : 'open';
  const event = alertEvent(i, 'opened', 1);
  const entry = {
    kind: 'transition',
    transition,
    incident_id: `i${i}`,
    status,
    version: 1,
    at: minute(at),
    by,
    reason,
    event,
  };
  return rowOf({ entry } as never);
}

function told(transition: string, i: number, at: number, by = 'tripline', reason = transition): IncidentRow {
  const { status } = became(transition, i, at);
  const event = alertEvent(i, 'opened', 1);
  const notice = {
    incident_id: `i${i}`,
    version: 1,
    transition,
    status,
    at: minute(at),
    by,
    reason,
    loud: true,
    event,
  };
  return rowOf({ notice: notice as unknown as Notice, to: ['slack'] } as never);
}

function label(i: number, value: string, at: number, by: string): IncidentRow {
  const entry = {
    kind: 'label',
    incident_id: `i${i}`,
    label: value,
    at: minute(at),
    by,
    note: 'seen',
    event: alertEvent(i, 'opened', 1),
  };
  return rowOf({ entry } as never);
}

/** 1 acknowledged, 2 expired, 3 acknowledged and opened again, 4 nothing, 5 acknowledged and over; a silence beside them. */
const ROWS: readonly IncidentRow[] = [
  told('opened', 1, 1),
  told('acknowledged', 1, 2, 'bob', 'on it'),
  became('acknowledged', 1, 2, 'bob', 'on it'),
  label(1, 'true', 4, 'ann'),
  label(1, 'planned', 5, 'bob'),
  told('expired', 2, 4),
  became('expired', 2, 4),
  became('acknowledged', 3, 2, 'bob'),
  became('reopened', 3, 3),
  became('acknowledged', 5, 2, 'eve'),
  rowOf({
    entry: {
      kind: 'silence',
      silence_id: 's1',
      change: 'added',
      at: minute(1),
      until: minute(9),
      by: 'ann',
      why: 'works',
      match: {},
    },
  } as never),
];

describe.each(PLACES)('the history of alerts, in a store %s', (_name, open) => {
  let place: Place;
  let store: Store;

  beforeAll(async () => {
    place = await open();
    store = await openStore(place.address);
    await store.writer.beginRun({ ...RUN, runId: 'aaaa' });
    await store.writer.writeAlertEvents(SAID);
    await store.writer.writeIncidents([...ROWS, ...ROWS]); // again, as after a kill
    await store.writer.flush();
  });
  afterAll(async () => {
    await store.close();
    await place.clean();
  });

  test('an alert that is open has the status that people and the desk gave it, and who it was', async () => {
    const columns =
      'alert_id, status, versions, incident_id, acknowledged_by, acknowledged_at, reopened_at, label, labelled_by';
    const nothing = {
      incident_id: null,
      acknowledged_by: null,
      acknowledged_at: null,
      reopened_at: null,
      label: null,
      labelled_by: null,
    };
    expect(await rows(store, `SELECT ${columns} FROM alerts ORDER BY alert_id`)).toEqual([
      {
        ...nothing,
        alert_id: 'a1',
        status: 'acknowledged',
        versions: 2,
        incident_id: 'i1',
        acknowledged_by: 'bob',
        acknowledged_at: shown(2),
        label: 'planned',
        labelled_by: 'bob',
      },
      { ...nothing, alert_id: 'a2', status: 'expired', versions: 1, incident_id: 'i2' },
      {
        ...nothing,
        alert_id: 'a3',
        status: 'open',
        versions: 1,
        incident_id: 'i3',
        acknowledged_by: 'bob',
        acknowledged_at: shown(2),
        reopened_at: shown(3),
      },
      { ...nothing, alert_id: 'a4', status: 'open', versions: 1 },
      {
        ...nothing,
        alert_id: 'a5',
        status: 'resolved',
        versions: 2,
        incident_id: 'i5',
        acknowledged_by: 'eve',
        acknowledged_at: shown(2),
      },
    ]);
  });

  test('each transition stands once, with who and why, whoever made it', async () => {
    const columns = 'at, source, incident_id, transition, status, who, why, told, label';
    const found = await rows(
      store,
      `SELECT ${columns} FROM alert_history WHERE alert_id = 'a1' ORDER BY at, source = 'detection' DESC, n`,
    );
    const of1 = { incident_id: 'i1', status: 'open', who: 'tripline', told: [], label: '' };
    expect(found).toEqual([
      { ...of1, at: shown(1), source: 'detection', transition: 'opened', why: 'errors of service-1' },
      { ...of1, at: shown(1), source: 'desk', transition: 'opened', why: 'opened', told: ['slack'] },
      {
        ...of1,
        at: shown(2),
        source: 'person',
        transition: 'acknowledged',
        status: 'acknowledged',
        who: 'bob',
        why: 'on it',
        told: ['slack'],
      },
      { ...of1, at: shown(3), source: 'detection', transition: 'updated', why: 'errors of service-1' },
      {
        ...of1,
        at: shown(4),
        source: 'person',
        transition: 'labelled',
        status: '',
        who: 'ann',
        why: 'seen',
        label: 'true',
      },
      {
        ...of1,
        at: shown(5),
        source: 'person',
        transition: 'labelled',
        status: '',
        who: 'bob',
        why: 'seen',
        label: 'planned',
      },
    ]);
    expect(
      await rows(store, 'SELECT transition, count() AS n FROM alert_history GROUP BY transition ORDER BY transition'),
    ).toEqual([
      { transition: 'acknowledged', n: 3 },
      { transition: 'expired', n: 1 },
      { transition: 'labelled', n: 2 },
      { transition: 'opened', n: 6 },
      { transition: 'reopened', n: 1 },
      { transition: 'resolved', n: 1 },
      { transition: 'updated', n: 1 },
    ]);
  });

  test('columns that were there before are there still, the new ones behind them', async () => {
    const names = (await rows(
      store,
      "SELECT name FROM system.columns WHERE database = currentDatabase() AND table = 'alerts' ORDER BY position",
    )) as { name: string }[];
    const all = names.map(({ name }) => name);
    expect(all.slice(0, 5)).toEqual(['alert_id', 'status', 'versions', 'at', 'started_at']);
    expect(all.slice(-8)).toEqual([
      'fn',
      'event_json',
      'incident_id',
      'acknowledged_at',
      'acknowledged_by',
      'reopened_at',
      'label',
      'labelled_by',
    ]);
  });

  test('another run has nothing of it', async () => {
    await store.writer.beginRun({ ...RUN, runId: 'bbbb' });
    await store.writer.writeAlertEvents([alertEvent(1, 'opened', 1)]);
    await store.writer.flush();
    expect(await rows(store, 'SELECT status, incident_id FROM alerts')).toEqual([
      { status: 'open', incident_id: null },
    ]);
    expect(await rows(store, 'SELECT count() AS n FROM alert_history')).toEqual([{ n: 1 }]);
    expect(await rows(store, "SELECT count() AS n FROM alerts_all WHERE run_id = 'aaaa'")).toEqual([{ n: 5 }]);
  });
});
