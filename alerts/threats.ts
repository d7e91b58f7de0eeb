import type { Signal } from './event.ts';

/** The threats that invocation logs could show, by the ids of the project's threat list. */
export const THREATS = {
  T1: 'denial of service, denial of wallet',
  T2: 'event-data injection',
  T3: 'broken authentication or access control',
  T4: 'data exfiltration',
  T6: 'misconfiguration',
  T7: 'insecure deployment configuration',
  T9: 'vulnerable or poisoned dependency',
  T10: 'larger attack surface: a new trigger',
  T11: 'unverified or forged event source',
  T12: 'inadequate monitoring and logging',
  T13: 'secrets exposed',
  T14: 'verbose errors',
  T15: 'business-logic manipulation',
  T16: 'obsolete function',
  T17: 'data persisting across executions',
  T18: 'insecure deserialization, XXE, XSS',
  T19: 'remote code execution, crashes',
  T20: 'crypto-mining, resource hijack',
  T21: 'memory leak, infinite loop',
  T22: 'over-long timeout',
  T23: 'short-lived function',
  T26: 'third-party outage or compromise',
  T27: 'low-and-slow drift',
} as const;
export type Threat = keyof typeof THREATS;

const OF_SIGNAL: Readonly<Record<Signal, readonly Threat[]>> = {
  invocations: ['T1'],
  cost: ['T1', 'T20'],
  duration: ['T20', 'T26', 'T6'],
  errors: ['T2', 'T26', 'T19'],
  error_type: ['T2', 'T18', 'T19'],
  timeouts: ['T21', 'T26', 'T22'],
  oom: ['T21', 'T18'],
  egress: ['T4', 'T9'],
  memory: ['T21', 'T17'],
  cold_starts: ['T6', 'T9'],
  silence: ['T12', 'T26'],
  lifecycle: ['T7'],
  access: ['T3'],
  content: ['T14'],
  telemetry: ['T12'],
  pattern: ['T27', 'T9'],
};

const OF_DETAIL: Readonly<Record<string, readonly Threat[]>> = {
  secret: ['T13'],
  verbose: ['T14'],
  'dormant-awake': ['T16'],
  'new-function-burst': ['T23', 'T1'],
  'first-seen': ['T23'],
  'new-version': ['T7'],
  'memory-size': ['T7', 'T6'],
  'timeout-changed': ['T7', 'T22'],
  'memory-grown': ['T1', 'T7'],
};

/** `T1 denial of service…`: what an alert of this signal may be a sign of, likeliest first. */
export function threatsOf(signal: Signal, direction: 'up' | 'down' | null, detail: string | null): string[] {
  const what = detail?.split(':', 1)[0] ?? '';
  const ids =
    signal === 'invocations' && direction === 'down'
      ? OF_SIGNAL.silence
      : ((Object.hasOwn(OF_DETAIL, what) ? OF_DETAIL[what] : undefined) ?? OF_SIGNAL[signal]);
  return ids.map((id) => `${id} ${THREATS[id]}`);
}
