import type { AlertEvent } from './event.ts';

type Fields = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown): boolean => typeof value === 'string';
const isName = (value: unknown): boolean => isText(value) && value !== '';
const isTime = (value: unknown): boolean => typeof value === 'string' && !Number.isNaN(Date.parse(value));
const isList = (value: unknown, isItem: (item: unknown) => boolean): boolean =>
  Array.isArray(value) && value.every(isItem);
const isTextOrNull = (value: unknown): boolean => value === null || isText(value);

const isFunction = (value: unknown): boolean =>
  isObject(value) &&
  isName(value['name']) &&
  isTextOrNull(value['account']) &&
  isTextOrNull(value['region']) &&
  (value['log_group'] === undefined || isName(value['log_group']));

const CHECKS: readonly (readonly [field: string, isIt: (value: unknown) => boolean])[] = [
  ['event', (it) => it === 'opened' || it === 'updated' || it === 'resolved'],
  ['alert_id', isName],
  ['at', isTime],
  ['started_at', isTime],
  ['function', isFunction],
  ['functions', (it) => it === undefined || isList(it, isFunction)],
  ['signal', isName],
  ['related_signals', (it) => isList(it, isText)],
  ['severity', isName],
  ['score', (it) => typeof it === 'number'],
  ['baseline', (it) => isObject(it) && isText(it['kind'])],
  ['text', isText],
  ['why', (it) => isList(it, isText)],
  ['threats', (it) => isList(it, isText)],
  ['evidence', (it) => isObject(it) && isList(it['request_ids'], isText)],
  ['impact', isObject],
];

/**
 * What is wrong with data from outside that should be an alert event: a field that those who tell of incidents need, with
 * its path; null = nothing. Fields, signals and severities of a later version pass.
 */
export function eventFault(data: unknown): string | null {
  if (!isObject(data)) return 'it is no object';
  const wrong = CHECKS.find(([field, isIt]) => !isIt(data[field]));
  if (wrong === undefined) return null;
  const [field] = wrong;
  return data[field] === undefined ? `it has no ${field}` : `its ${field} is not what it should be`;
}

/** Narrows by `eventFault`. */
export const isAlertEvent = (data: unknown): data is AlertEvent => eventFault(data) === null;
