import type { Call } from './call.ts';
import { escaped, isoTime } from './event-text.ts';

const PATHS = ['/orders', '/orders/42', '/login', '/catalog', '/users/me', '/health'];
const CHATTER = [
  'order accepted',
  'cache miss, reading from the table',
  'published 3 records',
  'retrying downstream call, attempt 2',
];
const MESSAGES: Readonly<Record<string, string>> = {
  TypeError: "Cannot read properties of undefined (reading 'id')",
  KeyError: "'id'",
  AxiosError: 'Request failed with status code 502',
  QueryFailedError: 'unterminated quoted string at or near "\' OR 1=1 --"',
  XMLSyntaxError: 'Entity expansion limit reached, line 1, column 80',
  DatabaseError:
    'SELECT id, email, password_hash FROM users WHERE email = \'a@b.example\' failed: connection to server at "10.2.3.4", port 5432 refused',
  ServiceUnavailableException: 'Service Unavailable. Please try again later.',
};

function at(list: readonly string[], call: Call): string {
  return list[call.startMs % list.length] ?? '';
}

/** What the function itself prints for a call: parts of log events, `[ms, JSON-escaped message]`. */
export type AppLines = readonly (readonly [number, string])[];

function logLine(call: Call, ms: number, level: string, text: string): string {
  const { dialect } = call.profile;
  const time = isoTime(ms);
  if (dialect === 'node') return `${time}\\t${call.requestId}\\t${level}\\t${text}\\n`;
  if (dialect === 'python') return `[${level}]\\t${time}\\t${call.requestId}\\t${text}\\n`;
  return `{\\"timestamp\\":\\"${time}\\",\\"level\\":\\"${level}\\",\\"requestId\\":\\"${call.requestId}\\",\\"message\\":\\"${text.replaceAll('\\"', '\\\\\\"')}\\"}`;
}

function statusLine(call: Call, ms: number, status: number): string {
  const path = at(PATHS, call);
  const { statusShape, dialect } = call.profile;
  if (statusShape === 'pair') return logLine(call, ms, 'INFO', `method=GET path=${path} status=${status} bytes=512`);
  if (statusShape === 'access-log') return logLine(call, ms, 'INFO', `\\"GET ${path} HTTP/1.1\\" ${status} 512`);
  const fields = `\\"method\\":\\"GET\\",\\"path\\":\\"${path}\\",\\"statusCode\\":${status}`;
  if (dialect !== 'json') return logLine(call, ms, 'INFO', `{${fields}}`);
  return `{\\"timestamp\\":\\"${isoTime(ms)}\\",\\"level\\":\\"INFO\\",\\"requestId\\":\\"${call.requestId}\\",\\"message\\":\\"request\\",${fields}}`;
}

/** Shaped like the real thing, made of nothing: key ids and tokens that no service ever gave out. */
function secretLine(call: Call, ms: number): string {
  const digits = call.requestId.replaceAll('-', '').toUpperCase();
  const secrets = [
    `aws_access_key_id=AKIA${digits.slice(0, 16)} aws_secret_access_key=${`${digits}${digits}`.slice(3, 43)}`,
    `connecting to postgres://app:${digits.slice(0, 12)}@db.internal:5432/main`,
    `authorization: Bearer eyJhbGciOiJIUzI1NiJ9.${digits.slice(0, 24)}eyJzdWIiOiI0MiJ9.${digits.slice(4, 32)}`,
  ];
  return logLine(call, ms, 'INFO', at(secrets, call));
}

function errorLine(call: Call, ms: number, errorType: string): string {
  const message = MESSAGES[errorType] ?? `${errorType} while handling the event`;
  const { dialect, name } = call.profile;
  if (dialect === 'python') {
    const text = `[ERROR] ${errorType}: ${message}\nTraceback (most recent call last):\n  File "/var/task/app.py", line 42, in handler\n    return handle(event)\n`;
    return escaped(text);
  }
  const stack = [
    `${errorType}: ${message}`,
    `    at handler (/var/task/${name}/index.js:42:13)`,
    '    at process.processTicksAndRejections (node:internal/process/task_queues:105:5)',
  ];
  if (dialect === 'node') {
    const body = JSON.stringify({ errorType, errorMessage: message, stack });
    return escaped(`${isoTime(ms)}\t${call.requestId}\tERROR\tInvoke Error \t${body}\n`);
  }
  return escaped(
    JSON.stringify({
      timestamp: isoTime(ms),
      level: 'ERROR',
      requestId: call.requestId,
      message,
      errorType,
      errorMessage: message,
      stackTrace: stack.slice(1),
    }),
  );
}

/** The application's lines of a call, in order. Empty for most. */
export function appLines(call: Call): AppLines {
  const { startMs, endMs, errorType } = call;
  const soonMs = Math.min(endMs, startMs + 1);
  const lines: [number, string][] = [];
  if (call.chatter) lines.push([soonMs, logLine(call, soonMs, 'INFO', at(CHATTER, call))]);
  if (call.secret) lines.push([soonMs, secretLine(call, soonMs)]);
  if (errorType !== null) lines.push([endMs, errorLine(call, endMs, errorType)]);
  if (call.status !== null && call.failure !== 'timeout' && call.failure !== 'oom' && call.failure !== 'exit') {
    lines.push([endMs, statusLine(call, endMs, call.status)]);
  }
  return lines;
}
