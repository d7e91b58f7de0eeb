import type { AlertEvent } from '../event.ts';
import type { Notice } from '../notice.ts';
import { AT } from './events.fixture.ts';
import { ERRORS, OPENED } from './opened.fixture.ts';

export function noticeOf(event: AlertEvent, more: Partial<Notice> = {}): Notice {
  return {
    schema: 1,
    incident_id: event.alert_id,
    version: 1,
    transition: 'opened',
    status: 'open',
    loud: true,
    at: event.at,
    opened_at: AT,
    by: 'tripline',
    reason: event.text,
    event,
    ...more,
  };
}

const LATER = '2026-11-23T02:46:00.000Z';
const later = (event: AlertEvent, kind: AlertEvent['event'] = 'updated'): AlertEvent => ({
  ...event,
  event: kind,
  at: LATER,
  ...(kind === 'resolved' ? { ended_at: LATER } : {}),
});

/** What becomes of an incident. */
const BECOMES: Readonly<Record<string, Notice>> = {
  updated: noticeOf(later({ ...ERRORS, observed: 71, impact: { usd_per_hour: 2.9, failed_per_hour: 826 } }), {
    version: 2,
    transition: 'updated',
    reason: 'severity rose from error to critical',
  }),
  acknowledged: noticeOf(later(ERRORS), {
    version: 3,
    transition: 'acknowledged',
    status: 'acknowledged',
    loud: false,
    by: 'ada',
    reason: 'rolling back',
  }),
  resolved: noticeOf(later(ERRORS, 'resolved'), { version: 4, transition: 'resolved', status: 'resolved' }),
  'resolved-new-level': noticeOf(
    later(
      { ...OPENED.egress!, evidence: { ...OPENED.egress!.evidence, rule: 'floor; shifted: the new level' } },
      'resolved',
    ),
    { version: 2, transition: 'resolved', status: 'resolved' },
  ),
  'resolved-once': noticeOf(later(OPENED['content-secret']!, 'resolved'), {
    version: 2,
    transition: 'resolved',
    status: 'resolved',
    loud: false,
    reason: 'nothing more within an hour',
  }),
  'resolved-hole': noticeOf(later(OPENED['telemetry-hole']!, 'resolved'), {
    version: 2,
    transition: 'resolved',
    status: 'resolved',
  }),
  expired: noticeOf(later(ERRORS), {
    version: 4,
    transition: 'expired',
    status: 'expired',
    at: '2026-11-24T02:46:00.000Z',
    reason: 'nothing was heard of it for 24 h',
  }),
  reopened: noticeOf(later(ERRORS), {
    version: 5,
    transition: 'reopened',
    reason: 'it began again 12 min after it was over',
  }),
  renotified: noticeOf(later(ERRORS), {
    version: 6,
    transition: 'renotified',
    reason: 'nobody has acknowledged it for 30 min',
  }),
  'digest-over': noticeOf(later(ERRORS, 'resolved'), {
    incident_id: 'storm-2026-11-23T02:14',
    version: 7,
    transition: 'resolved',
    status: 'resolved',
    loud: true,
    reason: 'all 214 incidents told together since 2026-11-23T02:14:00.000Z are over',
    digest: {
      incidents: 214,
      over: 214,
      from: AT,
      to: LATER,
      by_signal: { errors: 120, timeouts: 61, duration: 33 },
      by_severity: { critical: 4, error: 90, warning: 120 },
      by_region: { 'eu-west-1': 201, 'eu-central-1': 13 },
      by_account: { '811027986641': 150, '303402100817': 40, '519920336655': 14, '740012345678': 10 },
      worst: [ERRORS],
    },
  }),
  test: noticeOf(
    {
      ...ERRORS,
      function: { provider: 'aws', account: null, region: null, name: 'tripline-test', version: null },
      severity: 'info',
      observed: null,
      expected: null,
      text: 'Test of this destination: nothing is wrong.',
      evidence: { request_ids: [], config_hash: 'test' },
    },
    { incident_id: 'test-1' },
  ),
  digest: noticeOf(ERRORS, {
    incident_id: 'storm-2026-11-23T02:14',
    transition: 'digest',
    at: LATER,
    reason: '194 more, 214 incidents told together since 2026-11-23T02:14:00.000Z, 20 of them over',
    digest: {
      incidents: 214,
      over: 20,
      from: AT,
      to: LATER,
      by_signal: { errors: 120, timeouts: 61, duration: 33 },
      by_severity: { critical: 4, error: 90, warning: 120 },
      by_region: { 'eu-west-1': 201, 'eu-central-1': 13 },
      by_account: { '811027986641': 150, '303402100817': 40, '519920336655': 14, '740012345678': 10 },
      worst: [ERRORS, OPENED.timeouts!, OPENED.egress!, OPENED.cost!, OPENED.duration!, OPENED.oom!],
    },
  }),
};

/** Every kind of message, by the name of its golden files. */
export const CASES: Readonly<Record<string, Notice>> = {
  ...Object.fromEntries(Object.entries(OPENED).map(([name, event]) => [`opened-${name}`, noticeOf(event)])),
  ...BECOMES,
};
