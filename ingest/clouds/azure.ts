import { isObject, type JsonObject, textOf } from '../formats/log-event.ts';
import type { FunctionIdentity } from '../fragment.ts';
import type { Reading } from '../reading.ts';
import { textIn, timeOf } from './values.ts';

/** What the tables of Azure have in common: who wrote a record, and when. */

const SUBSCRIPTION = /^\/subscriptions\/([0-9a-zA-Z-]{1,64})(?:\/|$)/i;
const SITE = /\/sites\/([^/]{1,200})/i;

export const azureTime = (record: JsonObject): number =>
  timeOf(record['TimeGenerated'] ?? record['time'] ?? record['timestamp']);

/** The table or category that a record says it is of, empty if it says none. */
export const tableOf = (record: JsonObject): string => textIn(record, 'Type', 'category', 'Category');

/** `West Europe` and `westeurope` are one region. */
export const locationOf = (record: JsonObject): string =>
  textIn(record, 'location', 'Location').toLowerCase().replaceAll(' ', '');

/** The app that a record's resource is, if it is a site; exports write resource ids in capitals. */
export const appOf = (record: JsonObject): string => (SITE.exec(resourceOf(record))?.[1] ?? '').toLowerCase();

export function functionOf(
  record: JsonObject,
  app: string,
  name: string,
  region: string,
  { options }: Reading,
): FunctionIdentity {
  const own = name.replace(/^Functions\./, '');
  return {
    provider: 'azure',
    account: SUBSCRIPTION.exec(resourceOf(record))?.[1]?.toLowerCase() ?? options.account ?? null,
    region: region || (options.region ?? null),
    name: app === '' ? own : `${app}/${own}`,
  };
}

const resourceOf = (record: JsonObject): string =>
  textIn(record, 'resourceId', '_ResourceId', 'ResourceId', 'resourceid');

/** Whether a JSON object is a row of a table, or a record of a diagnostic setting. */
export function isAzureRecord(value: JsonObject): boolean {
  const table = tableOf(value);
  if (TABLES.has(table)) return true;
  if ('TimeGenerated' in value && 'AppRoleName' in value) return true;
  if (isClassic(value)) return true;
  return /^\/subscriptions\//i.test(textOf(value['resourceId'])) && ('category' in value || 'Type' in value);
}

const TABLES = new Set(['AppRequests', 'AppExceptions', 'AppTraces', 'FunctionAppLogs']);

/** Rows with the names that Application Insights had before workspaces. */
export const isClassic = (value: JsonObject): boolean =>
  'cloud_RoleName' in value && 'operation_Name' in value && isObject(value);
