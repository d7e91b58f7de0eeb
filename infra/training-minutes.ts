import type { FunctionMinuteRow } from '../detectors/records.ts';
import type { StoreReader } from './store.ts';
import { linesOf } from './store-lines.ts';

// corrections of a minute add up; the current run only, in the order in which it was graded
const MINUTES = `SELECT fn, toUnixTimestamp(minute) * 1000 AS minuteMs, 0 AS patch,
  sum(m.invocations) AS invocations, sum(m.errors) AS errors, sum(m.timeouts) AS timeouts, sum(m.ooms) AS ooms,
  sum(m.cold_starts) AS coldStarts, sum(m.statuses) AS statuses, sum(m.access_denied) AS accessDenied,
  sum(m.duration_us_sum) AS durationUsSum, max(m.duration_us_max) AS durationUsMax,
  sumMap(m.duration_buckets, m.duration_counts).1 AS durationBuckets,
  sumMap(m.duration_buckets, m.duration_counts).2 AS durationCounts,
  sum(m.billed_us_sum) AS billedUsSum, sum(m.cost_pico_usd) AS costPicoUsd,
  sum(m.egress_samples) AS egressSamples, sum(m.egress_bytes) AS egressBytes,
  max(m.memory_used_max_kib) AS memoryUsedMaxKib, max(m.memory_size_kib) AS memorySizeKib
FROM function_minutes_data AS m FINAL
WHERE run_id = (SELECT run_id FROM current_run)
GROUP BY fn, minute ORDER BY minute, fn`;

const NUMBERS = ['minuteMs', 'invocations', 'errors', 'timeouts', 'ooms', 'coldStarts', 'statuses', 'accessDenied'];
const SUMS = ['durationUsSum', 'durationUsMax', 'billedUsSum', 'costPicoUsd', 'egressSamples', 'egressBytes', 'patch'];

/** How many windows are stored of the current run. @throws {StoreError} */
export async function storedMinutes(reader: StoreReader): Promise<number> {
  const sql = `SELECT count() AS n FROM (SELECT 1 FROM function_minutes_data FINAL
    WHERE run_id = (SELECT run_id FROM current_run) GROUP BY fn, minute)`;
  for await (const line of linesOf(await reader.query(sql, 'json')))
    return Number((JSON.parse(line) as { n: number }).n);
  return 0;
}

/** The stored windows of the current run by minute, then function. Holds a few at a time. @throws {StoreError} */
export async function* trainingMinutes(reader: StoreReader): AsyncGenerator<FunctionMinuteRow, void> {
  for await (const line of linesOf(await reader.query(MINUTES, 'json'))) {
    const row = JSON.parse(line) as Record<string, unknown>;
    for (const name of [...NUMBERS, ...SUMS]) row[name] = Number(row[name]); // 64-bit integers come as text
    row['durationBuckets'] = (row['durationBuckets'] as unknown[]).map(Number);
    row['durationCounts'] = (row['durationCounts'] as unknown[]).map(Number);
    yield row as unknown as FunctionMinuteRow;
  }
}
