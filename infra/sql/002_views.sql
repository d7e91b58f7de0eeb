-- What analysts read. `invocations`, `function_minutes`, ... show the current run, the one most recently begun;
-- `invocations_all`, ... show every run and say which in run_id. Each row stands once, however often it was written.
-- Names follow the OpenTelemetry FaaS and cloud conventions where those have one. NULL = the logs do not say.

CREATE OR REPLACE VIEW current_run AS
SELECT run_id FROM current_run_data FINAL;

CREATE OR REPLACE VIEW runs AS
SELECT run_id, config_hash, input_fingerprint, command, status, totals,
    run_id = (SELECT run_id FROM current_run) AS is_current
FROM runs_data FINAL
ORDER BY run_id;

CREATE OR REPLACE VIEW invocations_all AS
SELECT run_id, time,
    splitByChar('/', fn)[1] AS cloud_provider,
    nullIf(splitByChar('/', fn)[2], '-') AS cloud_account_id,
    nullIf(splitByChar('/', fn)[3], '-') AS cloud_region,
    arrayStringConcat(arraySlice(splitByChar('/', fn), 4), '/') AS faas_name,
    version AS faas_version, instance AS faas_instance, invocation_id AS faas_invocation_id, cold_start AS faas_coldstart,
    outcome, error_type,
    duration_us / 1000 AS duration_ms, billed_us / 1000 AS billed_ms, init_us / 1000 AS init_ms, restore_us / 1000 AS restore_ms,
    cpu_us / 1000 AS cpu_ms,
    memory_size_kib * toUInt64(1024) AS memory_size_bytes, memory_used_kib * toUInt64(1024) AS memory_used_bytes,
    egress_bytes, ingress_bytes, cost_pico_usd / 1e12 AS cost_usd, is_partial, fn
FROM invocations_data FINAL;

CREATE OR REPLACE VIEW invocations AS
SELECT * EXCEPT run_id FROM invocations_all WHERE run_id = (SELECT run_id FROM current_run);

-- Quantiles come from a histogram whose bucket b covers [2^(b/8), 2^((b+1)/8)) µs: exact to a bucket, 9 % at worst.
CREATE OR REPLACE VIEW function_minutes_all AS
SELECT run_id, minute,
    splitByChar('/', fn)[1] AS cloud_provider,
    nullIf(splitByChar('/', fn)[2], '-') AS cloud_account_id,
    nullIf(splitByChar('/', fn)[3], '-') AS cloud_region,
    arrayStringConcat(arraySlice(splitByChar('/', fn), 4), '/') AS faas_name,
    invocations, errors, timeouts, ooms, cold_starts, statuses, access_denied,
    if(invocations > 0, errors / invocations, NULL) AS error_rate,
    if(durations > 0, round(duration_us / durations / 1000, 3), NULL) AS duration_avg_ms,
    if(durations > 0, round(quantiles_us[1] / 1000, 3), NULL) AS duration_p50_ms,
    if(durations > 0, round(quantiles_us[2] / 1000, 3), NULL) AS duration_p95_ms,
    if(durations > 0, round(quantiles_us[3] / 1000, 3), NULL) AS duration_p99_ms,
    if(durations > 0, max_us / 1000, NULL) AS duration_max_ms,
    billed_us / 1000 AS billed_ms, cost_pico / 1e12 AS cost_usd,
    if(bytes_samples > 0, bytes, NULL) AS egress_bytes, bytes_samples AS egress_samples,
    memory_used_max * toUInt64(1024) AS memory_used_max_bytes, memory_size * toUInt64(1024) AS memory_size_bytes, fn
FROM
(
    SELECT *, arraySum(histogram.2) AS durations, arrayCumSum(histogram.2) AS cumulative,
        arrayMap((q, i) -> least(toFloat64(max_us), exp2((histogram.1[i] + 1 - (cumulative[i] - q * durations) / histogram.2[i]) / 8)),
            [0.5, 0.95, 0.99],
            arrayMap(q -> arrayFirstIndex(upTo -> upTo >= q * durations, cumulative), [0.5, 0.95, 0.99])) AS quantiles_us
    FROM
    (
        SELECT run_id, fn, minute,
            sum(m.invocations) AS invocations, sum(m.errors) AS errors, sum(m.timeouts) AS timeouts, sum(m.ooms) AS ooms,
            sum(m.cold_starts) AS cold_starts, sum(m.statuses) AS statuses, sum(m.access_denied) AS access_denied,
            sum(m.duration_us_sum) AS duration_us, max(m.duration_us_max) AS max_us,
            sumMap(m.duration_buckets, m.duration_counts) AS histogram,
            sum(m.billed_us_sum) AS billed_us, sum(m.cost_pico_usd) AS cost_pico,
            sum(m.egress_samples) AS bytes_samples, sum(m.egress_bytes) AS bytes,
            max(m.memory_used_max_kib) AS memory_used_max, max(m.memory_size_kib) AS memory_size
        FROM function_minutes_data AS m FINAL
        GROUP BY run_id, fn, minute
    )
);

