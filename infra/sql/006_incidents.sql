-- What became of incidents, by whom and why: what people were told, and what was only kept. Numbered by who decided it, so
-- that a process that was killed writes the same row again. Small and precious: no TTL.

CREATE TABLE IF NOT EXISTS incident_events_data
(
    run_id LowCardinality(String),
    epoch LowCardinality(String),
    n UInt64 CODEC(Delta, ZSTD(1)),
    at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    incident_id String,
    version UInt32 CODEC(T64, ZSTD(1)),
    transition LowCardinality(String),
    status LowCardinality(String),
    changed_by LowCardinality(String),
    reason String CODEC(ZSTD(1)),
    told Array(LowCardinality(String)),
    loud Bool,
    label LowCardinality(String),
    alert_id String,
    fn String,
    signal LowCardinality(String),
    severity LowCardinality(String),
    details_json String CODEC(ZSTD(1)),
    inserted_at DateTime('UTC') MATERIALIZED now()
)
ENGINE = ReplacingMergeTree
PARTITION BY run_id
ORDER BY (run_id, epoch, n);

ALTER TABLE incident_events_data MODIFY SETTING non_replicated_deduplication_window = 1000;

CREATE OR REPLACE VIEW incident_events_all AS
SELECT run_id, at, incident_id, version, transition, status, changed_by, reason, told, loud, label, alert_id, fn, signal,
    severity, details_json, epoch, n
FROM incident_events_data FINAL;

CREATE OR REPLACE VIEW incident_events AS
SELECT * EXCEPT run_id FROM incident_events_all WHERE run_id = (SELECT run_id FROM current_run);
