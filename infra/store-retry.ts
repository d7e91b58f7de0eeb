import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf, isAuthentication, isNoSpace } from './store-error.ts';

/**
 * What a refused insert says of itself:
 *  - `passing`: the store is away, busy or full, or we may not enter; the same rows will be taken later
 *  - `rows`: a row is at fault, and will be again
 *  - `unknown`: neither is known of this error
 */
export type Refusal = 'passing' | 'rows' | 'unknown';

/**
 * Errors of ClickHouse that pass: of the connection (3 32 33 209 210 279), of files and space (74 75 76 243 499), of time
 * and load (159 160 201 202 241 252 439 473), of replicas and their keeper (225 242 285 286 319 999), of a server that goes
 * down (236 394 425 1000), and what an operator puts right: tables (60 81) and grants (164 497).
 */
const PASSING = new Set(
  `3 32 33 209 210 279 74 75 76 243 499 159 160 201 202 241 252 439 473 225 242 285 286 319 999 236 394 425 1000
   60 81 164 497`.split(/\s+/),
);
const FOR_AN_OPERATOR = new Set(['60', '81', '164', '497']);

/** Errors of ClickHouse about values: they cannot be parsed or converted, are out of range, or break a constraint. */
const ROWS = new Set('6 25 26 27 38 41 53 69 70 72 117 128 130 131 190 321 349 407 467 469 675 676 691'.split(' '));

/** Where there is no number of ClickHouse, the connection failed or something before the server answered. */
export function refusalOf(error: unknown): Refusal {
  const code = codeOf(error);
  if (!/^\d+$/.test(code) || PASSING.has(code) || isAuthentication(error) || isNoSpace(error)) return 'passing';
  return ROWS.has(code) ? 'rows' : 'unknown';
}

const AWAY = new Set(
  'ECONNREFUSED ECONNRESET ECONNABORTED EPIPE ETIMEDOUT EHOSTUNREACH ENETUNREACH EAI_AGAIN ENOTFOUND'.split(' '),
);
const GATEWAY = /^timeout error|socket hang up|\b50[234]\b|bad gateway|service unavailable|gateway time-?out/i;

/** Nobody answers now, or the server says so itself; a wrong address, certificate or password is something else. */
export function isAway(error: unknown): boolean {
  const code = codeOf(error);
  if (code === '') return error instanceof Error && GATEWAY.test(error.message);
  return AWAY.has(code) || (PASSING.has(code) && !FOR_AN_OPERATOR.has(code));
}

export interface Backoff {
  readonly firstMs: number;
  readonly mostMs: number;
}

/** Waits twice as long each time, up to the most, and between half and all of that: writers do not come back as one. */
export function pause({ firstMs, mostMs }: Backoff, attempt: number, signal?: AbortSignal): Promise<void> {
  const longest = Math.min(mostMs, firstMs * 2 ** Math.min(attempt, 30));
  return sleep(longest * (0.5 + Math.random() / 2), undefined, signal && { signal });
}
