import { isObject, type JsonObject, textOf } from '../formats/log-event.ts';
import type { Reading } from '../reading.ts';
import { Status } from '../recorder.ts';
import { unknownFacts, writeInvocation } from './facts.ts';
import { bytesOf, httpStatusOf, numberIn, objectIn, textIn, timeOf } from './values.ts';

const REPORT_LINE = /^REPORT RequestId: /m;

/** Whether a JSON object is a trace event of Cloudflare Workers (Logpush dataset workers_trace_events). */
export const isWorkersTrace = (value: JsonObject): boolean =>
  'EventTimestampMs' in value && ('ScriptName' in value || 'Outcome' in value);

/** One event of a Worker. Its time is the start; a job sends only the fields that it was set up with. */
export function readWorkersTrace(event: JsonObject, text: string, reading: Reading): void {
  const { journal, options } = reading;
  journal.stats.events++;
  const startMs = timeOf(event['EventTimestampMs']);
  const script = textIn(event, 'ScriptName');
  const outcome = textIn(event, 'Outcome');
  const missing = script === '' ? 'ScriptName' : outcome === '' ? 'Outcome' : 'a sound EventTimestampMs';
  if (script === '' || outcome === '' || Number.isNaN(startMs)) {
    journal.reject(`Workers trace event without ${missing}`, text);
    return;
  }
  const space = textIn(event, 'DispatchNamespace');
  const durationMs = Math.max(0, numberIn(event, 'WallTimeMs'));
  const inner = objectIn(event, 'Event');
  const version = objectIn(event, 'ScriptVersion');
  const requestId = textIn(inner, 'RayID', 'RayId', 'rayId');
  const stream = writeInvocation(reading, text, {
    ...unknownFacts(
      {
        provider: 'cloudflare',
        account: options.account ?? null,
        region: null,
        name: space === '' ? script : `${space}/${script}`,
      },
      Math.floor(startMs + (Number.isNaN(durationMs) ? 0 : durationMs)),
    ),
    ...workersOutcome(outcome, event),
    version: textIn(version, 'Tag', 'tag', 'ID', 'id'),
    startMs,
    durationMs,
    cpuMs: numberIn(event, 'CPUTimeMs'),
    requestId,
    httpStatus: httpStatusOf(objectIn(inner, 'Response')['Status']),
  });
  for (const line of linesIn(event, 'Logs')) {
    const parts = line['Message'] ?? line['message'];
    const message = Array.isArray(parts) ? parts.map(asText).join(' ') : asText(parts);
    const isError = /^error$/i.test(textIn(line, 'Level', 'level'));
    reading.messages.application(stream, startMs, requestId, isError ? `ERROR ${message}` : message);
  }
  for (const { Message, message } of linesIn(event, 'Exceptions'))
    reading.messages.application(stream, startMs, requestId, asText(Message ?? message));
}

/** `canceled` means that the client left: no fault. Words that are not known are faults, and keep their word. */
function workersOutcome(outcome: string, event: JsonObject) {
  if (outcome === 'ok' || outcome === 'canceled') return { status: Status.success };
  if (outcome === 'unknown') return {};
  const [exception] = linesIn(event, 'Exceptions');
  const name = exception === undefined ? '' : textIn(exception, 'Name', 'name');
  const isOutOfMemory = outcome === 'exceededMemory';
  return { status: Status.error, errorType: outcome === 'exception' && name !== '' ? name : outcome, isOutOfMemory };
}

function linesIn(event: JsonObject, key: string): JsonObject[] {
  const list = event[key];
  return Array.isArray(list) ? list.filter(isObject) : [];
}

const asText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value ?? ''));

/** Whether a JSON object is an entry of a Vercel log drain. */
export const isVercelLog = (value: JsonObject): boolean =>
  'deploymentId' in value && 'projectId' in value && typeof value['source'] === 'string';

/**
 * A line of a Vercel log drain. A request may have many; all repeat its id and the time its proxy took it, so that its
 * invocation is counted once. Old entries hold Lambda's own lines, which tell more.
 */
export function readVercelLog(entry: JsonObject, text: string, reading: Reading): void {
  const { journal, messages } = reading;
  journal.stats.events++;
  const source = textOf(entry['source']);
  if (source !== 'lambda' && source !== 'edge') {
    journal.stats.platformLines++; // builds, static files, redirects: no function ran
    return;
  }
  const proxy = objectIn(entry, 'proxy');
  const timeMs = timeOf(entry['timestamp']);
  const place = textIn(entry, 'entrypoint') || textIn(entry, 'path') || textIn(proxy, 'path');
  if (Number.isNaN(timeMs) || place === '') {
    journal.reject(`Vercel entry without ${place === '' ? 'entrypoint' : 'a sound timestamp'}`, text);
    return;
  }
  const who = {
    provider: 'vercel',
    account: reading.options.account ?? null,
    region: textIn(entry, 'executionRegion') || textIn(proxy, 'lambdaRegion') || (reading.options.region ?? null),
    name: `${textIn(entry, 'projectName', 'projectId')}/${place.replace(/^\/+/, '')}`,
  };
  const version = textIn(entry, 'deploymentId');
  const requestId = textIn(entry, 'requestId');
  const stream = reading.identities.ofCloud(who, version, '');
  const message = textOf(entry['message']);
  if (REPORT_LINE.test(message)) {
    reading.recorder.begin(true);
    for (const line of message.split('\n')) if (line !== '') messages.read(stream, timeMs, line);
    reading.recorder.end();
    return;
  }
  const isError = /^(?:error|fatal)$/.test(textIn(entry, 'level'));
  messages.application(stream, timeMs, requestId, isError ? `ERROR ${message}` : message);
  const takenMs = timeOf(proxy['timestamp']);
  if (requestId === '' || Number.isNaN(takenMs)) return; // nothing tells how many invocations such lines are of
  const httpStatus = httpStatusOf(entry['statusCode'] ?? proxy['statusCode']);
  writeInvocation(reading, text, {
    ...unknownFacts(who, takenMs),
    version,
    requestId,
    startMs: takenMs,
    httpStatus,
    ...(Number.isNaN(httpStatus)
      ? {}
      : httpStatus < 500
        ? { status: Status.success }
        : { status: Status.error, errorType: `HTTP ${httpStatus}` }),
    bytesOut: bytesOf(proxy['responseByteSize']),
  });
}