CREATE OR REPLACE VIEW function_minutes AS
SELECT * EXCEPT run_id FROM function_minutes_all WHERE run_id = (SELECT run_id FROM current_run);

CREATE OR REPLACE VIEW scores_all AS
SELECT run_id, minute,
    splitByChar('/', fn)[1] AS cloud_provider,
    nullIf(splitByChar('/', fn)[2], '-') AS cloud_account_id,
    nullIf(splitByChar('/', fn)[3], '-') AS cloud_region,
    arrayStringConcat(arraySlice(splitByChar('/', fn), 4), '/') AS faas_name,
    signal, horizon_min, score, observed, low AS expected_low, mid AS expected_mid, high AS expected_high, samples, fn
FROM scores_data FINAL;

CREATE OR REPLACE VIEW scores AS
SELECT * EXCEPT run_id FROM scores_all WHERE run_id = (SELECT run_id FROM current_run);

-- version counts the events of an alert from 1, in the order they were said.
CREATE OR REPLACE VIEW alert_events_all AS
SELECT run_id, alert_id,
    row_number() OVER (
        PARTITION BY run_id, alert_id ORDER BY at, indexOf(['opened', 'updated', 'resolved'], event), digest
    ) AS version,
    event, at, started_at, ended_at,
    splitByChar('/', fn)[1] AS cloud_provider,
    nullIf(splitByChar('/', fn)[2], '-') AS cloud_account_id,
    nullIf(splitByChar('/', fn)[3], '-') AS cloud_region,
    arrayStringConcat(arraySlice(splitByChar('/', fn), 4), '/') AS faas_name,
    e.version AS faas_version,
    signal, related_signals, severity, observed, expected_low, expected_mid, expected_high, unit, score, window_ms,
    baseline_windows, baseline_kind, text, why, threats, request_ids, config_hash,
    usd_per_hour, impact_invocations, impact_bytes, functions, fn, event_json
FROM alert_events_data AS e FINAL;

CREATE OR REPLACE VIEW alert_events AS
SELECT * EXCEPT run_id FROM alert_events_all WHERE run_id = (SELECT run_id FROM current_run);

-- An alert is its newest event; versions = how many there were.
CREATE OR REPLACE VIEW alerts_all AS
SELECT run_id, alert_id, if(event = 'resolved', 'resolved', 'open') AS status, version AS versions,
    * EXCEPT (run_id, alert_id, version, event)
FROM alert_events_all
ORDER BY version DESC
LIMIT 1 BY run_id, alert_id;

CREATE OR REPLACE VIEW alerts AS
SELECT * EXCEPT run_id FROM alerts_all WHERE run_id = (SELECT run_id FROM current_run);

CREATE OR REPLACE VIEW functions_all AS
SELECT run_id,
    splitByChar('/', fn)[1] AS cloud_provider,
    nullIf(splitByChar('/', fn)[2], '-') AS cloud_account_id,
    nullIf(splitByChar('/', fn)[3], '-') AS cloud_region,
    arrayStringConcat(arraySlice(splitByChar('/', fn), 4), '/') AS faas_name,
    first_seen, last_seen, invocations, learnt_windows, warmup_windows, version AS faas_version,
    memory_size_kib * toUInt64(1024) AS memory_size_bytes, timeout_us / 1000 AS timeout_ms, fields, fn
FROM functions_data FINAL;

CREATE OR REPLACE VIEW functions AS
SELECT * EXCEPT run_id FROM functions_all WHERE run_id = (SELECT run_id FROM current_run);

CREATE OR REPLACE VIEW coverage_all AS
SELECT run_id,
    splitByChar('/', fn)[1] AS cloud_provider,
    nullIf(splitByChar('/', fn)[2], '-') AS cloud_account_id,
    nullIf(splitByChar('/', fn)[3], '-') AS cloud_region,
    arrayStringConcat(arraySlice(splitByChar('/', fn), 4), '/') AS faas_name,
    threat, title, state, reason, fn
FROM coverage_data FINAL;

CREATE OR REPLACE VIEW coverage AS
SELECT * EXCEPT run_id FROM coverage_all WHERE run_id = (SELECT run_id FROM current_run);

CREATE OR REPLACE VIEW rejects_all AS
SELECT run_id, origin, offset, line, reason, excerpt
FROM rejects_data FINAL;

CREATE OR REPLACE VIEW rejects AS
SELECT * EXCEPT run_id FROM rejects_all WHERE run_id = (SELECT run_id FROM current_run);
