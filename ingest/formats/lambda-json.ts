import { MAX_DURATION_US, MAX_MEMORY_KIB } from '../bytes.ts';
import { microsOf } from '../decimal.ts';
import { F, Flag, FragmentKind, NONE, U } from '../fragment.ts';
import { readFunctionArn } from '../identity.ts';
import { Status } from '../recorder.ts';
import { setRequestId } from '../request-id.ts';
import { lambdaText, writeEnvironment, writeFailure } from './lambda-text.ts';
import { isObject, type JsonFormat, type JsonObject, type LogEvent, textOf } from './log-event.ts';

type Reader = (record: JsonObject, event: LogEvent, text: string) => void;

/** Each type of platform event and what it holds for us. A type that is not here is counted, not rejected. */
const READERS = new Map<string, Reader>([
  ['platform.start', readStart],
  ['platform.report', readReport],
  ['platform.runtimeDone', readRuntimeDone],
  ['platform.initStart', readEnvironmentStart],
  ['platform.restoreStart', readEnvironmentStart],
  ['platform.initRuntimeDone', readFailedPhase],
  ['platform.restoreRuntimeDone', readFailedPhase],
  ['platform.initReport', (record, event) => writePhase(record, event, 'init')],
  ['platform.restoreReport', (record, event) => writePhase(record, event, 'restore')],
  ['platform.logsDropped', readLogsDropped],
  ['platform.end', nothingToKeep],
  ['platform.extension', nothingToKeep],
  ['platform.telemetrySubscription', nothingToKeep],
  ['platform.logsSubscription', nothingToKeep],
]);

/**
 * `{"time","type","record"}`: what the platform writes in JSON format and sends to Telemetry API extensions. Source: AWS
 * Lambda Developer Guide, schemas 2020-08-15 to 2025-01-29; spans are not read, so a malformed one cannot spoil a record.
 */
export const lambdaJson: JsonFormat = (value, event, text) => {
  const { type, record } = value;
  if (typeof type !== 'string' || !type.startsWith('platform.')) return false;
  if (type === 'platform.fault') {
    const fault = textOf(record);
    if (!lambdaText(fault.replace(/ (Runtime\.\w+)$/, '\n$1'), event)) writeFailure(event, 0, 'platform.fault');
    return true;
  }
  const read = READERS.get(type);
  if (read === undefined) event.journal.stats.unknownPlatformLines++;
  else if (isObject(record)) read(record, event, text);
  else event.journal.reject(`${type} without record`, text);
  return true;
};

function readStart(record: JsonObject, event: LogEvent, text: string): void {
  const requestId = textOf(record['requestId']);
  if (requestId === '') {
    event.journal.reject('platform.start without requestId', text);
    return;
  }
  const arn = readFunctionArn(textOf(record['functionArn']));
  if (arn !== null) event.identities.learn(event.stream, arn.name);
  event.setId(requestId);
  event.recorder.start(event.stream, event.timeMs, event.id, event.intern(textOf(record['version'])));
}

function readReport(record: JsonObject, event: LogEvent, text: string): void {
  const { report } = event.recorder;
  const requestId = textOf(record['requestId']);
  if (requestId === '') {
    event.journal.reject('platform.report without requestId', text);
    return;
  }
  const metrics = isObject(record['metrics']) ? record['metrics'] : {};
  report.clear();
  setRequestId(report.id, requestId, event.intern);
  if (metrics['durationMs'] === undefined) {
    event.journal.reject('platform.report without durationMs', text);
    return;
  }
  const malformed = MEASURES.find(
    (name) => metrics[name] !== undefined && metrics[name] !== null && Number.isNaN(measure(metrics, name)),
  );
  if (malformed !== undefined) {
    event.journal.reject(`platform.report with a malformed ${malformed}`, text);
    return;
  }
  report.durationUs = measure(metrics, 'durationMs');
  report.billedUs = measure(metrics, 'billedDurationMs');
  report.initUs = measure(metrics, 'initDurationMs');
  report.restoreUs = measure(metrics, 'restoreDurationMs');
  report.billedRestoreUs = measure(metrics, 'billedRestoreDurationMs');
  report.memorySizeKib = wordOf(measure(metrics, 'memorySizeMB'));
  report.memoryUsedKib = wordOf(measure(metrics, 'maxMemoryUsedMB'));
  report.isJson = true;
  report.status = statusOf(record['status']);
  report.errorType = event.intern(textOf(record['errorType']));
  event.recorder.reportAt(event.stream, event.timeMs);
}

