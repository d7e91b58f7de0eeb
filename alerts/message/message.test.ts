import { describe, expect, test } from '@jest/globals';
import type { AlertEvent } from '../event.ts';
import type { Notice } from '../notice.ts';
import { alertmanagerParts } from './alertmanager.ts';
import { messageOf } from './message.ts';
import { pagerDutyPayload } from './pagerduty.ts';
import { plainText } from './plain-text.ts';
import { slackBlocks } from './slack.ts';

const event: AlertEvent = {
  schema: 1,
  event: 'opened',
  alert_id: 'b2b1c0ffee000001',
  at: '2026-11-23T02:14:00.000Z',
  started_at: '2026-11-23T02:11:00.000Z',
  function: { provider: 'aws', account: '811027986641', region: 'eu-west-1', name: 'checkout', version: '43' },
  signal: 'errors',
  related_signals: ['duration'],
  severity: 'critical',
  observed: 36,
  expected: { low: 0, mid: 1.68, high: 5 },
  unit: 'failed invocations',
  score: 22,
  window_ms: 300_000,
  baseline: { windows: 20_160, kind: 'negative-binomial' },
  text: 'checkout: 36 failed invocations',
  why: ['36 of 84 calls (43 %) passes the floors: at least 3 calls, ×2.5 of the usual 2.0 %, +1.2 %'],
  threats: ['T2 event-data injection'],
  evidence: { request_ids: ['r-1', 'r-2', 'r-3', 'r-4'], config_hash: 'c' },
  impact: { usd_per_hour: 1.2, failed_per_hour: 412 },
};
const notice: Notice = {
  schema: 1,
  incident_id: 'incident-1',
  version: 1,
  transition: 'opened',
  status: 'open',
  loud: true,
  at: event.at,
  opened_at: event.at,
  by: 'tripline',
  reason: 'errors began',
  event,
};

describe('a message', () => {
  const message = messageOf(notice);

  test('says who and what in its title, with the multiple', () => {
    expect(message.title).toBe('checkout: 43 % of calls fail, 21 × the usual 2 %');
  });

  test('names three requests at most', () => {
    expect(message.requestIds).toEqual(['r-1', 'r-2', 'r-3']);
  });

  test('keeps the labels of Alertmanager over the life of the incident', () => {
    const later = messageOf({ ...notice, version: 4, transition: 'resolved', status: 'resolved' });
    expect(alertmanagerParts(later).labels).toEqual(alertmanagerParts(message).labels);
    expect(alertmanagerParts(message).labels).toEqual({
      alertname: 'Tripline',
      function: 'checkout',
      account: '811027986641',
      region: 'eu-west-1',
      signal: 'errors',
      incident_id: 'incident-1',
    });
  });

  test('has the title in every form', () => {
    expect(plainText(message).split('\n')[0]).toBe(message.title);
    expect(slackBlocks(message).text).toContain('checkout: 43 % of calls fail');
    expect(pagerDutyPayload(message).payload).toMatchObject({ summary: message.title, severity: 'critical' });
  });
});
