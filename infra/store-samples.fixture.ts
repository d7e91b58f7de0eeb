import type { AlertEvent } from '../alerts/event.ts';
import type { CoverageRow, FunctionMinuteRow, FunctionRow, InvocationRow, ScoreRow } from '../detectors/records.ts';
import type { Reject } from '../ingest/reject.ts';
import type { Store, StoreReader } from './store.ts';
import type { RowSink } from './store-rows.ts';
import type { RunDescription } from './store-writer.ts';

/** Rows for the tests of the store: the i-th of each kind is always the same. */
export const START_MS = Date.UTC(2026, 0, 5);
export const RUN: RunDescription = {
  runId: '0123456789abcdef',
  configHash: 'c0ffee',
  fingerprint: 'f00d',
  command: 'replay',
};
export const TABLES = [
  'invocations',
  'function_minutes',
  'scores',
  'alert_events',
  'alerts',
  'functions',
  'coverage',
  'rejects',
  'runs',
] as const;

export const fnOf = (i: number): string => `aws/123456789012/eu-west-1/service-${i % 40}`;

export function minuteRow(i: number, patch = 0): FunctionMinuteRow {
  return {
    fn: fnOf(i),
    minuteMs: START_MS + Math.floor(i / 40) * 60_000,
    patch,
    invocations: 10 + (i % 7),
    errors: i % 3,
    timeouts: 0,
    ooms: 0,
    coldStarts: i % 2,
    statuses: 0,
    accessDenied: 0,
    durationUsSum: 30_000 * (i + 1),
    durationUsMax: 16_384,
    durationBuckets: [100, 104, 110],
    durationCounts: [5, 4, 1],
    billedUsSum: 40_000,
    costPicoUsd: 1_500_000 + i,
    egressSamples: 0,
    egressBytes: 0,
    memoryUsedMaxKib: 90_000 + i,
    memorySizeKib: 131_072,
  }; // prettier than one field a line
}

export function invocationRow(i: number): InvocationRow {
  return {
    fn: fnOf(i),
    timeMs: START_MS + i * 137,
    invocationId: `id-${i}`,
    version: i % 2 === 0 ? null : '$LATEST',
    instance: null,
    durationUs: 1_500 + i,
    billedUs: 2_000,
    initUs: null,
    restoreUs: null,
    memorySizeKib: 131_072,
    memoryUsedKib: null,
    outcome: 'success',
    errorType: null,
    egressBytes: null,
    ingressBytes: null,
    cpuUs: null,
    coldStart: i % 5 === 0 ? true : null,
    costPicoUsd: 33_000,
    isPartial: false,
  };
}

export function scoreRow(i: number): ScoreRow {
  return {
    fn: fnOf(i),
    minuteMs: START_MS + i * 60_000,
    signal: 'errors',
    horizonMin: 1,
    score: i / 3,
    observed: i,
    low: 0.1,
    mid: 0.2,
    high: 1e-300,
    samples: 12.5,
  };
}

export function alertEvent(i: number, event: AlertEvent['event'], atMinute: number): AlertEvent {
  return {
    schema: 1,
    event,
    alert_id: `a${i}`,
    at: new Date(START_MS + atMinute * 60_000).toISOString(),
    started_at: new Date(START_MS).toISOString(),
    ...(event === 'resolved' && { ended_at: new Date(START_MS + atMinute * 60_000).toISOString() }),
    function: { provider: 'aws', account: null, region: 'eu-west-1', name: `service-${i}`, version: null },
    signal: 'errors',
    related_signals: ['duration'],
    severity: 'error',
    observed: 12,
    expected: { low: 0, mid: 1, high: 3 },
    unit: 'errors',
    score: 9.5,
    window_ms: 60_000,
    baseline: { windows: 60, kind: 'own' },
    text: `errors of service-${i}`,
    why: ['12 of 13 failed'],
    threats: ['T2 injection'],
    evidence: { request_ids: ['r1'], config_hash: 'c0ffee' },
    impact: { invocations: 12 },
  };
}

