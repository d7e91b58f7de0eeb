import type { AlertEvent, AlertFunction, Signal } from '../event.ts';
import { threatsOf } from '../threats.ts';

export const AT = '2026-11-23T02:14:00.000Z';
const STARTED = '2026-11-23T02:11:00.000Z';

export const FUNCTION: AlertFunction = {
  provider: 'aws',
  account: '811027986641',
  region: 'eu-west-1',
  name: 'checkout',
  version: '43',
};
export const REQUESTS = [
  '856f951c-59f8-4de3-9348-b053500889fb',
  'e7fe8ffa-e57c-4d84-b902-f1175fe5136b',
  'f55090cc-9bb4-44ac-a943-f711ec713beb',
  'b382d776-ce35-4fd3-8cb5-6c91d8a30590',
];

type Change = Omit<Partial<AlertEvent>, 'evidence'> & { readonly evidence?: Readonly<Record<string, unknown>> };

/** An event of `signal` as detection makes them, with what is told apart here. */
export function eventOf(signal: Signal, { evidence, ...more }: Change = {}): AlertEvent {
  const detail = typeof evidence?.detail === 'string' ? evidence.detail : null;
  return {
    schema: 1,
    event: 'opened',
    alert_id: 'b2b1c0ffee000001',
    at: AT,
    started_at: STARTED,
    function: FUNCTION,
    signal,
    related_signals: [],
    severity: 'error',
    observed: null,
    expected: null,
    unit: '',
    score: 22,
    window_ms: 300_000,
    baseline: { windows: 20_160, kind: 'negative-binomial' },
    text: `checkout: ${typeof detail === 'string' ? detail.replace('new-version:', 'version ') : signal}`,
    why: ['said once'],
    threats: threatsOf(signal, 'up', detail),
    impact: {},
    ...more,
    evidence: { request_ids: REQUESTS, config_hash: 'a1b2c3d4', ...evidence },
  };
}
