import { randomUUID } from 'node:crypto';
import type { AlertEvent } from '../alerts/event.ts';
import type { Notice } from '../alerts/notice.ts';

const TEXT = 'This is a test of Tripline: nothing is wrong.';

/** What `tripline notify test` sends: marked as a test in every field that people read. */
export function testNotice(nowMs: number, by: string): Notice {
  const at = new Date(nowMs).toISOString();
  const id = `test-${randomUUID().slice(0, 8)}`;
  const event: AlertEvent = {
    schema: 1,
    event: 'opened',
    alert_id: id,
    at,
    started_at: at,
    function: { provider: 'aws', account: null, region: null, name: 'tripline-test', version: null },
    signal: 'errors',
    related_signals: [],
    severity: 'info',
    observed: null,
    expected: null,
    unit: '',
    score: 0,
    window_ms: 60_000,
    baseline: { windows: 0, kind: 'test' },
    text: TEXT,
    why: ['somebody ran tripline notify test'],
    threats: [],
    evidence: { request_ids: [], config_hash: 'test' },
    impact: {},
  };
  return {
    schema: 1,
    incident_id: id,
    version: 1,
    transition: 'opened',
    status: 'open',
    loud: true,
    at,
    opened_at: at,
    by,
    reason: TEXT,
    event,
  };
}

/** Ends what the test has opened where the destination keeps incidents. */
export function testOver(notice: Notice): Notice {
  const { event } = notice;
  return {
    ...notice,
    version: notice.version + 1,
    transition: 'resolved',
    status: 'resolved',
    loud: false,
    event: { ...event, event: 'resolved', ended_at: notice.at },
  };
}
