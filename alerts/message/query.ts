import type { AlertEvent, Signal } from '../event.ts';
import { clean, entryOf } from './clean.ts';
import { logGroupOf } from './console-link.ts';
import { rangeOf } from './place.ts';

/** One query to run, in the language of the provider's console. */
export interface Query {
  readonly language: string;
  readonly text: string;
}

const REQUEST_ID = /^[0-9A-Za-z-]{1,64}$/;
const MAX_IDS = 3;

/** The alert's requests or, where it names none, what its signal is about; null where the provider has no such language. */
export function queryOf(event: AlertEvent): Query | null {
  const { provider, name } = event.function;
  const made = name === '*' ? undefined : entryOf(LANGUAGES, provider);
  return made === undefined ? null : { language: made.language, text: made.lines(event).join('\n') };
}

interface Language {
  readonly language: string;
  readonly lines: (event: AlertEvent) => readonly string[];
}

const LANGUAGES: Readonly<Record<string, Language>> = {
  aws: {
    language: 'CloudWatch Logs Insights',
    lines: (event) => [whereLine(event), ...ownLines(event, insightsLines(event))],
  },
  gcp: { language: 'Google Cloud Logs Explorer', lines: loggingLines },
  azure: { language: 'Azure Log Analytics', lines: kustoLines },
};

const NAME_LENGTH = 200;
const quoted = (name: string) => JSON.stringify(clean(name, NAME_LENGTH));

/** Both generations of functions: they label themselves differently. */
function loggingLines(event: AlertEvent): string[] {
  const [from, to] = instants(event);
  const name = quoted(event.function.name);
  return [
    `(resource.labels.function_name=${name} OR resource.labels.service_name=${name})`,
    `timestamp>="${from}" AND timestamp<="${to}"`,
  ];
}

/** Functions of an app are named `app/function`; an operation is the function alone. */
function kustoLines(event: AlertEvent): string[] {
  const [from, to] = instants(event);
  const { name } = event.function;
  return [
    'AppRequests',
    `| where TimeGenerated between (datetime(${from}) .. datetime(${to}))`,
    `| where OperationName == ${quoted(name.slice(name.lastIndexOf('/') + 1))}`,
    '| order by TimeGenerated asc',
    '| take 200',
  ];
}

function instants(event: AlertEvent): [string, string] {
  const { fromMs, toMs } = rangeOf(event);
  return [new Date(fromMs).toISOString(), new Date(toMs).toISOString()];
}

/** Where to run it, as a comment of the query. */
function whereLine(event: AlertEvent): string {
  const [from = '', to = ''] = instants(event).map((instant) => instant.slice(0, 16).replace('T', ' '));
  const until = from.slice(0, 10) === to.slice(0, 10) ? to.slice(11) : to;
  return `# log group ${clean(logGroupOf(event), NAME_LENGTH)}, ${from} to ${until} UTC`;
}

/** In a group that it chose a function may not be alone: there its streams are named `YYYY/MM/DD/NAME[VERSION]ID`. */
function ownLines({ function: { name, log_group } }: AlertEvent, lines: readonly string[]): readonly string[] {
  if (log_group === undefined) return lines;
  const [first = '', ...others] = lines;
  return [`filter @logStream like ${JSON.stringify(`/${clean(name, NAME_LENGTH)}[`)}`, `| ${first}`, ...others];
}

function insightsLines(event: AlertEvent): readonly string[] {
  const ids = event.evidence.request_ids.filter((id) => REQUEST_ID.test(id)).slice(0, MAX_IDS);
  const filter =
    ids.length > 0 ? `filter @requestId in [${ids.map((id) => `"${id}"`).join(', ')}]` : FILTERS[event.signal];
  if (filter === undefined) return SUMS[event.signal] ?? LAST_CALLS;
  return ['fields @timestamp, @requestId, @message', `| ${filter}`, '| sort @timestamp asc', '| limit 200'];
}

/** Lines to read. */
const FILTERS: Readonly<Partial<Record<Signal, string>>> = {
  errors: 'filter @message like /(?i)error|exception|Status: (error|timeout)/',
  error_type: 'filter @message like /(?i)error|exception/',
  timeouts: 'filter @message like /Task timed out|Status: timeout/',
  oom: 'filter @message like /OutOfMemory|signal: killed|heap out of memory/',
  access: 'filter @message like /(?i)40[13]|denied|not authorized/',
};

const reports = (...lines: readonly string[]) => ['filter @type = "REPORT"', ...lines.map((line) => `| ${line}`)];
const LAST_CALLS = ['fields @timestamp, @requestId, @message', '| sort @timestamp desc', '| limit 50'];

/** Numbers to look at, minute by minute or call by call, where no line tells. */
const SUMS: Readonly<Partial<Record<Signal, readonly string[]>>> = {
  invocations: reports('stats count(*) as calls by bin(1m) as minute', 'sort minute asc'),
  cost: reports('stats count(*) as calls, sum(@billedDuration) as billed_ms by bin(5m) as time', 'sort time asc'),
  duration: reports('fields @timestamp, @requestId, @duration', 'sort @duration desc', 'limit 20'),
  pattern: reports('fields @timestamp, @requestId, @duration, @maxMemoryUsed', 'sort @duration desc', 'limit 20'),
  memory: reports('fields @timestamp, @requestId, @maxMemoryUsed, @memorySize', 'sort @maxMemoryUsed desc', 'limit 20'),
  cold_starts: reports('stats count(@initDuration) as cold, count(*) as calls by bin(1m) as minute', 'sort minute asc'),
};
