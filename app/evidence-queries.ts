import type { AlertEvent } from '../alerts/event.ts';
import { functionKey } from '../ingest/fragment.ts';

/** Where and when to look. */
export interface Place {
  readonly fn: string;
  readonly fromMs: number;
  readonly toMs: number;
}

const MARGIN_MS = 5 * 60_000;

export function placeOf(event: AlertEvent): Place {
  const fromMs = Date.parse(event.started_at) - MARGIN_MS;
  const endMs = Math.max(Date.parse(event.at), Date.parse(event.started_at) + event.window_ms);
  return {
    fn: functionKey(event.function),
    fromMs,
    toMs: endMs + MARGIN_MS,
  };
}

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
