import type { HttpAnswer } from './http.ts';
import type { Outcome } from './sink.ts';

/** What nobody would name in a second attempt: too early, too many, somebody else's time-out. */
const PASSING = new Set([408, 425, 429]);
/** Of the address or the key, not of the notice: every other notice would meet the same. */
const OF_ALL = new Set([401, 402, 403, 404, 405, 407, 410, 411, 421, 426, 451]);

/** Adds what a receiver said in words that are known to be no secrets. */
const withWord = (why: string, word: string | undefined): string => (word === undefined ? why : `${why}: ${word}`);

/** What an answer means where only its status counts. `word`: what the receiver gave as reason, if it is a known one. */
export function outcomeOf(answer: HttpAnswer, host: string, word?: string): Outcome {
  if (answer.kind === 'failed') return { kind: 'retry', why: answer.why, afterMs: 0 };
  if (answer.kind === 'forbidden') return { kind: 'closed', why: answer.why };
  const { status, retryAfterMs } = answer;
  if (status >= 200 && status < 300) return { kind: 'taken' };
  const why = withWord(`${host} answers ${status}`, word);
  if (status < 400) return { kind: 'closed', why: `${why}, a redirect: the config must name where it leads to` };
  if (status >= 500 || PASSING.has(status)) return { kind: 'retry', why, afterMs: retryAfterMs };
  return { kind: OF_ALL.has(status) ? 'closed' : 'refused', why };
}
