import type { Severity, Signal } from '../event.ts';
import type { IncidentStatus, Notice, Transition } from '../notice.ts';
import { adviceOf } from './advice.ts';
import { clean, fit } from './clean.ts';
import { consoleLink, type Link } from './console-link.ts';
import { type DigestLine, digestFacts, digestLines, digestTitle } from './digest.ts';
import { type Fact, openFacts, overFacts } from './facts.ts';
import { WORDS, whatText, whoText } from './headline.ts';
import { clock, lasting } from './numbers.ts';
import { type Place, placeOf } from './place.ts';
import { type Query, queryOf } from './query.ts';
import { type Sparkline, sparklineOf } from './sparkline.ts';

/**
 * What a person is told. All its texts are safe: redacted, one line each, no control characters; what a sink takes for
 * markup is for the sink's renderer to escape.
 */
export interface Message {
  readonly incidentId: string;
  readonly alertId: string;
  /** number of the notice within its incident, from 1 */
  readonly version: number;
  readonly transition: Transition;
  readonly status: IncidentStatus;
  readonly loud: boolean;
  readonly severity: Severity;
  readonly signal: Signal;
  /** ISO 8601 UTC, event time: of the notice, of the first notice, of the onset */
  readonly at: string;
  readonly openedAt: string;
  readonly startedAt: string;
  readonly place: Place;
  /** who and what, at most 150 UTF-16 units: `checkout: 43 % of calls fail, 21 × the usual 2 %` */
  readonly title: string;
  /** where the incident stands: `Critical, opened 02:14 UTC` */
  readonly lead: string;
  readonly facts: readonly Fact[];
  /** what to check first; null where there is nothing to do */
  readonly advice: string | null;
  readonly history: Sparkline | null;
  /** at most 3 */
  readonly requestIds: readonly string[];
  readonly link: Link | null;
  readonly query: Query | null;
  /** a command line that tells all; null where there is no one alert */
  readonly explain: string | null;
  /** the worst of a digest; else empty */
  readonly worst: readonly DigestLine[];
}

export const TITLE_LENGTH = 150;
const REQUEST_IDS = 3;
const ID_LENGTH = 200;
const REASON_LENGTH = 300;

/** Makes a notice readable. A function of the notice alone. About 0.2 ms. */
export function messageOf(notice: Notice): Message {
  const { event, digest } = notice;
  const isDigest = notice.transition === 'digest' && digest !== undefined;
  const isOver = notice.status === 'resolved' || notice.status === 'expired';
  const id = clean(event.alert_id, ID_LENGTH);
  return {
    incidentId: clean(notice.incident_id, ID_LENGTH),
    alertId: id,
    version: notice.version,
    transition: notice.transition,
    status: notice.status,
    loud: notice.loud,
    severity: event.severity,
    signal: event.signal,
    at: notice.at,
    openedAt: notice.opened_at,
    startedAt: event.started_at,
    place: placeOf(event.function),
    title: fit(isDigest ? digestTitle(digest) : titleOf(notice), TITLE_LENGTH),
    lead: leadOf(notice),
    facts: isDigest ? digestFacts(digest, notice.at) : isOver ? overFacts(event) : openFacts(event, notice.at),
    advice: isDigest || isOver ? null : adviceOf(event),
    history: isDigest || isOver ? null : sparklineOf(event),
    requestIds: isDigest || isOver ? [] : event.evidence.request_ids.slice(0, REQUEST_IDS).map((it) => clean(it, 64)),
    link: isDigest ? null : consoleLink(event),
    query: isDigest || isOver ? null : queryOf(event),
    explain: isDigest ? null : `tripline explain ${/^[\w-]+$/.test(id) ? id : 'ALERT'}`,
    worst: isDigest ? digestLines(digest) : [],
  };
}

function titleOf({ event, status }: Notice): string {
  const who = whoText(event);
  if (status === 'resolved') return `${who}: ${WORDS[event.signal]} back to normal`;
  if (status === 'expired') return `${who}: ${WORDS[event.signal]}, closed without an end`;
  return `${who}: ${whatText(event)}`;
}

const LEADS: Readonly<Record<Transition, string>> = {
  opened: 'Opened',
  updated: 'Changed',
  acknowledged: 'Acknowledged',
  resolved: 'Resolved',
  expired: 'Expired',
  reopened: 'It is back',
  renotified: 'Still going on',
  digest: 'Many alerts at once',
};

/** Where it stands, and why it is told now. */
function leadOf({ transition, event, at, by, reason }: Notice): string {
  const severity = `${event.severity.slice(0, 1).toUpperCase()}${event.severity.slice(1)}`;
  const who = transition === 'acknowledged' && by !== 'tripline' ? ` by ${clean(by, 60)}` : '';
  const lasted = Date.parse(event.ended_at ?? at) - Date.parse(event.started_at);
  const how = transition === 'resolved' ? ` after ${lasting(lasted)}` : '';
  const why = clean(reason, REASON_LENGTH);
  return `${severity}. ${LEADS[transition]}${who}${how}, ${clock(at)}.${why === '' || transition === 'opened' ? '' : ` ${sentence(why)}`}`;
}

const sentence = (text: string) =>
  `${text.slice(0, 1).toUpperCase()}${text.slice(1)}${/[.!?…]$/.test(text) ? '' : '.'}`;
