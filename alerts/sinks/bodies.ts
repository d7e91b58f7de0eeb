import type { Notice } from '../notice.ts';

export interface SlackMessage {
  /** for notifications, and where blocks cannot be shown */
  readonly text: string;
  readonly blocks: readonly object[];
  readonly attachments?: readonly object[];
}

export interface PagerDutyBody {
  readonly payload: {
    readonly summary: string;
    readonly source: string;
    readonly severity: 'critical' | 'error' | 'warning' | 'info';
    readonly timestamp?: string;
    readonly component?: string;
    readonly group?: string;
    readonly class?: string;
    readonly custom_details?: object;
  };
  readonly links: readonly { readonly href: string; readonly text: string }[];
}

export interface AlertmanagerParts {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

const SECTION_CHARACTERS = 3000;

/** At most so many UTF-16 units, no half of a pair at the end. */
export function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  return `${text.slice(0, most - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

const escapeSlack = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const lineOf = ({ transition, event }: Notice): string => `${transition} (${event.severity}): ${event.text}`;

export function slackMessageOf(notice: Notice): SlackMessage {
  const text = cut(lineOf(notice), SECTION_CHARACTERS);
  const section = { type: 'section', text: { type: 'plain_text', text } };
  return { text: escapeSlack(text), blocks: [section] };
}

/** One line for the thread of an incident: what changed, who did it, and why it is told. */
export function changeLineOf({ transition, by, reason }: Notice): string {
  const who = by === 'tripline' ? '' : ` by ${by}`;
  return escapeSlack(cut(`${transition}${who}: ${reason}`, SECTION_CHARACTERS));
}

export function pagerDutyBodyOf(notice: Notice): PagerDutyBody {
  const { event } = notice;
  const payload = {
    summary: lineOf(notice),
    source: event.function.name,
    severity: event.severity,
    timestamp: notice.at,
    class: event.signal,
    custom_details: { why: event.why },
  };
  return { payload, links: [] };
}

export function alertmanagerPartsOf({ incident_id, event, reason }: Notice): AlertmanagerParts {
  const labels = {
    alertname: 'Tripline',
    incident: incident_id,
    signal: event.signal,
    severity: event.severity,
    function: event.function.name,
  };
  return { labels, annotations: { summary: event.text, reason } };
}
