import type { AlertEvent } from './event.ts';

/** What happened to an incident. `digest` stands for many that were told together. */
export const TRANSITIONS = [
  'opened',
  'updated',
  'acknowledged',
  'resolved',
  'expired',
  'reopened',
  'renotified',
  'digest',
] as const;
export type Transition = (typeof TRANSITIONS)[number];

export type IncidentStatus = 'open' | 'acknowledged' | 'resolved' | 'expired';

/** What people are told of an incident: a transition and all that is known by then. One JSON object. */
export interface Notice {
  readonly schema: 1;
  /** the same from the first notice of an incident to its last, over restarts, redeploys and configurations: the dedup key */
  readonly incident_id: string;
  /** 1 = the first of this incident; each is one more than the one before */
  readonly version: number;
  readonly transition: Transition;
  readonly status: IncidentStatus;
  /** false = worth no new message: shown where one can be changed in place, or in its thread */
  readonly loud: boolean;
  /** ISO 8601 UTC, event time */
  readonly at: string;
  /** when the incident was first told */
  readonly opened_at: string;
  /** `tripline`, or the person who did it */
  readonly by: string;
  /** one sentence: why this is told now */
  readonly reason: string;
  /** newest facts from detection; of a digest: its worst */
  readonly event: AlertEvent;
  readonly digest?: NoticeDigest;
}

/** Incidents that were told as one, in a storm. */
export interface NoticeDigest {
  readonly incidents: number;
  /** of those, how many are over, or were told alone after all */
  readonly over?: number;
  readonly from: string;
  readonly to: string;
  readonly by_signal: Readonly<Record<string, number>>;
  readonly by_severity: Readonly<Record<string, number>>;
  /** at most 41 each: those that came first, and `other` */
  readonly by_region?: Readonly<Record<string, number>>;
  readonly by_account?: Readonly<Record<string, number>>;
  /** worst first, at most 20 */
  readonly worst: readonly AlertEvent[];
}

/** Whether it is of something that people have not heard of yet. */
export const isPressing = ({ transition }: Pick<Notice, 'transition'>): boolean =>
  transition === 'opened' || transition === 'reopened' || transition === 'digest';

/**
 * What people must hear of first where not all can be told at once: 0 = of what opens, what is critical or stands for many (in a
 * storm the others are twenty), 1 = what else opens, 2 = what has become critical, 3 = the rest.
 */
export function urgencyOf(notice: Notice): 0 | 1 | 2 | 3 {
  const { transition, loud, event, digest } = notice;
  const isCritical = event.severity === 'critical';
  if (isPressing(notice)) return isCritical || digest !== undefined ? 0 : 1;
  return loud && isCritical && transition === 'updated' ? 2 : 3;
}

/** What makes a delivery of it the same delivery, however often it is tried. */
export const deliveryKey = ({ incident_id, version }: Pick<Notice, 'incident_id' | 'version'>): string =>
  `${incident_id}-${version}`;
