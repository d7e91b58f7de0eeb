import type { AlertEvent } from '../event.ts';
import { clean } from './clean.ts';
import { rangeOf, type TimeRange } from './place.ts';

export interface Link {
  readonly text: string;
  readonly href: string;
}

const MAX_HREF = 2000;

/** Where the logs of the incident can be read, by the provider; null where no address can be made. */
export function consoleLink(event: AlertEvent): Link | null {
  const { provider, account, region, name } = event.function;
  if (name === '*' || name === '') return null;
  const range = rangeOf(event);
  if (!Number.isFinite(range.fromMs + range.toMs)) return null;
  const link =
    provider === 'aws'
      ? cloudWatch(region, logGroupOf(event), range)
      : provider === 'gcp'
        ? logsExplorer(account, name, range)
        : null;
  return link === null || link.href.length > MAX_HREF ? null : link;
}

/** Where the function logs: what the event says, or where functions log that were not told otherwise. */
export function logGroupOf({ function: { name, log_group } }: Pick<AlertEvent, 'function'>): string {
  return log_group ?? `/aws/lambda/${name}`;
}

/** The log group in the time range, all streams together. The console wants values of its fragment encoded twice, with `$` for `%`. */
function cloudWatch(region: string | null, logGroup: string, { fromMs, toMs }: TimeRange): Link | null {
  const host = region === null ? null : consoleHost(region);
  if (host === null) return null;
  const group = twice(logGroup);
  const query = once(`?start=${fromMs}&end=${toMs}`);
  return {
    text: 'Open the logs in CloudWatch',
    href: `https://${host}/cloudwatch/home?region=${region}#logsV2:log-groups/log-group/${group}/log-events${query}`,
  };
}

/** By the partition that the region is of; null where there is no console on the internet. */
function consoleHost(region: string): string | null {
  if (!/^[a-z]{2}(?:-[a-z]{2,12}){1,2}-\d{1,2}$/.test(region)) return null;
  if (/^(?:us|eu)-iso/.test(region)) return null;
  if (region.startsWith('cn-')) return `${region}.console.amazonaws.cn`;
  if (region.startsWith('us-gov-')) return `${region}.console.amazonaws-us-gov.com`;
  return `${region}.console.aws.amazon.com`;
}

const strict = (text: string) =>
  encodeURIComponent(clean(text, 512)).replace(
    /[!'()*~]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
const once = (text: string) => strict(text).replaceAll('%', '$');
const twice = (text: string) => once(strict(text));

/** Google's Logs Explorer on the function, whichever generation it is of. */
function logsExplorer(project: string | null, name: string, { fromMs, toMs }: TimeRange): Link | null {
  if (project === null || !/^[a-z][a-z0-9-]{4,29}$/.test(project)) return null;
  const quoted = JSON.stringify(name);
  const query = strict(`resource.labels.function_name=${quoted} OR resource.labels.service_name=${quoted}`);
  const [from, to] = [fromMs, toMs].map((ms) => new Date(ms).toISOString());
  return {
    text: 'Open the logs in Google Cloud',
    href: `https://console.cloud.google.com/logs/query;query=${query};startTime=${from};endTime=${to}?project=${project}`,
  };
}
