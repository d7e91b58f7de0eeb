import { isObject, type JsonObject, textOf } from '../formats/log-event.ts';
import type { FunctionIdentity } from '../fragment.ts';
import type { Reading } from '../reading.ts';
import { Status } from '../recorder.ts';
import { unknownFacts, writeInvocation, writeStart } from './facts.ts';
import { bytesOf, httpStatusOf, objectIn, textIn, timeOf } from './values.ts';

const FINISHED =
  /^Function execution took (\d{1,12}) ms[,.] [Ff]inished with status(?: code: (\d{3})|: '([^']{1,60})')\s*$/;
const LOOKS_FINISHED = /^Function execution took /;
const STARTED = /^Function execution started\s*$/;
const LATENCY = /^(\d{1,9}(?:\.\d{1,9})?)s$/;
const TRACE = /\/traces\/([0-9a-zA-Z]{1,64})$/;
/** Severities, as words and as the numbers that proto3 JSON may hold. */
const ERRORS = new Set(['ERROR', 'CRITICAL', 'ALERT', 'EMERGENCY']);
const ERROR_NUMBER = 500;
const GATEWAY_TIMEOUT = 504;

/** Whether a JSON object is a LogEntry of Cloud Logging. */
export const isLogEntry = (value: JsonObject): boolean =>
  isObject(value['resource']) &&
  typeof value['resource']['type'] === 'string' &&
  ('insertId' in value || 'logName' in value);

/**
 * A LogEntry: of a function of the first generation, or of Cloud Run, which functions of the second are. Entries of other
 * resources are counted and left. Source: Cloud Logging LogEntry and HttpRequest reference.
 */
export function readLogEntry(entry: JsonObject, text: string, reading: Reading): void {
  const resource = objectIn(entry, 'resource');
  const type = textOf(resource['type']);
  const isFirst = type === 'cloud_function';
  const { journal } = reading;
  journal.stats.events++;
  if (!isFirst && type !== 'cloud_run_revision') {
    journal.stats.unknownPlatformLines++;
    return;
  }
  const labels = objectIn(resource, 'labels');
  const name = isFirst ? textIn(labels, 'function_name') : textIn(labels, 'service_name');
  const timeMs = timeOf(entry['timestamp'] ?? entry['receiveTimestamp']);
  if (name === '') journal.reject(`${type} entry without ${isFirst ? 'function_name' : 'service_name'}`, text);
  else if (Number.isNaN(timeMs)) journal.reject(`${type} entry without a sound timestamp`, text);
  else {
    const who = {
      provider: 'gcp',
      account: textIn(labels, 'project_id') || (reading.options.account ?? null),
      region: textIn(labels, 'region', 'location') || (reading.options.region ?? null),
      name,
    };
    if (isFirst) readFirst(entry, who, timeMs, text, reading);
    else readRun(entry, who, timeMs, text, reading);
  }
}

/** The platform's own lines of the first generation; their time is when they were written, so the end. */
function readFirst(entry: JsonObject, who: FunctionIdentity, timeMs: number, text: string, reading: Reading): void {
  const line = textOf(entry['textPayload']);
  const requestId = textIn(objectIn(entry, 'labels'), 'execution_id') || textIn(entry, 'insertId');
  if (STARTED.test(line)) {
    writeStart(reading, who, timeMs, requestId);
    return;
  }
  const match = FINISHED.exec(line);
  if (match !== null) {
    const durationMs = Number(match[1]);
    const how = outcomeOf(match[2], match[3]);
    const startMs = timeMs - durationMs;
    writeInvocation(reading, text, { ...unknownFacts(who, timeMs), ...how, startMs, durationMs, requestId });
  } else if (LOOKS_FINISHED.test(line)) reading.journal.reject('end of a function execution of unknown form', text);
  else readApplication(entry, who, timeMs, requestId, reading);
}

function outcomeOf(code: string | undefined, word: string | undefined) {
  if (code !== undefined) return ofHttp(Number(code));
  if (word === 'ok') return { status: Status.success };
  if (word === 'timeout') return { status: Status.timeout, errorType: 'timeout' };
  return { status: Status.error, errorType: word ?? '', isOutOfMemory: word === 'out of memory' };
}

function ofHttp(httpStatus: number) {
  if (Number.isNaN(httpStatus)) return {};
  return httpStatus < 500
    ? { httpStatus, status: Status.success }
    : { httpStatus, status: Status.error, errorType: `HTTP ${httpStatus}` };
}

/** A request to Cloud Run. Its timestamp is the start; 504 is what the platform answers for a container that took too long. */
function readRun(entry: JsonObject, who: FunctionIdentity, timeMs: number, text: string, reading: Reading): void {
  const request = entry['httpRequest'];
  const requestId = runIdOf(entry);
  if (!isObject(request)) {
    readApplication(entry, who, timeMs, requestId, reading);
    return;
  }
  const latency = LATENCY.exec(textOf(request['latency']));
  if (latency === null) {
    reading.journal.reject('Cloud Run request without a sound latency', text);
    return;
  }
  const durationMs = Number(latency[1]) * 1000;
  const httpStatus = httpStatusOf(request['status']);
  writeInvocation(reading, text, {
    ...unknownFacts(who, Math.floor(timeMs + durationMs)),
    ...ofHttp(httpStatus),
    ...(httpStatus === GATEWAY_TIMEOUT ? { status: Status.timeout } : {}),
    version: textIn(objectIn(objectIn(entry, 'resource'), 'labels'), 'revision_name'),
    instance: textIn(objectIn(entry, 'labels'), 'instanceId'),
    startMs: timeMs,
    durationMs,
    requestId,
    bytesOut: bytesOf(request['responseSize']),
  });
}

/** One request: its span, because a trace may hold many of the same millisecond; else the trace, or the entry itself. */
function runIdOf(entry: JsonObject): string {
  return textIn(entry, 'spanId') || (TRACE.exec(textOf(entry['trace']))?.[1] ?? textIn(entry, 'insertId'));
}

/** What the function printed. */
function readApplication(
  entry: JsonObject,
  who: FunctionIdentity,
  timeMs: number,
  requestId: string,
  reading: Reading,
): void {
  const { textPayload, jsonPayload, severity } = entry;
  const version = textIn(objectIn(objectIn(entry, 'resource'), 'labels'), 'revision_name');
  const stream = reading.identities.ofCloud(who, version, textIn(objectIn(entry, 'labels'), 'instanceId'));
  const isError = ERRORS.has(textOf(severity)) || (typeof severity === 'number' && severity >= ERROR_NUMBER);
  if (isObject(jsonPayload)) {
    const line = isError && jsonPayload['severity'] === undefined ? { severity: 'ERROR', ...jsonPayload } : jsonPayload;
    reading.messages.application(stream, timeMs, requestId, JSON.stringify(line));
  } else if (typeof textPayload === 'string')
    reading.messages.application(stream, timeMs, requestId, isError ? `ERROR ${textPayload}` : textPayload);
  else reading.journal.stats.platformLines++; // audit entries and the like
}
