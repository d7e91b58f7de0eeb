import { Flag, FragmentKind, U } from '../fragment.ts';
import { saysDenied, statusInText, writeAccess } from './access.ts';
import { writeContent } from './content.ts';
import { errorTypeOf, outOfMemoryType } from './error-type.ts';
import { writeFailure } from './lambda-text.ts';
import type { LogEvent, TextFormat } from './log-event.ts';

/** Node: time, request id or `undefined`, level, text, parted by TAB */
const NODE = /^\d{4}-\d\d-\d\dT[\d:.]{8,20}Z\t([\w-]{1,64})\t(TRACE|DEBUG|INFO|WARN|ERROR|FATAL)\t/;
/** Python's logging: level, time, request id, text */
const PYTHON = /^\[(DEBUG|INFO|WARNING|ERROR|CRITICAL)\]\t\d{4}-\d\d-\d\dT[\d:.]{8,20}Z\t([\w-]{0,64})\t/;
/** what the Python runtime writes of an exception that left the handler */
const PYTHON_UNHANDLED = /^\[ERROR\] (?=[A-Za-z_][\w.]*(?::|\s*\n|\s*$))/;
const NODE_UNHANDLED = /^(?:Invoke Error|Uncaught Exception|Unhandled Promise Rejection)\s/;
const RUBY_UNHANDLED = /^(?:Init error when loading handler|Error raised from handler method)\b/;
const LEVEL = /^(?:\[?(TRACE|DEBUG|INFO|WARN(?:ING)?|ERROR|FATAL|CRITICAL)\]?)[\s:]/i;
const ERROR_LEVELS = new Set(['ERROR', 'FATAL', 'CRITICAL']);
/** Characters of a line that are looked at: beyond it is data, not a message. */
const MAX_SEARCHED = 64 * 1024;

/** What functions themselves print. Takes every line; most hold nothing and are only counted. */
export const applicationText: TextFormat = (line, event) => {
  event.journal.stats.applicationLines++;
  if (line.length > MAX_SEARCHED) event.journal.stats.cutLines++;
  const text = line.slice(0, MAX_SEARCHED);
  const { level, body } = readHead(text, event);
  const isError = ERROR_LEVELS.has(level);
  const isQuiet = level !== '' && !isError;
  const memoryType = isQuiet ? '' : outOfMemoryType(text);
  const errorType = isQuiet ? '' : memoryType || errorTypeOf(body);
  if (memoryType !== '') writeFailure(event, Flag.oom, memoryType);
  else if (isUnhandled(text, body)) writeFailure(event, 0, errorType);
  else if (isError && errorType !== '') writeErrorLog(event, errorType);
  writeAccess(event, statusInText(text), saysDenied(text));
  writeContent(event, text, isError || errorType !== '');
  return true;
};

export function writeErrorLog(event: LogEvent, errorType: string): void {
  const i = event.add(FragmentKind.errorLog);
  if (i >= 0) event.recorder.out.block.u[i * U.stride + U.text] = event.intern(errorType);
}

/** Level and request id from the head of the line, as far as it has one; `body` is what follows. */
function readHead(text: string, event: LogEvent): { level: string; body: string } {
  const node = NODE.exec(text);
  if (node !== null) {
    if (node[1] !== 'undefined') event.setId(node[1] ?? '');
    return { level: node[2] ?? '', body: text.slice(node[0].length) };
  }
  const python = PYTHON.exec(text);
  if (python !== null) {
    event.setId(python[2] ?? '');
    return { level: python[1] ?? '', body: text.slice(python[0].length) };
  }
  const unhandled = PYTHON_UNHANDLED.exec(text);
  if (unhandled !== null) return { level: 'ERROR', body: text.slice(unhandled[0].length) };
  const level = LEVEL.exec(text);
  return {
    level: level?.[1]?.toUpperCase() ?? '',
    body: level === null ? text : text.slice(level[0].length).trimStart(),
  };
}

const isUnhandled = (text: string, body: string): boolean =>
  NODE_UNHANDLED.test(body) || RUBY_UNHANDLED.test(text) || (PYTHON_UNHANDLED.test(text) && errorTypeOf(body) !== '');
