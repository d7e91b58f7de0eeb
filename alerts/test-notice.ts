import type { AlertEvent } from './event.ts';
import type { Notice } from './notice.ts';

const TEXT = 'Test of this destination: nothing is wrong. You will be told here when something is.';

/** Somebody tries a destination: an incident of its own that opens and is resolved at once. @param id unlike any other */
export function testNotices(id: string, atMs: number): readonly [opened: Notice, resolved: Notice] {
  const at = new Date(atMs).toISOString();
  const notice = (version: number, transition: 'opened' | 'resolved'): Notice => ({
    schema: 1,
    incident_id: `test-${id}`,
    version,
    transition,
    status: transition === 'opened' ? 'open' : 'resolved',
    loud: true,
    at,
    opened_at: at,
    by: 'tripline',
    reason: transition === 'opened' ? 'somebody tries this destination' : 'the test is over',
    event: testEvent(id, at, transition),
  });
  return [notice(1, 'opened'), notice(2, 'resolved')];
}

function testEvent(id: string, at: string, event: 'opened' | 'resolved'): AlertEvent {
  return {
    schema: 1,
    event,
    alert_id: `test-${id}`,
    at,
    started_at: at,
    ...(event === 'resolved' && { ended_at: at }),
    function: { provider: 'aws', account: null, region: null, name: 'tripline-test', version: null },
    signal: 'telemetry',
    related_signals: [],
    severity: 'info',
    observed: null,
    expected: null,
    unit: '',
    score: 0,
    window_ms: 60_000,
    baseline: { windows: 0, kind: 'none' },
    text: TEXT,
    why: ['sent by tripline doctor --send'],
    threats: [],
    evidence: { request_ids: [], config_hash: 'test' },
    impact: {},
    page: false,
  };
}
