import type { DeliveryRow } from '../alerts/delivery-row.ts';
import type { AlertEvent, AlertFunction } from '../alerts/event.ts';
import type { CoverageRow, FunctionMinuteRow, FunctionRow, InvocationRow, ScoreRow } from '../detectors/records.ts';
import { functionKey } from '../ingest/fragment.ts';
import type { Reject } from '../ingest/reject.ts';
import type { RowText } from './store-text.ts';

/** A base table of sql/001_tables.sql: its columns behind `run_id`, and a row's values in that order. */
export interface Table<Row> {
  readonly name: string;
  readonly columns: readonly string[];
  /** Rows of one key are written again with other values, and may go back to earlier ones: an equal batch is no repetition. */
  readonly isRestated?: true;
  readonly encode: (out: RowText, row: Row) => void;
}

export const MINUTES: Table<FunctionMinuteRow> = {
  name: 'function_minutes_data',
  columns: [
    'fn',
    'minute',
    'patch',
    'invocations',
    'errors',
    'timeouts',
    'ooms',
    'cold_starts',
    'statuses',
    'access_denied',
    'duration_us_sum',
    'duration_us_max',
    'duration_buckets',
    'duration_counts',
    'billed_us_sum',
    'cost_pico_usd',
    'egress_samples',
    'egress_bytes',
    'memory_used_max_kib',
    'memory_size_kib',
  ],
  encode(out, row) {
    out.text(row.fn);
    out.dateTime(row.minuteMs);
    out.integer(row.patch);
    out.integer(row.invocations);
    out.integer(row.errors);
    out.integer(row.timeouts);
    out.integer(row.ooms);
    out.integer(row.coldStarts);
    out.integer(row.statuses);
    out.integer(row.accessDenied);
    out.integer(row.durationUsSum);
    out.integer(row.durationUsMax);
    out.integers(row.durationBuckets);
    out.integers(row.durationCounts);
    out.integer(row.billedUsSum);
    out.integer(row.costPicoUsd);
    out.integer(row.egressSamples);
    out.integer(row.egressBytes);
    out.integerOrNull(row.memoryUsedMaxKib);
    out.integerOrNull(row.memorySizeKib);
  },
};

export const INVOCATIONS: Table<InvocationRow> = {
  name: 'invocations_data',
  columns: [
    'fn',
    'time',
    'invocation_id',
    'version',
    'instance',
    'duration_us',
    'billed_us',
    'init_us',
    'restore_us',
    'memory_size_kib',
    'memory_used_kib',
    'outcome',
    'error_type',
    'egress_bytes',
    'ingress_bytes',
    'cpu_us',
    'cold_start',
    'cost_pico_usd',
    'is_partial',
  ],
  encode(out, row) {
    out.text(row.fn);
    out.dateTimeMs(row.timeMs);
    out.text(row.invocationId);
    out.textOrNull(row.version);
    out.textOrNull(row.instance);
    out.integerOrNull(row.durationUs);
    out.integerOrNull(row.billedUs);
    out.integerOrNull(row.initUs);
    out.integerOrNull(row.restoreUs);
    out.integerOrNull(row.memorySizeKib);
    out.integerOrNull(row.memoryUsedKib);
    out.text(row.outcome);
    out.textOrNull(row.errorType);
    out.integerOrNull(row.egressBytes);
    out.integerOrNull(row.ingressBytes);
    out.integerOrNull(row.cpuUs);
    out.boolOrNull(row.coldStart);
    out.integerOrNull(row.costPicoUsd);
    out.boolOrNull(row.isPartial);
  },
};

export const SCORES: Table<ScoreRow> = {
  name: 'scores_data',
  columns: ['fn', 'minute', 'signal', 'horizon_min', 'score', 'observed', 'low', 'mid', 'high', 'samples'],
  encode(out, row) {
    out.text(row.fn);
    out.dateTime(row.minuteMs);
    out.text(row.signal);
    out.integer(row.horizonMin);
    out.double(row.score);
    out.double(row.observed);
    out.double(row.low);
    out.double(row.mid);
    out.double(row.high);
    out.double(row.samples);
  },
};

