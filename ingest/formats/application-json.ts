import { Flag } from '../fragment.ts';
import { readFunctionArn } from '../identity.ts';
import { saysDenied, statusInJson, statusInText, writeAccess } from './access.ts';
import { writeErrorLog } from './application-text.ts';
import { writeContent } from './content.ts';
import { outOfMemoryType } from './error-type.ts';
import { writeFailure } from './lambda-text.ts';
import { isObject, type JsonFormat, type JsonObject, type LogEvent, textOf } from './log-event.ts';

const LEVEL_KEYS = ['level', 'log_level', 'severity', 'levelname', 'log.level'];
const ID_KEYS = ['requestId', 'AWSRequestId', 'function_request_id', 'aws_request_id', 'awsRequestId', 'request_id'];
/** pino and bunyan write levels as numbers */
const NUMERIC_ERROR_LEVEL = 50;
const ERROR_LEVELS = new Set(['ERROR', 'FATAL', 'CRITICAL', 'CRIT', 'ALERT', 'EMERGENCY']);
const TIMED_OUT = /\bTask timed out after [\d.]{1,20} seconds/;
const UNHANDLED = /^(?:Invoke Error|Uncaught Exception|Unhandled Promise Rejection)\b/;
const MAX_SEARCHED = 64 * 1024;

/** What functions print as JSON: Lambda's own JSON format, Powertools, or any logger with the usual keys. Takes every object. */
export const applicationJson: JsonFormat = (value, event, line) => {
  event.journal.stats.applicationLines++;
  if (line.length > MAX_SEARCHED) event.journal.stats.cutLines++;
  const text = line.slice(0, MAX_SEARCHED);
  learnFunction(value, event);
  const ownId = firstText(value, ID_KEYS);
  if (ownId !== '') event.setId(ownId);
  const level = levelOf(value);
  const isError = level === null || ERROR_LEVELS.has(level);
  const errorType = isError ? typeOfError(value) : '';
  writeError(event, value, level, errorType);
  const status = statusInJson(value);
  const message = textOf(value['message']);
  writeAccess(event, Number.isNaN(status) ? statusInText(message) : status, saysDenied(text));
  writeContent(event, text, level !== null ? isError : errorType !== '');
  return true;
};

/** A failure where only the runtime can have written the line; else a line at error level that names its error. */
function writeError(event: LogEvent, value: JsonObject, level: string | null, errorType: string): void {
  const message = textOf(value['message']);
  const isError = level === null || ERROR_LEVELS.has(level);
  const memoryType = isError ? outOfMemoryType(`${message}\n${textOf(value['errorMessage'])}\n${errorType}`) : '';
  const isBareError =
    level === null && typeof value['errorType'] === 'string' && typeof value['errorMessage'] === 'string';
  if (memoryType !== '') writeFailure(event, Flag.oom, memoryType);
  else if (isError && TIMED_OUT.test(message)) writeFailure(event, Flag.timeout, errorType);
  else if (isBareError || (isError && UNHANDLED.test(message))) writeFailure(event, 0, errorType);
  else if (level !== null && isError && errorType !== '') writeErrorLog(event, errorType);
}

/** In a group shared by several functions the line itself may tell whose it is. */
function learnFunction(value: JsonObject, event: LogEvent): void {
  if (event.stream.fn !== 0) return;
  const arn = readFunctionArn(textOf(value['function_arn']) || textOf(value['functionArn']));
  const name = textOf(value['function_name']) || textOf(value['functionName']) || (arn?.name ?? '');
  if (name !== '' && name.length <= 140) event.identities.learn(event.stream, name);
}

function levelOf(value: JsonObject): string | null {
  for (const key of LEVEL_KEYS) {
    const level = value[key];
    if (typeof level === 'string') return level.toUpperCase();
    if (typeof level === 'number') return level >= NUMERIC_ERROR_LEVEL ? 'ERROR' : 'INFO';
  }
  return null;
}

function typeOfError(value: JsonObject): string {
  const own = firstText(value, ['errorType', 'error.type', 'exception.type', 'exception_name', 'error_type']);
  if (own !== '') return own;
  for (const key of ['error', 'err', 'exception', 'message']) {
    const inner = value[key];
    if (!isObject(inner)) continue;
    const type = firstText(inner, ['errorType', 'name', 'type']);
    if (type !== '') return type;
  }
  return '';
}

function firstText(value: JsonObject, keys: readonly string[]): string {
  for (const key of keys) {
    const text = value[key];
    if (typeof text === 'string' && text !== '') return text;
  }
  return '';
}