export function functionRow(i: number): FunctionRow {
  return {
    fn: fnOf(i),
    firstSeenMs: START_MS,
    lastSeenMs: START_MS + 3_600_000,
    invocations: 100 + i,
    learntWindows: 12,
    warmupWindows: 60,
    version: '7',
    memorySizeKib: 131_072,
    timeoutUs: null,
    fields: ['duration', 'memory'],
  };
}

export function coverageRow(i: number): CoverageRow {
  return {
    fn: fnOf(i),
    threat: `T${1 + (i % 3)}`,
    title: 'denial of wallet',
    state: i % 3 === 0 ? 'covered' : 'blind',
    reason: 'no egress field',
  };
}

export const rejectRow = (i: number): Reject => ({
  reason: 'truncated JSON',
  origin: 'a.log',
  offset: i * 100,
  line: i + 1,
  excerpt: `{"i":${i}`,
});

/** The rows `from` to `to`, exclusive, of every kind. */
export async function writeEach(writer: RowSink, from: number, to: number): Promise<void> {
  const few = Array.from({ length: to - from }, (_, k) => from + k);
  await writer.writeMinutes(few.map((i) => minuteRow(i)));
  await writer.writeInvocations(few.map(invocationRow));
  await writer.writeScores(few.map(scoreRow));
  await writer.writeAlertEvents(few.map((i) => alertEvent(i, 'opened', 1)));
  await writer.writeRejects(few.map(rejectRow));
  await writer.writeFunctions(few.map((i) => ({ ...functionRow(i), fn: `aws/-/-/f${i}` })));
  await writer.writeCoverage(few.map((i) => ({ ...coverageRow(i), fn: `aws/-/-/f${i}` })));
}

/** One whole small run, `size` rows of the large kinds. `wrote` hears of each batch handed over. */
export async function writeRun(
  store: Store,
  size: number,
  wrote: (rows: number) => void = () => undefined,
): Promise<void> {
  const { writer } = store;
  await writer.beginRun(RUN);
  for (let from = 0; from < size; from += 1000) {
    const batch = Array.from({ length: Math.min(1000, size - from) }, (_, k) => from + k);
    await writer.writeMinutes(batch.map((i) => minuteRow(i)));
    await writer.writeInvocations(batch.map(invocationRow));
    await writer.writeScores(batch.map(scoreRow));
    await writer.writeRejects(batch.map(rejectRow));
    if (from % 20_000 === 0)
      await writer.writeAlertEvents([alertEvent(from, 'opened', 2), alertEvent(from, 'updated', 3)]);
    await writer.flush();
    wrote(from + batch.length);
  }
  const few = Array.from({ length: 40 }, (_, i) => i);
  await writer.writeAlertEvents([alertEvent(0, 'resolved', 20)]);
  await writer.writeFunctions(few.map(functionRow));
  await writer.writeCoverage(few.map(coverageRow));
  await writer.finishRun('done', { invocations: size });
}

export async function lines(
  reader: StoreReader,
  sql: string,
  params: Record<string, string | number> = {},
): Promise<string[]> {
  let text = '';
  for await (const chunk of await reader.query(sql, 'json', params)) text += String(chunk);
  return text.split('\n').filter((line) => line !== '');
}

export async function rows(
  reader: StoreReader,
  sql: string,
  params: Record<string, string | number> = {},
): Promise<unknown[]> {
  return (await lines(reader, sql, params)).map((line) => JSON.parse(line) as unknown);
}

/** Everything an analyst sees, as text. */
export async function everything(reader: StoreReader): Promise<Record<string, string[]>> {
  const all: Record<string, string[]> = {};
  for (const table of TABLES)
    all[table] = [
      ...(await lines(reader, `SELECT count() AS n FROM ${table}`)),
      ...(await lines(reader, `SELECT * FROM ${table} ORDER BY ALL`)),
    ];
  return all;
}
