-- What is stored. Every table is keyed by (run, what the row is) and replaces itself, so a batch written twice counts
-- once. Read the views of 002_views.sql instead: a plain SELECT here may show a row twice until ClickHouse merges.
--   fn           the function's key, provider/account/region/name, '-' where unknown
--   inserted_at  when it was written; only the TTL uses it, because event time may lie years back
-- Partitions begin with the run, so that a run can be dropped whole and no merge ever mixes two.

CREATE TABLE IF NOT EXISTS current_run_data
(
    slot UInt8,
    run_id String
)
ENGINE = ReplacingMergeTree
ORDER BY slot;

CREATE TABLE IF NOT EXISTS runs_data
(
    run_id String,
    config_hash String,
    input_fingerprint String,
    command LowCardinality(String),
    status LowCardinality(String),
    totals String CODEC(ZSTD(1)),
    inserted_at DateTime('UTC') MATERIALIZED now()
)
ENGINE = ReplacingMergeTree
ORDER BY run_id;

-- Rows of one (fn, minute) with different patches add up: patch 0 is the graded minute, the others are corrections.
CREATE TABLE IF NOT EXISTS function_minutes_data
(
    run_id LowCardinality(String),
    fn LowCardinality(String),
    minute DateTime('UTC') CODEC(Delta, ZSTD(1)),
    patch Int64 CODEC(ZSTD(1)),
    invocations Int64 CODEC(T64, ZSTD(1)),
    errors Int64 CODEC(T64, ZSTD(1)),
    timeouts Int64 CODEC(T64, ZSTD(1)),
    ooms Int64 CODEC(T64, ZSTD(1)),
    cold_starts Int64 CODEC(T64, ZSTD(1)),
    statuses Int64 CODEC(T64, ZSTD(1)),
    access_denied Int64 CODEC(T64, ZSTD(1)),
    duration_us_sum Int64 CODEC(T64, ZSTD(1)),
    duration_us_max Int64 CODEC(T64, ZSTD(1)),
    duration_buckets Array(Int16) CODEC(ZSTD(1)),
    duration_counts Array(Int64) CODEC(ZSTD(1)),
    billed_us_sum Int64 CODEC(T64, ZSTD(1)),
    cost_pico_usd Int64 CODEC(T64, ZSTD(1)),
    egress_samples Int64 CODEC(T64, ZSTD(1)),
    egress_bytes Int64 CODEC(T64, ZSTD(1)),
    memory_used_max_kib Nullable(UInt32) CODEC(ZSTD(1)),
    memory_size_kib Nullable(UInt32) CODEC(ZSTD(1)),
    inserted_at DateTime('UTC') MATERIALIZED now()
)
ENGINE = ReplacingMergeTree
PARTITION BY (run_id, toYYYYMM(minute))
ORDER BY (run_id, fn, minute, patch)
TTL inserted_at + INTERVAL 400 DAY
SETTINGS ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS invocations_data
(
    run_id LowCardinality(String),
    fn LowCardinality(String),
    time DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    invocation_id String CODEC(ZSTD(1)),
    version LowCardinality(Nullable(String)),
    instance Nullable(String) CODEC(ZSTD(1)),
    duration_us Nullable(Int64) CODEC(ZSTD(1)),
    billed_us Nullable(Int64) CODEC(ZSTD(1)),
    init_us Nullable(Int64) CODEC(ZSTD(1)),
    restore_us Nullable(Int64) CODEC(ZSTD(1)),
    memory_size_kib Nullable(UInt32) CODEC(ZSTD(1)),
    memory_used_kib Nullable(UInt32) CODEC(ZSTD(1)),
    outcome LowCardinality(String),
    error_type LowCardinality(Nullable(String)),
    egress_bytes Nullable(Int64) CODEC(ZSTD(1)),
    ingress_bytes Nullable(Int64) CODEC(ZSTD(1)),
    cpu_us Nullable(Int64) CODEC(ZSTD(1)),
    cold_start Nullable(Bool),
    cost_pico_usd Nullable(Int64) CODEC(ZSTD(1)),
    is_partial Bool,
    inserted_at DateTime('UTC') MATERIALIZED now(),
    INDEX by_invocation_id invocation_id TYPE bloom_filter(0.01) GRANULARITY 4,
    INDEX by_error_type error_type TYPE set(100) GRANULARITY 4
)
ENGINE = ReplacingMergeTree
PARTITION BY (run_id, toYYYYMM(time))
ORDER BY (run_id, fn, time, invocation_id)
TTL inserted_at + INTERVAL 90 DAY
SETTINGS ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS scores_data
(
    run_id LowCardinality(String),
    fn LowCardinality(String),
    signal LowCardinality(String),
    minute DateTime('UTC') CODEC(Delta, ZSTD(1)),
    horizon_min UInt16 CODEC(T64, ZSTD(1)),
    score Float64 CODEC(ZSTD(1)),
    observed Float64 CODEC(ZSTD(1)),
    low Float64 CODEC(ZSTD(1)),
    mid Float64 CODEC(ZSTD(1)),
    high Float64 CODEC(ZSTD(1)),
    samples Float64 CODEC(ZSTD(1)),
    inserted_at DateTime('UTC') MATERIALIZED now()
)
ENGINE = ReplacingMergeTree
PARTITION BY (run_id, toYYYYMM(minute))
ORDER BY (run_id, fn, signal, minute, horizon_min)
TTL inserted_at + INTERVAL 180 DAY
SETTINGS ttl_only_drop_parts = 1;

