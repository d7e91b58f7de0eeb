import type { AlertEvent } from './event.ts';
import type { Notice } from './notice.ts';

const TEXT = 'This is a test of Tripline: nothing is wrong.';

/**
 * Somebody tries a destination: an incident of its own that opens and is resolved at once, marked as a test in every field that
 * people read. @param id unlike any other @param by who tries it @param command that was run
 */
export function testNotices(
  id: string,
  atMs: number,
  by: string,
  command: string,
): readonly [opened: Notice, resolved: Notice] {
  const at = new Date(atMs).toISOString();
  const notice = (version: number, transition: 'opened' | 'resolved'): Notice => ({
    schema: 1,
    incident_id: `test-${id}`,
    version,
    transition,
    status: transition === 'opened' ? 'open' : 'resolved',
    loud: transition === 'opened',
    at,
    opened_at: at,
    by,
    reason: transition === 'opened' ? TEXT : 'the test is over',
    event: testEvent(id, at, transition, command),
  });
  return [notice(1, 'opened'), notice(2, 'resolved')];
}

function testEvent(id: string, at: string, event: 'opened' | 'resolved', command: string): AlertEvent {
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
    why: [`somebody ran ${command}`],
    threats: [],
    evidence: { request_ids: [], config_hash: 'test' },
    impact: {},
    page: false,
  };
}
