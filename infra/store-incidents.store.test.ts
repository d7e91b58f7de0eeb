import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type IncidentRow, incidentRowOf } from '../alerts/incident-row.ts';
import { openStore, type Store } from './store.ts';
import { PLACES, type Place } from './store-places.fixture.ts';
import { alertEvent, RUN, rows, START_MS } from './store-samples.fixture.ts';

const at = new Date(START_MS).toISOString();
const event = alertEvent(1, 'opened', 1);

const SAID = [
  { kind: 'transition', transition: 'acknowledged', incident_id: 'i1', status: 'acknowledged', version: 2, at, by: 'bob', reason: 'on it', event },
  { kind: 'label', incident_id: 'i1', label: 'planned', at, by: 'ann', note: "a load test:\tit's fine", event },
  { kind: 'label', incident_id: 'old', label: 'true', at, by: 'ann', note: '', event: null },
  { kind: 'silence', silence_id: 's1', change: 'added', at, until: at, by: 'ann', why: 'works', match: { function: ['pay-*'] } },
] as const; // biome-ignore format: one entry a line reads as a table

const ROWS = SAID.map((entry, i) => incidentRowOf({ epoch: 'e', n: i + 1, entry }) as IncidentRow);

describe.each(PLACES)('what became of incidents, in a store %s', (_name, open) => {
  let place: Place;
  let store: Store;
  let runs = 0;
  const begin = () => store.writer.beginRun({ ...RUN, runId: (0x100 + ++runs).toString(16) });

  beforeAll(async () => {
    place = await open();
    store = await openStore(place.address);
  });
  afterAll(async () => {
    await store.close();
    await place.clean();
  });

  test('each row says who and why, and stands once however often it is written', async () => {
    await begin();
    for (let time = 0; time < 2; time++) {
      await store.writer.writeIncidents(ROWS);
      await store.writer.flush();
    }
    const columns =
      'incident_id, version, transition, status, changed_by, reason, label, alert_id, fn, signal, details_json';
    const nothing = { version: 0, status: '', label: '', alert_id: '', fn: '', signal: '', details_json: '' };
    const known = { alert_id: 'a1', fn: 'aws/-/eu-west-1/service-1', signal: 'errors' };
    expect(await rows(store, `SELECT ${columns} FROM incident_events ORDER BY n`)).toEqual([
      {
        ...nothing,
        ...known,
        incident_id: 'i1',
        version: 2,
        transition: 'acknowledged',
        status: 'acknowledged',
        changed_by: 'bob',
        reason: 'on it',
      },
      {
        ...nothing,
        ...known,
        incident_id: 'i1',
        transition: 'labelled',
        changed_by: 'ann',
        reason: "a load test:\tit's fine",
        label: 'planned',
      },
      { ...nothing, incident_id: 'old', transition: 'labelled', changed_by: 'ann', reason: '', label: 'true' },
      {
        ...nothing,
        incident_id: 's1',
        transition: 'silence added',
        changed_by: 'ann',
        reason: 'works',
        details_json: `{"match":{"function":["pay-*"]},"until":"${at}"}`,
      },
    ]);
  });

  test('the newest label of each incident is found', async () => {
    await begin();
    const [, planned, old] = ROWS as [IncidentRow, IncidentRow, IncidentRow];
    await store.writer.writeIncidents([...ROWS, { ...planned, n: 9, label: 'false', atMs: planned.atMs + 1 }, old]);
    await store.writer.flush();
    // as in docs/alerting.md
    const newest = `SELECT incident_id, argMax(label, (at, n)) AS label, argMax(fn, (at, n)) AS fn, argMax(signal, (at, n)) AS signal
      FROM incident_events WHERE transition = 'labelled' GROUP BY incident_id`;
    expect(await rows(store, `${newest} ORDER BY incident_id`)).toEqual([
      { incident_id: 'i1', label: 'false', fn: 'aws/-/eu-west-1/service-1', signal: 'errors' },
      { incident_id: 'old', label: 'true', fn: '', signal: '' },
    ]);
  });

  test('a run that starts afresh has none of them, and another life of the desk counts on its own', async () => {
    await begin();
    expect(await rows(store, 'SELECT count() AS n FROM incident_events')).toEqual([{ n: 0 }]);
    await store.writer.writeIncidents([...ROWS, ...ROWS.map((row) => ({ ...row, epoch: 'f' }))]);
    await store.writer.flush();
    expect(await rows(store, 'SELECT count() AS n FROM incident_events')).toEqual([{ n: 2 * ROWS.length }]);
    runs--;
    await begin();
    expect(await rows(store, 'SELECT count() AS n FROM incident_events')).toEqual([{ n: 0 }]);
  });
});
