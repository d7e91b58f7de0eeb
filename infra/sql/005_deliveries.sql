-- How each delivery of a notice ended, by what names it for ever: a process that was killed writes the same row again.

CREATE TABLE IF NOT EXISTS deliveries_data
(
    run_id LowCardinality(String),
    destination LowCardinality(String),
    epoch LowCardinality(String),
    n UInt64 CODEC(Delta, ZSTD(1)),
    type LowCardinality(String),
    incident_id String,
    version UInt32 CODEC(T64, ZSTD(1)),
    transition LowCardinality(String),
    severity LowCardinality(String),
    at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    ended_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    attempts UInt32 CODEC(T64, ZSTD(1)),
    outcome LowCardinality(String),
    why String CODEC(ZSTD(1)),
    latency_ms UInt64 CODEC(T64, ZSTD(1)),
    is_resent Bool,
    inserted_at DateTime('UTC') MATERIALIZED now()
)
ENGINE = ReplacingMergeTree
PARTITION BY run_id
ORDER BY (run_id, destination, epoch, n)
TTL inserted_at + INTERVAL 90 DAY
SETTINGS ttl_only_drop_parts = 1;

ALTER TABLE deliveries_data MODIFY SETTING non_replicated_deduplication_window = 1000;

CREATE OR REPLACE VIEW deliveries_all AS
SELECT run_id, ended_at, destination, type, incident_id, version, transition, severity, at, outcome, attempts,
    latency_ms, why, is_resent, epoch, n
FROM deliveries_data FINAL;

CREATE OR REPLACE VIEW deliveries AS
SELECT * EXCEPT run_id FROM deliveries_all WHERE run_id = (SELECT run_id FROM current_run);