const MEASURES = [
  'durationMs',
  'billedDurationMs',
  'initDurationMs',
  'restoreDurationMs',
  'billedRestoreDurationMs',
  'memorySizeMB',
  'maxMemoryUsedMB',
] as const;

/** µs of a `…Ms`, KiB of a `…MB`; NaN if absent or no sound number. */
function measure(metrics: JsonObject, name: (typeof MEASURES)[number]): number {
  const value = metrics[name];
  if (name.endsWith('Ms')) return microsOf(value, MAX_DURATION_US);
  const kib = typeof value === 'number' && value >= 0 ? Math.round(value * 1024) : Number.NaN;
  return kib <= MAX_MEMORY_KIB ? kib : Number.NaN;
}

const wordOf = (value: number): number => (Number.isNaN(value) ? NONE : value);

/** The runtime finished: only a failure is news, the figures come with the report. */
function readRuntimeDone(record: JsonObject, event: LogEvent): void {
  const status = statusOf(record['status']);
  if (status < Status.error) {
    nothingToKeep(record, event);
    return;
  }
  event.setId(textOf(record['requestId']));
  const errorType = textOf(record['errorType']);
  const isOutOfMemory = errorType === 'Runtime.OutOfMemory';
  writeFailure(
    event,
    (status === Status.timeout ? Flag.timeout : 0) | (isOutOfMemory ? Flag.oom : 0) | Flag.statusKnown,
    errorType,
  );
}

function readEnvironmentStart(record: JsonObject, event: LogEvent): void {
  const { stream } = event;
  event.identities.learn(stream, textOf(record['functionName']));
  const version = textOf(record['functionVersion']);
  if (version !== '') stream.version = event.intern(version);
  const runtime = textOf(record['runtimeVersion']);
  stream.durable = runtime.includes('DurableFunction');
  stream.managed = record['initializationType'] === 'lambda-managed-instances';
  const flags = (stream.durable ? Flag.durable : 0) | (stream.managed ? Flag.managed : 0);
  const i = event.recorder.add(FragmentKind.init | flags, stream, event.timeMs);
  if (i < 0) return;
  const u = event.recorder.out.block.u;
  u[i * U.stride + U.text] = event.intern(runtime);
  u[i * U.stride + U.memorySizeKib] = instanceKib(record['instanceMaxMemory']);
}

/** Bytes in real logs, MB in the documentation's example: no function has less than 100,001 bytes or more than 100,000 MB. */
function instanceKib(value: unknown): number {
  if (typeof value !== 'number' || !(value > 0)) return NONE;
  const kib = value > 100_000 ? Math.round(value / 1024) : Math.round(value * 1024);
  return kib <= MAX_MEMORY_KIB ? kib : NONE;
}

/** initRuntimeDone, restoreRuntimeDone: of interest only when the phase failed. */
function readFailedPhase(record: JsonObject, event: LogEvent): void {
  const status = statusOf(record['status']);
  if (status < Status.error) {
    nothingToKeep(record, event);
    return;
  }
  writeEnvironment(event, Number.NaN, Number.NaN, status, textOf(record['errorType']));
}

function writePhase(record: JsonObject, event: LogEvent, phase: 'init' | 'restore'): void {
  const metrics = isObject(record['metrics']) ? record['metrics'] : {};
  const us = microsOf(metrics['durationMs'], MAX_DURATION_US);
  const isInit = phase === 'init';
  writeEnvironment(
    event,
    isInit ? us : Number.NaN,
    isInit ? Number.NaN : us,
    statusOf(record['status']),
    textOf(record['errorType']),
  );
}

function readLogsDropped(record: JsonObject, event: LogEvent): void {
  const i = event.recorder.add(FragmentKind.logsDropped, event.stream, event.timeMs);
  if (i < 0) return;
  const { f } = event.recorder.out.block;
  f[i * F.stride + F.a] = count(record['droppedRecords']);
  f[i * F.stride + F.b] = count(record['droppedBytes']);
}

const count = (value: unknown): number =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : Number.NaN;

function nothingToKeep(_record: JsonObject, event: LogEvent): void {
  event.journal.stats.platformLines++;
}

/** Any word but the known ones is treated as not said. */
function statusOf(value: unknown): Status {
  if (value === 'success') return Status.success;
  if (value === 'timeout') return Status.timeout;
  return value === 'error' || value === 'failure' ? Status.error : Status.unknown;
}
