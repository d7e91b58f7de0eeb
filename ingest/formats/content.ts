import { Flag, FragmentKind, U } from '../fragment.ts';
import { secretKinds } from '../secrets.ts';
import type { LogEvent } from './log-event.ts';

const SQL =
  /\b(?:SELECT\s[^;\n]{1,400}?\sFROM\s|INSERT\s+INTO\s+\S|UPDATE\s+\S{1,100}\s+SET\s|DELETE\s+FROM\s+\S|ORA-\d{5}|SQLSTATE\b|syntax error at or near|You have an error in your SQL syntax)/i;
/** the environment of a function, printed whole: two of its reserved names as a pair each */
const RESERVED_NAME =
  /\b(?:AWS_LAMBDA_FUNCTION_NAME|AWS_SESSION_TOKEN|AWS_SECRET_ACCESS_KEY|LAMBDA_TASK_ROOT|LAMBDA_RUNTIME_DIR|_X_AMZN_TRACE_ID|AWS_EXECUTION_ENV|AWS_LAMBDA_LOG_GROUP_NAME)\\?["']?\s?[=:]/g;
const ENVIRONMENT_HINT = /LAMBDA_|AWS_/;
/** a response (it has a status and a body) whose body holds a stack trace */
const RESPONSE = /statusCode\\?["']?\s?:\s?\d{3}[\s\S]{0,400}?body\\?["']?\s?:/;
const STACK =
  /\\n\s{0,8}at [^\n]{1,200}:\d+|Traceback \(most recent call last\)|\\n\s{0,8}at [\w.$<>]{1,200}\([\w.]{1,100}(?::\d+)?\)/;

/** What a line gives away beyond secrets; null for nothing. */
export function verboseKind(text: string, isError: boolean): string | null {
  if (isError && SQL.test(text)) return 'sql-in-error';
  if (ENVIRONMENT_HINT.test(text) && new Set(text.match(RESERVED_NAME)).size >= 2) return 'environment-dump';
  if (text.includes('statusCode') && RESPONSE.test(text) && STACK.test(text)) return 'stack-trace-in-response';
  return null;
}

/** A fragment for each kind of secret in the line, and one for a verbose error. The text itself is never kept. */
export function writeContent(event: LogEvent, text: string, isError: boolean): void {
  for (const kind of secretKinds(text)) write(event, 0, kind);
  const verbose = verboseKind(text, isError);
  if (verbose !== null) write(event, Flag.verbose, verbose);
}

function write(event: LogEvent, flags: number, kind: string): void {
  const i = event.add(FragmentKind.content | flags);
  if (i >= 0) event.recorder.out.block.u[i * U.stride + U.text] = event.intern(kind);
}