-- Small and precious: no TTL. Two different events of one alert at one instant differ in their digest.
CREATE TABLE IF NOT EXISTS alert_events_data
(
    run_id LowCardinality(String),
    alert_id String,
    at DateTime64(3, 'UTC'),
    event LowCardinality(String),
    started_at DateTime64(3, 'UTC'),
    ended_at Nullable(DateTime64(3, 'UTC')),
    fn String,
    version LowCardinality(Nullable(String)),
    functions Array(String) CODEC(ZSTD(1)),
    signal LowCardinality(String),
    related_signals Array(LowCardinality(String)),
    severity LowCardinality(String),
    observed Nullable(Float64),
    expected_low Nullable(Float64),
    expected_mid Nullable(Float64),
    expected_high Nullable(Float64),
    unit LowCardinality(String),
    score Float64,
    window_ms Int64,
    baseline_windows Float64,
    baseline_kind LowCardinality(String),
    text String CODEC(ZSTD(1)),
    why Array(String) CODEC(ZSTD(1)),
    threats Array(LowCardinality(String)),
    request_ids Array(String) CODEC(ZSTD(1)),
    config_hash LowCardinality(String),
    usd_per_hour Nullable(Float64),
    impact_invocations Nullable(Float64),
    impact_bytes Nullable(Float64),
    event_json String CODEC(ZSTD(3)),
    digest UInt64 MATERIALIZED cityHash64(event_json),
    inserted_at DateTime('UTC') MATERIALIZED now()
)
ENGINE = ReplacingMergeTree
PARTITION BY (run_id, toYear(at))
ORDER BY (run_id, alert_id, at, event, digest);

CREATE TABLE IF NOT EXISTS functions_data
(
    run_id LowCardinality(String),
    fn String,
    first_seen DateTime64(3, 'UTC'),
    last_seen DateTime64(3, 'UTC'),
    invocations Int64,
    learnt_windows Int64,
    warmup_windows Int64,
    version LowCardinality(Nullable(String)),
    memory_size_kib Nullable(UInt32),
    timeout_us Nullable(Int64),
    fields Array(LowCardinality(String)),
    inserted_at DateTime('UTC') MATERIALIZED now()
)
ENGINE = ReplacingMergeTree
PARTITION BY run_id
ORDER BY (run_id, fn);

CREATE TABLE IF NOT EXISTS coverage_data
(
    run_id LowCardinality(String),
    fn LowCardinality(String),
    threat LowCardinality(String),
    title LowCardinality(String),
    state LowCardinality(String),
    reason LowCardinality(String),
    inserted_at DateTime('UTC') MATERIALIZED now()
)
ENGINE = ReplacingMergeTree
PARTITION BY run_id
ORDER BY (run_id, fn, threat);

-- repeat tells apart pieces that look alike at one place, e.g. two bad log events of one line.
CREATE TABLE IF NOT EXISTS rejects_data
(
    run_id LowCardinality(String),
    origin LowCardinality(String),
    offset UInt64 CODEC(Delta, ZSTD(1)),
    reason LowCardinality(String),
    repeat UInt32 CODEC(T64, ZSTD(1)),
    line Nullable(UInt64) CODEC(ZSTD(1)),
    excerpt String CODEC(ZSTD(1)),
    digest UInt64 MATERIALIZED cityHash64(excerpt),
    inserted_at DateTime('UTC') MATERIALIZED now()
)
ENGINE = ReplacingMergeTree
PARTITION BY run_id
ORDER BY (run_id, origin, offset, reason, digest, repeat)
TTL inserted_at + INTERVAL 90 DAY
SETTINGS ttl_only_drop_parts = 1;
