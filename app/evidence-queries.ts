import type { AlertEvent } from '../alerts/event.ts';
import { functionKey } from '../ingest/fragment.ts';

/** Where and when to look. */
export interface Place {
  readonly fn: string;
  readonly logGroup: string;
  readonly fromMs: number;
  readonly toMs: number;
}

const MARGIN_MS = 5 * 60_000;

export function placeOf(event: AlertEvent): Place {
  const fromMs = Date.parse(event.started_at) - MARGIN_MS;
  const endMs = Math.max(Date.parse(event.at), Date.parse(event.started_at) + event.window_ms);
  return {
    fn: functionKey(event.function),
    logGroup: `/aws/lambda/${event.function.name}`,
    fromMs,
    toMs: endMs + MARGIN_MS,
  };
}

/** A CloudWatch Logs Insights query for the alert's requests or, where it names none, for what its signal is about. */
export function insightsQuery({ logGroup, fromMs, toMs }: Place, event: AlertEvent): string[] {
  const ids = event.evidence.request_ids.filter((id) => /^[0-9A-Za-z-]{1,64}$/.test(id)).slice(0, 5);
  const filter =
    ids.length > 0
      ? `filter @requestId in [${ids.map((id) => `"${id}"`).join(', ')}]`
      : (FILTERS[event.signal] ?? 'filter @type = "REPORT"');
  return [
    `# log group ${logGroup}, ${new Date(fromMs).toISOString()} to ${new Date(toMs).toISOString()}`,
    'fields @timestamp, @requestId, @type, @duration, @message',
    `| ${filter}`,
    '| sort @timestamp asc',
    '| limit 200',
  ];
}

const FILTERS: Readonly<Partial<Record<AlertEvent['signal'], string>>> = {
  errors: 'filter @message like /(?i)error|exception|Status: (error|timeout)/',
  error_type: 'filter @message like /(?i)error|exception/',
  timeouts: 'filter @message like /Task timed out|Status: timeout/',
  oom: 'filter @message like /OutOfMemory|signal: killed|heap out of memory/',
  access: 'filter @message like /(?i)40[13]|denied|not authorized/',
  cold_starts: 'filter ispresent(@initDuration)',
};

/** The stored minutes around the alert, as one statement. */
export function clickHouseQuery({ fn, fromMs, toMs }: Place, event: AlertEvent): string {
  const columns =
    COLUMNS[event.signal] ?? 'invocations, errors, duration_p50_ms, duration_p95_ms, cost_usd, egress_bytes';
  const time = (ms: number) => `'${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')}'`;
  const span = `minute BETWEEN ${time(fromMs)} AND ${time(toMs)}`;
  if (event.function.name === '*') {
    return `SELECT minute, uniqExact(fn) AS functions, sum(invocations) AS invocations FROM function_minutes WHERE ${span} GROUP BY minute ORDER BY minute`;
  }
  const name = fn.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
  return `SELECT minute, ${columns} FROM function_minutes WHERE fn = '${name}' AND ${span} ORDER BY minute`;
}

const COLUMNS: Readonly<Partial<Record<AlertEvent['signal'], string>>> = {
  duration: 'invocations, duration_p50_ms, duration_p95_ms, duration_max_ms',
  errors: 'invocations, errors, error_rate',
  egress: 'invocations, egress_bytes',
  cost: 'invocations, cost_usd, duration_avg_ms',
};

/** One word for a POSIX shell. */
export function shell(text: string): string {
  if (/^[\w./:=@%+,-]+$/.test(text)) return text;
  if (!/["$`\\!]/.test(text)) return `"${text}"`;
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
