import type { AlertEvent, AlertFunction } from '../event.ts';
import { clean, entryOf } from './clean.ts';

/** Who it is about, fit to be shown. */
export interface Place {
  readonly provider: string;
  readonly account: string | null;
  readonly region: string | null;
  readonly name: string;
  /** null where it has none, or where the name alone is meant */
  readonly version: string | null;
}

const NAME_LENGTH = 80;
const WORD_LENGTH = 64;

export function placeOf(fn: AlertFunction): Place {
  const word = (text: string | null) => (text === null || text === '' ? null : clean(text, WORD_LENGTH));
  return {
    provider: clean(fn.provider, WORD_LENGTH),
    account: word(fn.account),
    region: word(fn.region),
    name: nameOf(fn),
    version: fn.version === '$LATEST' ? null : word(fn.version),
  };
}

/** `*` = all functions of an account, or of all. */
export function nameOf({ name }: Pick<AlertFunction, 'name'>): string {
  if (name === '*') return 'all functions';
  return clean(name, NAME_LENGTH) || '(no name)';
}

/** `account 811027986641, eu-west-1` with the provider's own word for an account; empty where nothing is known. */
export function whereText({ provider, account, region }: Place): string {
  const named = account === null ? '' : `${entryOf(ACCOUNT, provider) ?? 'account'} ${account}`;
  const cloud = provider === 'aws' || provider === '*' || provider === '' ? '' : (entryOf(CLOUD, provider) ?? provider);
  return [cloud, named, region ?? ''].filter((part) => part !== '').join(', ');
}

const ACCOUNT: Readonly<Record<string, string>> = { azure: 'subscription', gcp: 'project' };
const CLOUD: Readonly<Record<string, string>> = { azure: 'Azure', gcp: 'Google Cloud', cloudflare: 'Cloudflare' };

const MARGIN_MS = 5 * 60_000;

export interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
}

/** When to look: five minutes before it began to five after it was last seen; of a silence, from an hour before it. */
export function rangeOf({ started_at, ended_at, at, signal }: AlertEvent): TimeRange {
  const startMs = Date.parse(started_at);
  const endMs = Math.max(Date.parse(ended_at ?? at), startMs);
  return { fromMs: startMs - (signal === 'silence' ? 12 : 1) * MARGIN_MS, toMs: endMs + MARGIN_MS };
}
