import { type Incident, slim } from './desk-incident.ts';
import type { AlertEvent } from './event.ts';
import type { IncidentStatus, Notice, Transition } from './notice.ts';

/** What became of an incident by the desk: a row of `alert_events`. */
export interface TransitionEntry {
  readonly kind: 'transition';
  readonly transition:
    | 'pending'
    | 'acknowledged'
    | 'expired'
    | 'reopened'
    | 'renotified'
    | 'silenced'
    | 'unsilenced'
    | 'digest';
  readonly incident_id: string;
  readonly status: IncidentStatus | 'pending';
  /** of the last notice */
  readonly version: number;
  /** ISO 8601 UTC, event time */
  readonly at: string;
  readonly by: string;
  readonly reason: string;
  readonly event: AlertEvent;
}

/** What somebody said of an incident, for tuning. */
export interface LabelEntry {
  readonly kind: 'label';
  readonly incident_id: string;
  readonly label: string;
  readonly at: string;
  readonly by: string;
  readonly note: string;
  /** null = it is not remembered any more */
  readonly event: AlertEvent | null;
}

/** What became of a silence. */
export interface SilenceEntry {
  readonly kind: 'silence';
  readonly silence_id: string;
  readonly change: 'added' | 'expired' | 'ended';
  readonly at: string;
  readonly until: string;
  readonly by: string;
  readonly why: string;
  readonly match: Readonly<Record<string, unknown>>;
}

/** A command that could not be carried out. */
export interface RefusedEntry {
  readonly kind: 'refused';
  readonly command: string;
  readonly why: string;
}

/** For who carries it out: a destination. */
export interface ResendEntry {
  readonly kind: 'resend';
  readonly destination: string;
  readonly delivery: string;
  readonly by: string;
}

export type DeskEntry = TransitionEntry | LabelEntry | SilenceEntry | RefusedEntry | ResendEntry;

/** What the desk says: a notice and who gets it, or something that is only kept. */
export type DeskSaid = { readonly notice: Notice; readonly to: readonly string[] } | { readonly entry: DeskEntry };

export const iso = (ms: number): string => new Date(ms).toISOString();

export interface Telling {
  readonly transition: Transition;
  readonly loud: boolean;
  readonly atMs: number;
  readonly by?: string;
  readonly reason: string;
}

/** The next notice of an incident: counts its version on. */
export function noticeOf(incident: Incident, { transition, loud, atMs, by = 'tripline', reason }: Telling): Notice {
  incident.version++;
  incident.openedMs ??= atMs;
  return {
    schema: 1,
    incident_id: incident.id,
    version: incident.version,
    transition,
    status: incident.status === 'pending' ? 'open' : incident.status,
    loud,
    at: iso(atMs),
    opened_at: iso(incident.openedMs),
    by,
    reason,
    event: incident.event,
  };
}

export function transitionOf(
  { id, status, version, event }: Incident,
  {
    transition,
    atMs,
    by = 'tripline',
    reason,
  }: Omit<Telling, 'transition' | 'loud'> & Pick<TransitionEntry, 'transition'>,
): DeskSaid {
  const entry = {
    kind: 'transition',
    transition,
    incident_id: id,
    status,
    version,
    at: iso(atMs),
    by,
    reason,
    event: slim(event),
  } as const;
  return { entry };
}
