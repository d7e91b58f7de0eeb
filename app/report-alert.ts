import type { AlertEvent, AlertFunction, Severity } from '../alerts/event.ts';
import { adviceOf } from '../alerts/message/advice.ts';
import { sparklineOf } from '../alerts/message/sparkline.ts';
import { instant, type Style, shown } from './style.ts';

const MARKS: Readonly<Record<Severity, Parameters<Style> extends [string, ...infer Marks] ? Marks : never>> = {
  critical: ['bold', 'red'],
  error: ['red'],
  warning: ['yellow'],
  info: ['blue'],
};
const REQUEST_IDS = 5;
const FUNCTIONS = 8;

/** An alert for a person: what, where, why, and what to look at next. Ends with an empty line. */
export function alertText(event: AlertEvent, style: Style): string {
  const when = instant(event.at);
  if (event.event !== 'opened') {
    const word = event.event === 'resolved' ? style('RESOLVED', 'green') : style('UPDATED', ...MARKS[event.severity]);
    const changed = event.event === 'updated' ? [...whyLines(event, style), ...pageLines(event, style)] : [];
    return lines([`${word}  ${when}  ${shown(event.text)}  ${style(shown(event.alert_id), 'dim')}`, ...changed, '']);
  }
  const { request_ids: ids } = event.evidence;
  return lines([
    `${style(event.severity.toUpperCase(), ...MARKS[event.severity])}  ${when}  ${style(nameOf(event.function), 'bold')}  ${event.signal}`,
    `  ${shown(event.text)}`,
    ...whyLines(event, style),
    ...pageLines(event, style),
    ...listed('functions', (event.functions ?? []).map(nameOf), FUNCTIONS, style),
    ...listed('threats', event.threats.map(shown), event.threats.length, style),
    ...listed('requests', ids.map(shown), REQUEST_IDS, style),
    ...historyLine(event, style),
    `  ${label('check', style)}${adviceOf(event)}`,
    `  ${label('next', style)}tripline explain ${shown(event.alert_id)}`,
    '',
  ]);
}

function whyLines({ why }: AlertEvent, style: Style): string[] {
  return why.map((reason, i) => `  ${i === 0 ? label('why', style) : ' '.repeat(LABEL)}${shown(reason)}`);
}

/** Whether it pages, where that is news: when it opens, and when it has grown worth a page. */
function pageLines({ event, severity, page, page_reason: reason, evidence }: AlertEvent, style: Style): string[] {
  const isNews = evidence.paging !== undefined && (event === 'opened' || page === true);
  if (!isNews || severity === 'info' || reason === undefined) return [];
  return [`  ${label('page', style)}${page === true ? style('yes', 'bold') : 'no'}, ${shown(reason)}`];
}

/** The last hours as bars. */
function historyLine(event: AlertEvent, style: Style): string[] {
  const history = sparklineOf(event);
  return history === null ? [] : [`  ${label('history', style)}${history.line}  ${history.caption}`];
}

function listed(name: string, items: readonly string[], limit: number, style: Style): string[] {
  if (items.length === 0) return [];
  const more = items.length > limit ? `, and ${items.length - limit} more` : '';
  return [`  ${label(name, style)}${items.slice(0, limit).join(', ')}${more}`];
}

const LABEL = 11;

function label(name: string, style: Style): string {
  return style(name.padEnd(LABEL), 'dim');
}

function nameOf({ name, version }: AlertFunction): string {
  return shown(version === null || version === '$LATEST' ? name : `${name}:${version}`);
}

function lines(parts: readonly string[]): string {
  return `${parts.join('\n')}\n`;
}
