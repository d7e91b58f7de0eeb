import type { Severity, Signal } from '../event.ts';
import type { IncidentStatus, Notice, NoticeDigest, Transition } from '../notice.ts';
import { adviceOf } from './advice.ts';
import { clean, fit } from './clean.ts';
import { consoleLink, type Link } from './console-link.ts';
import { type DigestLine, digestFacts, digestLines, digestTitle } from './digest.ts';
import { type Fact, openFacts, overFacts, takenFacts } from './facts.ts';
import { isOnce, overText, WORDS, whatText, whoText } from './headline.ts';
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

/** Makes a notice readable. A function of the notice alone. About half a millisecond. */
export function messageOf(notice: Notice): Message {
  const { event, digest } = notice;
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
    title: fit(digest === undefined ? titleOf(notice) : digestTitle(digest, notice.status), TITLE_LENGTH),
    lead: leadOf(notice),
    ...(digest === undefined ? ofIncident(notice, id) : ofDigest(digest, notice.status)),
  };
}

type Body = 'facts' | 'advice' | 'history' | 'requestIds' | 'link' | 'query' | 'explain' | 'worst';
/** `config_hash` of what somebody sends to try a destination: there is nothing behind it. */
const TEST = 'test';
const NOTHING_TO_DO = { advice: null, history: null, requestIds: [], query: null } as const;

function ofDigest(digest: NoticeDigest, status: IncidentStatus): Pick<Message, Body> {
  const worst = status === 'resolved' ? [] : digestLines(digest);
  return { ...NOTHING_TO_DO, facts: digestFacts(digest), link: null, explain: null, worst };
}

function ofIncident({ event, status, transition, at }: Notice, id: string): Pick<Message, Body> {
  if (event.evidence.config_hash === TEST) return { ...NOTHING_TO_DO, facts: [], link: null, explain: null, worst: [] };
  const explain = `tripline explain ${/^[\w-]+$/.test(id) ? id : 'ALERT'}`;
  const always = { link: consoleLink(event), explain, worst: [] };
  if (status === 'resolved' || status === 'expired') return { ...always, ...NOTHING_TO_DO, facts: overFacts(event) };
  if (transition === 'acknowledged') return { ...always, ...NOTHING_TO_DO, facts: takenFacts(event, at) };
  return {
    ...always,
    facts: openFacts(event, at),
    advice: adviceOf(event),
    history: sparklineOf(event),
    requestIds: event.evidence.request_ids.slice(0, REQUEST_IDS).map((it) => clean(it, 64)),
    query: queryOf(event),
  };
}

function titleOf({ event, status }: Notice): string {
  const who = whoText(event);
  if (status === 'resolved') return `${who}: ${overText(event)}`;
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
function leadOf({ transition, event, at, by, reason, digest }: Notice): string {
  const severity = `${event.severity.slice(0, 1).toUpperCase()}${event.severity.slice(1)}`;
  const who = transition === 'acknowledged' && by !== 'tripline' ? ` by ${clean(by, 60)}` : '';
  const lasted = Date.parse(event.ended_at ?? at) - Date.parse(event.started_at);
  const isEnd = transition === 'resolved' || transition === 'expired';
  const isShort = digest !== undefined || isOnce(event) || lasted < 60_000;
  const how = isEnd && !isShort ? ` after ${lasting(lasted)}` : '';
  const what = transition === 'resolved' && isOnce(event) && digest === undefined ? 'Closed' : LEADS[transition];
  // an event's own text is in the title
  const why = transition === 'opened' || reason === event.text ? '' : clean(withClocks(reason, at), REASON_LENGTH);
  return `${severity}. ${what}${who}${how}, ${clock(at)}.${why === '' ? '' : ` ${sentence(why)}`}`;
}

const INSTANT = /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z/g;
const withClocks = (text: string, at: string) => text.slice(0, 2000).replace(INSTANT, (instant) => clock(instant, at));
const sentence = (text: string) =>
  `${text.slice(0, 1).toUpperCase()}${text.slice(1)}${/[.!?…]$/.test(text) ? '' : '.'}`;
