import { isObject, type JsonObject, textOf } from '../formats/log-event.ts';
import type { Reading } from '../reading.ts';
import { Status } from '../recorder.ts';
import { unknownFacts, writeInvocation } from './facts.ts';
import { numberIn, numberOf, objectIn, textIn, timeOf } from './values.ts';

const PRINTED = /^\d{4}-\d\d-\d\dT[\d:.]{8,18}Z\s+(stdout|stderr):\s?/;
const TIME_LIMIT = /^The action exceeded its time limits of \d+ milliseconds/;
const MEMORY_LIMIT = /memory limit/i;

/** Whether a JSON object is an activation record of Apache OpenWhisk. */
export const isActivation = (value: JsonObject): boolean =>
  typeof value['activationId'] === 'string' && 'namespace' in value && 'name' in value;

/** One activation; `initTime` stands only where the container was new. Source: OpenWhisk activation documentation. */
export function readActivation(record: JsonObject, text: string, reading: Reading): void {
  const { journal, messages } = reading;
  journal.stats.events++;
  const notes = annotationsOf(record['annotations']);
  const startMs = timeOf(record['start']);
  const durationMs = numberIn(record, 'duration');
  if (!(durationMs >= 0) && !('kind' in notes)) {
    journal.stats.platformLines++; // of a trigger or a rule: no code of a user ran
    return;
  }
  if (Number.isNaN(startMs) || !(durationMs >= 0)) {
    journal.reject(`OpenWhisk activation without ${Number.isNaN(startMs) ? 'a sound start' : 'duration'}`, text);
    return;
  }
  const namespace = textIn(record, 'namespace');
  const path = textOf(notes['path']).split('/').slice(1).join('/');
  const requestId = textIn(record, 'activationId');
  const stream = writeInvocation(reading, text, {
    ...unknownFacts(
      {
        provider: 'openwhisk',
        account: namespace || (reading.options.account ?? null),
        region: reading.options.region ?? null,
        name: path || textIn(record, 'name'),
      },
      startMs + durationMs,
    ),
    ...outcomeOf(record, notes),
    version: textIn(record, 'version'),
    startMs,
    durationMs,
    initMs: numberOf(notes['initTime']),
    isCold: 'initTime' in notes,
    memoryMb: numberIn(objectIn(notes, 'limits'), 'memory'),
    requestId,
  });
  const logs = record['logs'];
  for (const line of Array.isArray(logs) ? (logs as unknown[]) : [])
    if (typeof line === 'string') messages.application(stream, startMs, requestId, line.replace(PRINTED, ''));
}

function outcomeOf(record: JsonObject, notes: JsonObject) {
  const response = objectIn(record, 'response');
  const words = textIn(response, 'status');
  const code = numberIn(response, 'statusCode');
  if (response['success'] === true || words === 'success' || code === 0) return { status: Status.success };
  if (words === '' && Number.isNaN(code) && response['success'] === undefined) return {};
  const error = textOf(objectIn(response, 'result')['error']);
  return {
    status: notes['timeout'] === true || TIME_LIMIT.test(error) ? Status.timeout : Status.error,
    errorType: words,
    isOutOfMemory: MEMORY_LIMIT.test(error),
  };
}

/** `[{key, value}]` as an object. Without a prototype: names come from the data. */
function annotationsOf(list: unknown): JsonObject {
  const notes: Record<string, unknown> = Object.create(null);
  for (const note of Array.isArray(list) ? (list as unknown[]) : [])
    if (isObject(note) && typeof note['key'] === 'string') notes[note['key']] = note['value'];
  return notes;
}
