import type { Severity } from '../event.ts';
import { fit } from './clean.ts';
import type { Message } from './message.ts';
import { whereText } from './place.ts';

/** `payload` and `links` of an event of PagerDuty's Events API v2; routing key, action and dedup key are the sender's. */
export interface PagerDutyParts {
  readonly payload: {
    readonly summary: string;
    readonly source: string;
    readonly severity: Severity;
    readonly timestamp: string;
    readonly component: string;
    readonly group: string;
    readonly class: string;
    readonly custom_details: Readonly<Record<string, string>>;
  };
  readonly links: readonly { readonly href: string; readonly text: string }[];
}

const SUMMARY = 1024;
const WORD = 255;
const DETAIL = 2000;

/** At most a few KB, far below PagerDuty's 512. */
export function pagerDutyPayload(message: Message): PagerDutyParts {
  const { place, link } = message;
  return {
    payload: {
      summary: fit(message.title, SUMMARY),
      source: fit(place.name, WORD),
      severity: message.severity,
      timestamp: message.at,
      component: fit(place.name, WORD),
      group: fit(whereText(place), WORD) || 'unknown',
      class: message.signal,
      custom_details: Object.fromEntries(details(message).map(([key, text]) => [key, fit(text, DETAIL)])),
    },
    links: link === null ? [] : [{ href: link.href, text: link.text }],
  };
}

function details(message: Message): [string, string][] {
  const { facts, worst, history, advice, requestIds, query, explain } = message;
  return [
    ['Status', message.lead],
    ...(advice === null ? [] : [['Check first', advice] as [string, string]]),
    ...facts.map(({ label, text }): [string, string] => [label, text]),
    ...worst.map(({ severity, text }, i): [string, string] => [`Worst ${i + 1}`, `${severity}: ${text}`]),
    ...(history === null ? [] : [['History', `${history.line} ${history.caption}`] as [string, string]]),
    ...(requestIds.length === 0 ? [] : [['Requests', requestIds.join(', ')] as [string, string]]),
    ...(query === null ? [] : [['Query', query.text] as [string, string]]),
    ...(explain === null ? [] : [['More', explain] as [string, string]]),
    ['Incident', message.incidentId],
  ];
}