export const ALERT_EVENTS: Table<AlertEvent> = {
  name: 'alert_events_data',
  columns: [
    'alert_id',
    'at',
    'event',
    'started_at',
    'ended_at',
    'fn',
    'version',
    'functions',
    'signal',
    'related_signals',
    'severity',
    'observed',
    'expected_low',
    'expected_mid',
    'expected_high',
    'unit',
    'score',
    'window_ms',
    'baseline_windows',
    'baseline_kind',
    'text',
    'why',
    'threats',
    'request_ids',
    'config_hash',
    'usd_per_hour',
    'impact_invocations',
    'impact_bytes',
    'owner',
    'page',
    'page_reason',
    'event_json',
  ],
  encode(out, event) {
    const keyOf = (fn: AlertFunction) => functionKey(fn);
    out.text(event.alert_id);
    out.dateTimeMs(Date.parse(event.at));
    out.text(event.event);
    out.dateTimeMs(Date.parse(event.started_at));
    out.dateTimeMsOrNull(event.ended_at === undefined ? null : Date.parse(event.ended_at));
    out.text(keyOf(event.function));
    out.textOrNull(event.function.version);
    out.texts((event.functions ?? [event.function]).map(keyOf));
    out.text(event.signal);
    out.texts(event.related_signals);
    out.text(event.severity);
    out.doubleOrNull(event.observed);
    out.doubleOrNull(event.expected?.low);
    out.doubleOrNull(event.expected?.mid);
    out.doubleOrNull(event.expected?.high);
    out.text(event.unit);
    out.double(event.score);
    out.integer(event.window_ms);
    out.double(event.baseline.windows);
    out.text(event.baseline.kind);
    out.text(event.text);
    out.texts(event.why);
    out.texts(event.threats);
    out.texts(event.evidence.request_ids);
    out.text(event.evidence.config_hash);
    out.doubleOrNull(event.impact.usd_per_hour);
    out.doubleOrNull(event.impact.invocations);
    out.doubleOrNull(event.impact.bytes);
    out.textOrNull(event.owner ?? null);
    out.boolOrNull(event.page ?? false);
    out.text(event.page_reason ?? '');
    out.text(JSON.stringify(event));
  },
};

export const FUNCTIONS: Table<FunctionRow> = {
  name: 'functions_data',
  isRestated: true,
  columns: [
    'fn',
    'first_seen',
    'last_seen',
    'invocations',
    'learnt_windows',
    'warmup_windows',
    'version',
    'memory_size_kib',
    'timeout_us',
    'fields',
  ],
  encode(out, row) {
    out.text(row.fn);
    out.dateTimeMs(row.firstSeenMs);
    out.dateTimeMs(row.lastSeenMs);
    out.integer(row.invocations);
    out.integer(row.learntWindows);
    out.integer(row.warmupWindows);
    out.textOrNull(row.version);
    out.integerOrNull(row.memorySizeKib);
    out.integerOrNull(row.timeoutUs);
    out.texts(row.fields);
  },
};

export const COVERAGE: Table<CoverageRow> = {
  name: 'coverage_data',
  isRestated: true,
  columns: ['fn', 'threat', 'title', 'state', 'reason'],
  encode(out, row) {
    out.text(row.fn);
    out.text(row.threat);
    out.text(row.title);
    out.text(row.state);
    out.text(row.reason);
  },
};

/** `repeat` counts from 0 the rejects of one writing that look alike and lie at one place. */
export const REJECTS: Table<Reject & { readonly repeat: number }> = {
  name: 'rejects_data',
  columns: ['origin', 'offset', 'reason', 'repeat', 'line', 'excerpt'],
  encode(out, row) {
    out.text(row.origin);
    out.integer(row.offset);
    out.text(row.reason);
    out.integer(row.repeat);
    out.integerOrNull(row.line);
    out.text(row.excerpt);
  },
};

export const DELIVERIES: Table<DeliveryRow> = {
  name: 'deliveries_data',
  columns: [
    'destination',
    'epoch',
    'n',
    'type',
    'incident_id',
    'version',
    'transition',
    'severity',
    'at',
    'ended_at',
    'attempts',
    'outcome',
    'why',
    'latency_ms',
    'is_resent',
  ],
  encode(out, row) {
    out.text(row.destination);
    out.text(row.epoch);
    out.integer(row.n);
    out.text(row.type);
    out.text(row.incidentId);
    out.integer(row.version);
    out.text(row.transition);
    out.text(row.severity);
    out.dateTimeMs(row.atMs);
    out.dateTimeMs(row.endedMs);
    out.integer(row.attempts);
    out.text(row.outcome);
    out.text(row.why);
    out.integer(Math.round(row.latencyMs));
    out.boolOrNull(row.isResent);
  },
};
