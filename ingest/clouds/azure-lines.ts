import { isObject, type JsonObject, textOf } from '../formats/log-event.ts';
import type { Reading } from '../reading.ts';
import { Status } from '../recorder.ts';
import { appOf, azureTime, functionOf, locationOf } from './azure.ts';
import { unknownFacts, writeInvocation, writeStart } from './facts.ts';
import { parsedObject, textIn } from './values.ts';

const EXECUTED = /^Executed '?([^' (]{1,300})'? \((Succeeded|Failed), Id=([0-9a-fA-F-]{36}), Duration=(\d{1,12})ms\)/;
const EXECUTING = /^Executing '?([^' (]{1,300})'? \(Reason=/;
const EXECUTING_ID = /, Id=([0-9a-fA-F-]{36})\)\s*$/;
/** Key and value of the pseudo-JSON that some hosts write, quotes inside escaped by a backslash. */
const PAIR = /'(\w{1,60})'\s?:\s?(?:'((?:[^'\\]|\\.)*)'|(-?\d{1,18}(?:\.\d{1,9})?|true|false|null))/g;
/** Longest text of properties that is looked at. */
const MAX_PROPERTIES = 256 * 1024;

/**
 * A line of the table FunctionAppLogs: the host's own lines tell of invocations, in words; the others are the functions'.
 * @param record as exported, with `properties` in one of three dialects, or a row with the columns of the table
 */
export function readFunctionAppLog(record: JsonObject, text: string, reading: Reading): void {
  const { journal } = reading;
  journal.stats.events++;
  const properties = propertiesOf(record);
  if (properties === null) {
    journal.reject('FunctionAppLogs record whose properties cannot be read', text);
    return;
  }
  const timeMs = azureTime(record);
  if (Number.isNaN(timeMs)) {
    journal.reject('FunctionAppLogs record without a sound time', text);
    return;
  }
  const message = textIn(properties, 'message', 'Message', 'formattedMessage');
  const name = textIn(properties, 'functionName', 'FunctionName');
  const app = textIn(properties, 'appName', 'AppName') || appOf(record);
  const who = (fn: string) => functionOf(record, app, fn, locationOf(record), reading);
  const invocation = textIn(properties, 'functionInvocationId', 'FunctionInvocationId', 'InvocationId');
  const executed = EXECUTED.exec(message);
  if (executed !== null) {
    const durationMs = Number(executed[4]);
    const isFailed = executed[2] === 'Failed';
    const errorType = textIn(properties, 'exceptionType', 'ExceptionType');
    writeInvocation(reading, text, {
      ...unknownFacts(who(executed[1] ?? ''), timeMs),
      startMs: timeMs - durationMs,
      durationMs,
      ...failureOf(isFailed, errorType),
      instance: textIn(properties, 'roleInstance', 'RoleInstance', 'hostInstanceId', 'HostInstanceId'),
      requestId: executed[3] ?? '',
    });
  } else if (EXECUTING.test(message))
    writeStart(
      reading,
      who(EXECUTING.exec(message)?.[1] ?? name),
      timeMs,
      EXECUTING_ID.exec(message)?.[1] ?? invocation,
    );
  else if (/^(?:FunctionCompleted)$/.test(textIn(properties, 'eventName', 'EventName')))
    journal.reject('FunctionCompleted without its figures', text);
  else if (name === '')
    journal.stats.platformLines++; // the host's own
  else {
    const isError = /^(?:error|critical)$/i.test(textIn(properties, 'level', 'Level') || textIn(record, 'level'));
    const stream = reading.identities.ofCloud(who(name), '', '');
    reading.messages.application(stream, timeMs, invocation, isError ? `ERROR ${message}` : message);
  }
}

/** What a failed execution tells by the name of its exception. */
export function failureOf(isFailed: boolean, errorType: string) {
  if (!isFailed) return { status: Status.success };
  return {
    status: errorType.endsWith('FunctionTimeoutException') ? Status.timeout : Status.error,
    isOutOfMemory: errorType.endsWith('OutOfMemoryException'),
    errorType,
  };
}

/** The columns of a row, or `properties`: an object, a text of JSON, or a text with single quotes; null if none of these. */
function propertiesOf(record: JsonObject): JsonObject | null {
  const properties = record['properties'] ?? record['Properties'];
  if (isObject(properties)) return properties;
  if (typeof properties !== 'string') return 'Message' in record ? record : null;
  const text = properties.slice(0, MAX_PROPERTIES);
  return parsedObject(text) ?? fromPairs(text);
}

function fromPairs(text: string): JsonObject | null {
  const found: Record<string, unknown> = Object.create(null);
  for (const [, key = '', quoted, bare] of text.matchAll(PAIR))
    found[key] =
      quoted === undefined ? bare : quoted.replace(/\\(.)/g, (_all, escaped: string) => UNESCAPED[escaped] ?? escaped);
  return textOf(found['message']) === '' ? null : found;
}

const UNESCAPED: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };
