import type { StoreReader } from '../../infra/store.ts';
import { harmlessJson, TextTable } from '../../infra/table-text.ts';
import { rowsOf } from '../store-access.ts';
import { count, plural } from '../style.ts';
import { adviseTimeout, type TimeoutAdvice } from '../timeouts.ts';

/** One row of the store: a function and the sums of its minutes. */
interface TailRow {
  readonly faas_name: string;
  readonly cloud_provider: string;
  readonly cloud_account_id: string | null;
  readonly cloud_region: string | null;
  readonly timeout_ms: number | null;
  readonly calls: number;
  readonly timeouts: number;
  readonly days: number;
  readonly buckets: readonly number[];
  readonly counts: readonly number[];
  readonly max_us: number;
  readonly cost_usd: number;
  readonly billed_us: number;
}

const TAILS = `
SELECT f.faas_name AS faas_name, f.cloud_provider AS cloud_provider, f.cloud_account_id AS cloud_account_id,
    f.cloud_region AS cloud_region, f.timeout_ms AS timeout_ms, toFloat64(m.calls) AS calls, toFloat64(m.timed_out) AS timeouts,
    toFloat64(m.days) AS days, m.histogram.1 AS buckets, arrayMap(x -> toFloat64(x), m.histogram.2) AS counts,
    toFloat64(m.max_us) AS max_us, m.cost_pico / 1e12 AS cost_usd, toFloat64(m.billed) AS billed_us
FROM functions AS f
INNER JOIN
(
    SELECT fn, sum(invocations) AS calls, sum(timeouts) AS timed_out, uniqExact(toDate(minute)) AS days,
        sumMap(duration_buckets, duration_counts) AS histogram, max(duration_us_max) AS max_us,
        sum(cost_pico_usd) AS cost_pico, sum(billed_us_sum) AS billed
    FROM function_minutes_data FINAL
    WHERE run_id = (SELECT run_id FROM current_run)
    GROUP BY fn
) AS m ON m.fn = f.fn
ORDER BY faas_name, cloud_provider, cloud_account_id, cloud_region`;

export interface TimeoutLine extends TailRow {
  readonly advice: TimeoutAdvice;
}

/** The tail of each function of the current run, and the time limit it suggests. @throws {StoreError} */
export async function readTimeouts(reader: StoreReader): Promise<TimeoutLine[]> {
  const rows = await rowsOf<TailRow>(reader, TAILS);
  return rows.map((row) => ({
    ...row,
    advice: adviseTimeout({
      calls: row.calls,
      timeouts: row.timeouts,
      days: row.days,
      buckets: row.buckets,
      counts: row.counts,
      maxUs: row.max_us,
      limitUs: row.timeout_ms === null ? null : row.timeout_ms * 1000,
      costUsd: row.cost_usd,
      billedUs: row.billed_us,
    }),
  }));
}

/** One JSON object a function; milliseconds and dollars, null = unknown. */
export function timeoutsJson(lines: readonly TimeoutLine[]): string {
  const ms = (us: number | null): number | null => (us === null ? null : Number((us / 1000).toPrecision(6)));
  return lines
    .map(
      ({
        faas_name,
        cloud_provider,
        cloud_account_id,
        cloud_region,
        timeout_ms,
        calls,
        timeouts,
        days,
        max_us,
        advice,
      }) =>
        JSON.stringify({
          faas_name,
          cloud_provider,
          cloud_account_id,
          cloud_region,
          timeout_ms,
          duration_p50_ms: ms(advice.p50Us),
          duration_p99_ms: ms(advice.p99Us),
          duration_p999_ms: ms(advice.p999Us),
          duration_p999_bound_ms: ms(advice.boundUs),
          duration_max_ms: ms(max_us),
          suggested_timeout_ms: ms(advice.suggestedUs),
          reason: advice.reason,
          hung_call_usd: advice.hangUsd,
          hung_call_suggested_usd: advice.hangUsdThen,
          invocations: calls,
          timeouts,
          days,
        }),
    )
    .map((line) => `${harmlessJson(line)}\n`)
    .join('');
}

/** What `tripline functions --timeouts` prints. */
export function timeoutsTable(lines: readonly TimeoutLine[], width: number | null): string[] {
  if (lines.length === 0) return ['no functions yet: fill the store with `tripline replay FILE`'];
  const right = (name: string) => ({ name, align: 'right' as const });
  const left = (name: string) => ({ name, align: 'left' as const });
  const table = new TextTable(
    [
      left('function'),
      right('limit'),
      right('p50'),
      right('p99'),
      right('p99.9'),
      right('max'),
      right('suggested'),
      right('hung call'),
      left('why'),
      left('evidence'),
    ],
    width,
  );
  const rows = lines.map(({ faas_name, timeout_ms, max_us, calls, days, timeouts, advice }) => [
    faas_name,
    timeout_ms === null ? 'unknown' : span(timeout_ms * 1000),
    span(advice.p50Us),
    span(advice.p99Us),
    span(advice.p999Us),
    span(max_us),
    span(advice.suggestedUs),
    hung(advice),
    advice.reason,
    `${plural(calls, 'call')}, ${plural(days, 'day')}${timeouts === 0 ? '' : `, ${plural(timeouts, 'timeout')}`}`,
  ]);
  const suggested = lines.filter(({ advice }) => advice.suggestedUs !== null).length;
  return [
    ...table.lines(rows),
    '',
    `${plural(lines.length, 'function')}, ${count(suggested)} with a suggestion; a limit is known once a call has hit it`,
  ];
}

/** `430 ms`, `12.5 s` */
function span(us: number | null): string {
  if (us === null) return '-';
  return us < 1e6 ? `${Number((us / 1000).toPrecision(3))} ms` : `${Number((us / 1e6).toPrecision(3))} s`;
}

function hung({ hangUsd, hangUsdThen }: TimeoutAdvice): string {
  const usd = (value: number | null): string => (value === null ? '?' : `$${value.toPrecision(2)}`);
  if (hangUsd === null && hangUsdThen === null) return '-';
  return hangUsdThen === null ? usd(hangUsd) : `${usd(hangUsd)} → ${usd(hangUsdThen)}`;
}
