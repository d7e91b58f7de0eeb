-- Who was paged: whose budget an alert is judged by, whether it pages, and why. Events of before are of nobody and paged nobody.

ALTER TABLE alert_events_data ADD COLUMN IF NOT EXISTS owner LowCardinality(Nullable(String)) AFTER impact_bytes;

ALTER TABLE alert_events_data ADD COLUMN IF NOT EXISTS page Bool DEFAULT false AFTER owner;

ALTER TABLE alert_events_data ADD COLUMN IF NOT EXISTS page_reason String DEFAULT '' CODEC(ZSTD(1)) AFTER page;

-- As in 002_views.sql, with the three columns.
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
    usd_per_hour, impact_invocations, impact_bytes, functions, owner, page, page_reason, fn, event_json
FROM alert_events_data AS e FINAL;

CREATE OR REPLACE VIEW alert_events AS
SELECT * EXCEPT run_id FROM alert_events_all WHERE run_id = (SELECT run_id FROM current_run);

CREATE OR REPLACE VIEW alerts_all AS
SELECT run_id, alert_id, if(event = 'resolved', 'resolved', 'open') AS status, version AS versions,
    * EXCEPT (run_id, alert_id, version, event)
FROM alert_events_all
ORDER BY version DESC
LIMIT 1 BY run_id, alert_id;

CREATE OR REPLACE VIEW alerts AS
SELECT * EXCEPT run_id FROM alerts_all WHERE run_id = (SELECT run_id FROM current_run);
