import { isObject, type JsonObject } from '../formats/log-event.ts';
import { Flag } from '../fragment.ts';
import type { Reading } from '../reading.ts';
import { Status } from '../recorder.ts';
import { azureTime, functionOf, isClassic, locationOf, tableOf } from './azure.ts';
import { failureOf, readFunctionAppLog } from './azure-lines.ts';
import { unknownFacts, writeFailureOf, writeInvocation } from './facts.ts';
import { booleanOf, first, httpStatusOf, numberOf, propertiesIn, textIn, weightOf } from './values.ts';

/** `00.00:00:01.2340000`: days, hours, minutes, seconds */
const TIME_SPAN = /^(?:(\d{1,4})\.)?(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?$/;
const HOST_CATEGORY = /^(?:Host\.|Function\.[^.]+$)/;

/** A record of Application Insights or of FunctionAppLogs. Tables that tell of no invocation are counted and left. */
export function readAzureRecord(record: JsonObject, text: string, reading: Reading): void {
  const inner = record['properties'];
  const hasColumns = isObject(inner) && ('DurationMs' in inner || 'ExceptionType' in inner || 'SeverityLevel' in inner);
  const row = hasColumns ? { ...record, ...inner } : record;
  const kind = kindOf(row);
  if (kind === 'FunctionAppLogs') readFunctionAppLog(record, text, reading);
  else if (kind === 'AppRequests') readRequest(row, text, reading);
  else if (kind === 'AppExceptions' || kind === 'AppTraces') readLine(row, kind, text, reading);
  else {
    reading.journal.stats.events++;
    reading.journal.stats.unknownPlatformLines++;
  }
}

/** The table of a row; a row of a query may not say it, but its columns do. */
function kindOf(row: JsonObject): string {
  const table = tableOf(row);
  if (table !== '' && !isClassic(row)) return table;
  const item = textIn(row, 'itemType');
  if (item === 'request' || 'resultCode' in row || 'ResultCode' in row || 'success' in row) {
    return 'Target' in row || 'target' in row || item === 'dependency' ? 'AppDependencies' : 'AppRequests';
  }
  if (item === 'exception' || 'ExceptionType' in row || 'problemId' in row) return 'AppExceptions';
  return item === 'trace' || 'SeverityLevel' in row || 'severityLevel' in row ? 'AppTraces' : '';
}

/** One execution: its timestamp is the start. `ItemCount` says how many executions a sampled row stands for. */
function readRequest(row: JsonObject, text: string, reading: Reading): void {
  const { journal } = reading;
  journal.stats.events++;
  const properties = propertiesIn(row, 'Properties', 'customDimensions');
  const who = whoOf(row, properties, reading);
  const startMs = azureTime(row);
  const durationMs = milliseconds(first(row, 'DurationMs', 'duration'));
  const isSuccess = booleanOf(first(row, 'Success', 'success'));
  const missing =
    who === null
      ? 'OperationName'
      : Number.isNaN(startMs)
        ? 'a sound time'
        : !(durationMs >= 0)
          ? 'DurationMs'
          : isSuccess === null
            ? 'Success'
            : null;
  if (who === null || missing !== null) {
    journal.reject(`AppRequests record without ${missing}`, text);
    return;
  }
  const code = first(row, 'ResultCode', 'resultCode');
  const httpStatus = httpStatusOf(code);
  writeInvocation(reading, text, {
    ...unknownFacts(who, Math.floor(startMs + durationMs)),
    ...failureOf(isSuccess === false, Number.isNaN(httpStatus) ? '' : `HTTP ${httpStatus}`),
    version: textIn(row, 'AppVersion', 'application_Version'),
    instance: textIn(row, 'AppRoleInstance', 'cloud_RoleInstance'),
    startMs,
    durationMs,
    requestId: textIn(properties, 'InvocationId') || textIn(row, 'Id', 'id', 'OperationId', 'operation_Id'),
    httpStatus,
    weight: weightOf(first(row, 'ItemCount', 'itemCount')),
  });
}

/**
 * An exception or a trace, about a request that another row tells of: an exception that was tracked need not have ended
 * it, so it is a line at error level, as are traces of level 3 and 4.
 */
function readLine(row: JsonObject, kind: 'AppExceptions' | 'AppTraces', text: string, reading: Reading): void {
  const { journal } = reading;
  journal.stats.events++;
  const properties = propertiesIn(row, 'Properties', 'customDimensions');
  const timeMs = azureTime(row);
  if (Number.isNaN(timeMs)) {
    journal.reject(`${kind} record without a sound time`, text);
    return;
  }
  const who = whoOf(row, properties, reading);
  const isHost = HOST_CATEGORY.test(textIn(properties, 'Category'));
  if (who === null || (kind === 'AppTraces' && isHost)) {
    journal.stats.platformLines++; // the host's own, which the rows of requests repeat
    return;
  }
  const stream = reading.identities.ofCloud(who, textIn(row, 'AppVersion', 'application_Version'), '');
  const requestId = textIn(properties, 'InvocationId') || textIn(row, 'ParentId', 'operation_ParentId');
  const level = numberOf(first(row, 'SeverityLevel', 'severityLevel'));
  const message = textIn(row, 'OuterMessage', 'outerMessage', 'Message', 'message', 'InnermostMessage');
  const type = kind === 'AppExceptions' ? textIn(row, 'ExceptionType', 'type', 'OuterType', 'outerType') : '';
  const how = failureOf(true, type);
  if (how.status === Status.timeout || how.isOutOfMemory === true) {
    const flags = how.isOutOfMemory === true ? Flag.oom : Flag.timeout;
    writeFailureOf(reading, stream, timeMs, requestId, flags, type); // nothing catches these
  }
  const line =
    type !== ''
      ? JSON.stringify({ level: 'ERROR', errorType: type, message })
      : level >= 3
        ? `ERROR ${message}`
        : message;
  reading.messages.application(stream, timeMs, requestId, line);
}

/** The app and its function; null where no function is told. */
function whoOf(row: JsonObject, properties: JsonObject, reading: Reading) {
  const name = textIn(properties, 'FullName') || textIn(row, 'OperationName', 'operation_Name', 'Name', 'name');
  if (name === '') return null;
  return functionOf(row, textIn(row, 'AppRoleName', 'cloud_RoleName'), name, locationOf(row), reading);
}

/** ms of a number, or of a time span; NaN for anything else. */
function milliseconds(value: unknown): number {
  const span = typeof value === 'string' ? TIME_SPAN.exec(value) : null;
  if (span === null) return numberOf(value);
  const [, days, hours, minutes, seconds, fraction] = span;
  const whole = ((Number(days ?? 0) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds);
  return (whole + Number(`0.${fraction ?? '0'}`)) * 1000;
}
