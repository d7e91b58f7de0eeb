import type { AlertEvent } from '../../alerts/event.ts';
import type { Notice } from '../../alerts/notice.ts';

/** A function that fails, as detection tells of it. */
export const sampleEvent: AlertEvent = {
  schema: 1,
  event: 'opened',
  alert_id: '0123456789abcdef',
  at: '2026-11-20T02:14:30.000Z',
  started_at: '2026-11-20T02:10:00.000Z',
  function: { provider: 'aws', account: '123456789012', region: 'eu-central-1', name: 'checkout', version: '43' },
  signal: 'errors',
  related_signals: ['duration'],
  severity: 'critical',
  observed: 0.43,
  expected: { low: 0, mid: 0.02, high: 0.05 },
  unit: 'share',
  score: 14.2,
  window_ms: 60_000,
  baseline: { windows: 2000, kind: 'own' },
  text: 'checkout: 43 % of calls fail',
  why: ['43 of 100 calls failed, 2 are usual'],
  threats: ['T2 event-data injection'],
  evidence: { request_ids: ['8f5d3b3e-0000-4000-8000-000000000001'], config_hash: '0011223344556677' },
  impact: { failed_per_hour: 2580 },
};

/** The first notice of an incident, or what is said otherwise. */
export const sampleNotice = (otherwise: Partial<Notice> = {}): Notice => ({
  schema: 1,
  incident_id: 'inc-0123456789abcdef',
  version: 1,
  transition: 'opened',
  status: 'open',
  loud: true,
  at: '2026-11-20T02:14:30.000Z',
  opened_at: '2026-11-20T02:14:30.000Z',
  by: 'tripline',
  reason: 'it crossed the bar',
  event: sampleEvent,
  ...otherwise,
});

/** The usual life of an incident. */
export const sampleLife: readonly Notice[] = [
  sampleNotice(),
  sampleNotice({ version: 2, transition: 'updated', loud: false, reason: 'it costs more now' }),
  sampleNotice({ version: 3, transition: 'acknowledged', status: 'acknowledged', loud: false, by: 'ann', reason: 'looking' }),
  sampleNotice({ version: 4, transition: 'renotified', loud: true, reason: 'it grew by half' }),
  sampleNotice({ version: 5, transition: 'resolved', status: 'resolved', loud: true, reason: 'normal for 10 minutes' }),
]; // biome-ignore format: one notice a line reads as a table
