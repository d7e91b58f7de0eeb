import { functionKey } from '../ingest/fragment.ts';
import type { AlertEvent, AlertFunction } from './event.ts';

/** What an alert must be: each field that is there must hold, by any of its values. */
export interface Match {
  readonly severity?: readonly string[];
  readonly signal?: readonly string[];
  /** names, or keys `provider/account/region/name` where there is a slash in it; `*` any text, `?` any character */
  readonly function?: readonly string[];
  readonly account?: readonly string[];
  /** ids of the threat list, such as T1 */
  readonly threat?: readonly string[];
  /** labels of the configuration's owners */
  readonly owner?: readonly string[];
  /** whether it pages */
  readonly page?: boolean;
}

const LONGEST_PATTERN = 200;
const MOST_STARS = 10;

/** Why a pattern for functions is none; null = it is one. */
export function patternFault(pattern: string): string | null {
  if (pattern === '') return 'an empty pattern matches nothing';
  if (pattern.length > LONGEST_PATTERN) return `a pattern has at most ${LONGEST_PATTERN} characters`;
  const strange = /[^\w\-./:$@~ *?]/u.exec(pattern)?.[0];
  if (strange !== undefined)
    return `${JSON.stringify(strange)} is in no name of a function: only * and ? stand for others`;
  if (pattern.replace(/\*+/g, '*').split('*').length > MOST_STARS + 1)
    return `a pattern has at most ${MOST_STARS} stars`;
  return null;
}

const compiled = new Map<string, RegExp>();
const MOST_COMPILED = 1000;

/** `*` stands for any text, `?` for one character. */
export function wildcard(pattern: string): RegExp {
  const known = compiled.get(pattern);
  if (known !== undefined) return known;
  const escaped = pattern.replace(/\*+/g, '*').replace(/[\\^$.+()[\]{}|]/g, '\\$&');
  const made = new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 'su');
  if (compiled.size >= MOST_COMPILED) compiled.clear();
  compiled.set(pattern, made);
  return made;
}

/**
 * @param of an incident of several functions: `some` = one of them is enough, `every` = all of them must match
 */
export function matches(match: Match, event: AlertEvent, of: 'some' | 'every'): boolean {
  const { severity, signal, function: patterns, account, threat, owner, page } = match;
  if (severity !== undefined && !severity.includes(event.severity)) return false;
  if (signal !== undefined && !signal.includes(event.signal)) return false;
  if (page !== undefined && page !== (event.page === true)) return false;
  if (owner !== undefined && !owner.includes(event.owner ?? '')) return false;
  if (threat !== undefined && !event.threats.some((it) => threat.includes(it.split(' ')[0]!))) return false;
  if (account !== undefined && !ofFunctions(event, of, (it) => account.includes(it.account ?? ''))) return false;
  if (patterns === undefined) return true;
  return ofFunctions(event, of, (fn) =>
    patterns.some((it) => wildcard(it).test(it.includes('/') ? functionKey(fn) : fn.name)),
  );
}

function ofFunctions(
  { function: fn, functions }: AlertEvent,
  of: 'some' | 'every',
  holds: (fn: AlertFunction) => boolean,
) {
  const all = functions ?? [fn];
  return of === 'some' ? all.some(holds) : all.every(holds);
}
