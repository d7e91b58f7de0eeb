import type { AlertEvent, Severity } from '../../alerts/event.ts';
import { OPENED } from '../../alerts/message/opened.fixture.ts';

const KINDS = ['errors', 'duration', 'timeouts', 'invocations'] as const;
const SEVERITIES: readonly Severity[] = ['error', 'warning', 'error', 'error', 'warning'];
const REGIONS = ['eu-west-1', 'eu-central-1', 'us-east-1'];
const FUNCTIONS_AN_ACCOUNT = 500;
const FIRST_ACCOUNT = 811_000_000_000;
const FIRST_ID = 0x57000000;

export interface Plan {
  readonly alerts: number;
  readonly criticals: number;
}

export const nameOf = (i: number): string => `svc-${String(i).padStart(5, '0')}-api`;
export const alertIdOf = (i: number): string => (FIRST_ID + i).toString(16).padStart(16, '0');

/** Critical ones are spread evenly over the storm, none of them at its very beginning. */
export function isCritical(i: number, { alerts, criticals }: Plan): boolean {
  if (criticals === 0) return false;
  const every = Math.floor(alerts / criticals);
  return i % every === Math.floor(every / 2) && i < every * criticals;
}

/** What detection says of the function number `i`: an incident of its own, as large as one of a real signal. */
export function eventOf(i: number, event: 'opened' | 'resolved', plan: Plan, atMs: number, startedMs: number): AlertEvent {
  const kind = KINDS[i % KINDS.length]!;
  const template = OPENED[kind]!;
  const name = nameOf(i);
  const severity = isCritical(i, plan) ? 'critical' : SEVERITIES[i % SEVERITIES.length]!;
  const account = String(FIRST_ACCOUNT + Math.floor(i / FUNCTIONS_AN_ACCOUNT));
  const { history: _, ...evidence } = template.evidence;
  return {
    ...template,
    event,
    alert_id: alertIdOf(i),
    at: new Date(atMs).toISOString(),
    started_at: new Date(startedMs).toISOString(),
    ...(event === 'resolved' ? { ended_at: new Date(atMs).toISOString() } : {}),
    function: { provider: 'aws', account, region: REGIONS[i % REGIONS.length]!, name, version: '43' },
    severity,
    text: `${name}: ${template.text.split(': ')[1]}`,
    evidence: { ...(event === 'opened' ? template.evidence : evidence), model: { kind: 'negative-binomial', mean: 1.68, size: 2.1 } },
  };
} // biome-ignore format: one fact a line
