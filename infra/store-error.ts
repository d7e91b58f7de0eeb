/** What went wrong with the store, for callers that must tell: see `StoreError`. */
export type StoreErrorCode =
  /** the embedded engine cannot be loaded on this machine */
  | 'STORE_UNAVAILABLE'
  /** another process has the folder open */
  | 'STORE_HELD'
  /** nothing was ever stored in the folder */
  | 'STORE_MISSING'
  /** the folder or the server refuses: no space, no permission, no connection, a newer version */
  | 'STORE_FAILED'
  /** the SQL is wrong, not allowed, or asks for too much */
  | 'BAD_QUERY';

/** Its message is for the operator: complete, on one line, says what to do next where there is something to do. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

const NO_SPACE = /no space left|not enough space|NOT_ENOUGH_SPACE|ENOSPC|errno: 28\b/i;

export function isNoSpace(error: unknown): boolean {
  return error instanceof Error && NO_SPACE.test(error.message);
}

/** An engine's message cut to its first sentence-like line: what follows repeats stored data or a stack. */
export function firstLine(message: string): string {
  const line = message.split('\n', 1)[0] ?? '';
  return line
    .replace(/^Code: \d+\. /, '')
    .replace(/^DB::(Errno)?Exception: /, '')
    .replace(/\s*\(version .*$/, '')
    .trim()
    .slice(0, 500);
}

/** A failed write or open: names `where` (folder or server) and the cause. */
export function writeError(where: string, cause: unknown): StoreError {
  if (cause instanceof StoreError) return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  const why = isNoSpace(cause) ? 'no space left on the disk' : firstLine(message);
  return new StoreError('STORE_FAILED', `cannot write to the store in ${where}: ${why}`, { cause });
}

/** The number of ClickHouse's error, or the system's word for it (`ECONNREFUSED`); '' where there is none. */
export function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}

/** Unknown user, wrong or missing password. */
const AUTHENTICATION = new Set(['192', '193', '194', '516']);
export const isAuthentication = (error: unknown): boolean => AUTHENTICATION.has(codeOf(error));

/** Codes of ClickHouse that are not the query's fault: the machine's or the connection's. */
const NOT_THE_QUERY = new Set(['75', '76', '192', '193', '194', '209', '210', '243', '252', '516']);

/** Timeout, memory, size of the answer. */
const TOO_MUCH = new Set(['159', '241', '307', '396']);

/** A failed read. An error without ClickHouse's code comes from the connection. */
export function readError(where: string, cause: unknown): StoreError {
  if (cause instanceof StoreError) return cause;
  const message = firstLine(cause instanceof Error ? cause.message : String(cause));
  const code = codeOf(cause);
  if (TOO_MUCH.has(code)) return new StoreError('BAD_QUERY', `${message} Ask for less, with WHERE or LIMIT`, { cause });
  if (/^\d+$/.test(code) && !NOT_THE_QUERY.has(code)) return new StoreError('BAD_QUERY', message, { cause });
  return new StoreError('STORE_FAILED', `cannot read the store in ${where}: ${message}`, { cause });
}
