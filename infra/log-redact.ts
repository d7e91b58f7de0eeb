import { isNativeError } from 'node:util/types';
import { redact } from '../ingest/redact.ts';
import { withoutSecrets } from '../ingest/secrets.ts';

const TEXT_LENGTH = 4000;
const STACK_LINES = 30;
const DEEPEST = 6;
const MOST_ITEMS = 100;

/** Names of fields whose value is a secret whatever it looks like: a short password has no shape. */
const SECRET_NAME =
  /^(?:.*[_.-])?(?:password|passwd|passphrase|pwd|secret|token|authorization|cookie|credentials?)$|(?:Password|Secret|Token|Credentials?)$|api[_-]?key|(?:secret|private|access|routing|signing)[_-]?key/i;
/** … but not where the name goes on to say where the secret lies. */
const ONLY_A_PLACE = /(?:file|path|name|count|kind)$/i;
const HIDDEN = '[redacted:field]';
/** What the log itself says on a line: a field of the same name would stand there twice. */
const OWN = new Set(['time', 'level', 'component', 'message']);

/** A message as it may be logged: one line, no secrets, no terminal sequences, at most 4,000 characters. */
export const cleanText = (text: string): string => redact(text, TEXT_LENGTH);

/** Fields as they may be logged: plain JSON, cut in depth and width, secrets hidden by name and by shape. */
export function cleanFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const clean = Object.entries(cleanObject(fields, 0));
  return Object.fromEntries(clean.map(([name, value]) => [OWN.has(name) ? `${name}_` : name, value]));
}

function cleanObject(object: object, depth: number): Record<string, unknown> {
  const entries = Object.entries(object);
  const clean = entries.slice(0, MOST_ITEMS).map(([name, value]) => [cleanText(name), cleanNamed(name, value, depth)]);
  if (entries.length > MOST_ITEMS) clean.push(['…', `${entries.length - MOST_ITEMS} more`]);
  return Object.fromEntries(clean);
}

function cleanNamed(name: string, value: unknown, depth: number): unknown {
  const isHidden = SECRET_NAME.test(name) && !ONLY_A_PLACE.test(name) && typeof value !== 'boolean' && value != null;
  return isHidden ? HIDDEN : cleanValue(value, depth);
}

function cleanValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return cleanText(value);
  if (typeof value === 'bigint' || typeof value === 'symbol') return String(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value); // JSON would say null
  if (typeof value !== 'object' || value === null) return typeof value === 'function' ? '[function]' : value;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'invalid date' : value.toISOString();
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (depth >= DEEPEST) return '[deeper]'; // ends cycles, too
  if (isNativeError(value)) return cleanError(value, depth);
  if (value instanceof Map) return cleanObject(Object.fromEntries(value), depth + 1);
  if (Array.isArray(value) || value instanceof Set) return cleanList([...value], depth);
  return value instanceof URL ? cleanText(value.href) : cleanObject(value, depth + 1);
}

function cleanList(items: readonly unknown[], depth: number): unknown[] {
  const clean = items.slice(0, MOST_ITEMS).map((item) => cleanValue(item, depth + 1));
  return items.length > MOST_ITEMS ? [...clean, `… ${items.length - MOST_ITEMS} more`] : clean;
}

/** Kind, code, message, stack and cause: what an error carries besides (requests, configurations) is not logged. */
function cleanError(error: Error, depth: number): Record<string, unknown> {
  const { name, message, stack, cause } = error;
  const clean: Record<string, unknown> = { name: cleanText(name), message: cleanText(message) };
  if ('code' in error) clean['code'] = cleanValue(error.code, depth + 1);
  if (stack !== undefined) clean['stack'] = cleanStack(stack);
  if (cause !== undefined) clean['cause'] = cleanValue(cause, depth + 1);
  if ('errors' in error) clean['errors'] = cleanValue(error.errors, depth);
  return clean;
}

/** Lines stay lines. Secrets go before they are split: some are longer than one. */
const cleanStack = (stack: string): string =>
  withoutSecrets(stack).split('\n').slice(0, STACK_LINES).map(cleanText).join('\n');
