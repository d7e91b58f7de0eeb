import { FAMILY, FAMILY_OF } from '../detectors/signals/signal.ts';
import { functionKey } from '../ingest/fragment.ts';
import type { DeskSettings } from './desk-settings.ts';
import type { AlertEvent, AlertImpact, Severity } from './event.ts';
import type { IncidentStatus } from './notice.ts';

/** What was known when people were told last, loudly: what is worse than that is told loudly again. */
export interface Loud {
  readonly atMs: number;
  readonly severity: Severity;
  readonly isPage: boolean;
  readonly impact: AlertImpact;
}

/** One incident as the desk keeps it: plain data. */
export interface Incident {
  readonly id: string;
  /** counts the incidents of this desk */
  readonly seq: number;
  /** the same for whatever is the same trouble of the same function */
  readonly key: string;
  /** by which detection calls it now */
  alertId: string;
  /** newest facts */
  event: AlertEvent;
  /** pending = it must last before it is told */
  status: 'pending' | IncidentStatus;
  /** of the last notice; 0 = none */
  version: number;
  /** when it was told first, ms; null = never */
  openedMs: number | null;
  /** event time at which detection spoke of it last, ms */
  heardMs: number;
  /** destinations that were told of it alone */
  told: readonly string[];
  /** digests, by id, that it was counted in and is not over in */
  digests: readonly string[];
  /** the silence that covers it */
  silence: string | null;
  loud: Loud | null;
  pendingUntilMs: number | null;
  /** it ended, and that is told then, ms */
  resolveMs: number | null;
  /** it is worse than was told, and that is told then if it still is, ms; absent in older states */
  worseMs?: number | null;
  closedMs: number | null;
  acknowledged: { readonly by: string; readonly note: string; readonly atMs: number } | null;
  label: { readonly value: string; readonly by: string; readonly note: string; readonly atMs: number } | null;
  /** when the desk must look at it, ms; Infinity = not before something is heard */
  dueMs: number;
}

const RANK: Readonly<Record<Severity, number>> = { info: 0, warning: 1, error: 2, critical: 3 };

export const rankOf = (severity: Severity): number => RANK[severity];

const RATES = [
  ['usd_per_hour', 'cost an hour'],
  ['failed_per_hour', 'failures an hour'],
  ['lost_per_hour', 'lost calls an hour'],
  ['slow_per_hour', 'slow calls an hour'],
  ['surplus_per_hour', 'surplus calls an hour'],
  ['bytes_per_hour', 'bytes an hour'],
] as const;

/** What grows slowly has an incident of its own beside a sudden one of the same signal. */
const SLOW_CLOCK = 'cusum';

/**
 * Function and family of signals: detection has one incident of them open at a time. What happens once, and what several
 * functions have in common, is only ever itself.
 */
export function identityOf(event: AlertEvent): string {
  const family = event.baseline.kind === SLOW_CLOCK ? FAMILY.slow : FAMILY_OF[event.signal];
  if (event.functions !== undefined || family === FAMILY.event) return `alert ${event.alert_id}`;
  return `${functionKey(event.function)} ${family}`;
}

export const loudOf = (event: AlertEvent, atMs: number): Loud => ({
  atMs,
  severity: event.severity,
  isPage: event.page === true,
  impact: event.impact,
});

/** What was told a moment ago is not told again for a number: not sooner than this, unless it cannot wait, ms. */
const SETTLE_MS = 60_000;

/** When what is worse since may be told: at once where it has become critical or is worth a page. */
export function settledMs({ loud, event }: Incident): number {
  const hasBecome = event.severity === 'critical' && loud?.severity !== 'critical';
  const isUrgent = hasBecome || (event.page === true && loud?.isPage === false);
  return loud === null || isUrgent ? Number.NEGATIVE_INFINITY : loud.atMs + SETTLE_MS;
}

/** Why it is worth a new message since it was told; null = it is not. */
export function worsening(since: Loud, event: AlertEvent): string | null {
  if (RANK[event.severity] > RANK[since.severity]) return `severity rose from ${since.severity} to ${event.severity}`;
  if (event.page === true && !since.isPage) return 'it is worth a page now';
  for (const [rate, name] of RATES) {
    const [before, now] = [since.impact[rate] ?? 0, event.impact[rate] ?? 0];
    if (before > 0 && now >= 2 * before) return `${name} at least doubled since it was told`;
  }
  return null;
}

/** What was not there when it was told is what its next doubling is measured by. */
export function withNewRates(since: Loud, event: AlertEvent): Loud {
  return { ...since, impact: { ...event.impact, ...since.impact } };
}

export const isOpen = ({ status }: Incident): boolean => status === 'open' || status === 'acknowledged';

/** When the desk must look at it again, by the settings. */
export function dueOf(incident: Incident, settings: DeskSettings): number {
  const { status, heardMs, closedMs, pendingUntilMs, resolveMs, loud } = incident;
  if (status === 'resolved') return (closedMs ?? heardMs) + settings.reopenMs;
  if (status === 'expired') return (closedMs ?? heardMs) + settings.expireAfterMs;
  const dues = [heardMs + settings.expireAfterMs];
  if (pendingUntilMs !== null) dues.push(pendingUntilMs);
  if (resolveMs !== null) dues.push(resolveMs);
  if (incident.worseMs != null && status !== 'pending') dues.push(incident.worseMs);
  if (isRenotified(incident, settings) && loud !== null) dues.push(loud.atMs + settings.renotifyAfterMs);
  return Math.min(...dues);
}

/** Whether it is told again after a time. */
export function isRenotified({ status, told, silence, resolveMs, loud }: Incident, settings: DeskSettings): boolean {
  const isWaiting = status === 'open' && resolveMs === null && silence === null;
  return settings.renotifyAfterMs > 0 && isWaiting && told.length > 0 && loud !== null;
}

const LONGEST_TEXT = 500;
const MOST_FUNCTIONS = 20;

/** The same facts in little room, for what is only counted with others: at most about 5 KB. */
export function slim(event: AlertEvent): AlertEvent {
  const { request_ids, config_hash } = event.evidence;
  return {
    ...event,
    text: event.text.slice(0, LONGEST_TEXT),
    why: event.why.slice(0, 2).map((it) => it.slice(0, LONGEST_TEXT)),
    related_signals: event.related_signals.slice(0, 5),
    evidence: { request_ids: request_ids.slice(0, 3), config_hash },
    ...(event.functions === undefined ? {} : { functions: event.functions.slice(0, MOST_FUNCTIONS) }),
  };
}
