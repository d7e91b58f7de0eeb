import type { AlertEvent, AlertHistory } from '../event.ts';
import { clock, money, quantity, share, span } from './numbers.ts';
import { nameOf } from './place.ts';

const BARS = '▁▂▃▄▅▆▇█';
const UNKNOWN = '·';
const MOST = 60;
/** Shorter windows are the present, of which each minute counts. */
const LONG_MINUTES = 10;

/** How the deciding signal went before the alert. */
export interface Sparkline {
  /** bars, oldest first, long times left of `│` and single minutes right of it; `·` = nothing known */
  readonly line: string;
  /** its span and its scale, in words */
  readonly caption: string;
}

export function sparklineOf(event: AlertEvent): Sparkline | null {
  const history = historyOf(event.evidence.history);
  if (history === null) return null;
  const { minutes, values, end, unit } = history;
  const known = values.filter((value) => value !== null);
  if (known.length < 2) return null;
  const top = Math.max(...known);
  const present = minutes.findIndex((length) => length < LONG_MINUTES);
  const bars = values.map((value) => (value === null ? UNKNOWN : bar(value, top)));
  if (present > 0) bars.splice(present, 0, '│');
  const sum = (lengths: readonly number[]) => lengths.reduce((total, length) => total + length, 0);
  const from = new Date(Date.parse(end) - sum(minutes) * 60_000).toISOString();
  const newest = present > 0 ? `; right of │ the last ${span(sum(minutes.slice(present)) * 60_000)}` : '';
  const whose = (event.functions?.length ?? 0) > 1 ? `${nameOf(event.function)}: ` : '';
  return {
    line: bars.join(''),
    caption: `${whose}${scale(top, unit)}, ${clock(from, event.at)} to ${clock(end, event.at)}${newest}`,
  };
}

/** Bars rise from zero: nothing is the lowest. */
function bar(value: number, top: number): string {
  return BARS[top > 0 ? Math.min(7, Math.max(0, Math.ceil((8 * value) / top) - 1)) : 0]!;
}

const SHARE = 'share of ';

function scale(top: number, unit: string): string {
  if (unit.startsWith(SHARE)) return `0 to ${share(top)} of ${unit.slice(SHARE.length)}`;
  if (unit === 'USD an hour') return `$0 to ${money(top)} an hour`;
  if (unit === 'ms') return `0 to ${span(top)} a call`;
  if (unit === 'MiB') return `0 to ${quantity(top, unit)} a call`;
  if (unit === 'bytes a minute') return `0 to ${quantity(top, unit)} a minute`;
  return `0 to ${quantity(top, '')} ${unit}`;
}

/** What comes from a topic or a store may be of another make: what is not whole is not shown. */
function historyOf(value: unknown): AlertHistory | null {
  const history = value as Partial<AlertHistory> | null | undefined;
  if (typeof history !== 'object' || history === null) return null;
  const { unit, end, minutes, values } = history;
  if (typeof unit !== 'string' || typeof end !== 'string' || !Array.isArray(minutes) || !Array.isArray(values))
    return null;
  const isWhole =
    /^[a-zA-Z ]{1,60}$/.test(unit) &&
    Number.isFinite(Date.parse(end)) &&
    values.length === minutes.length &&
    values.length <= MOST &&
    minutes.every((it) => Number.isFinite(it) && it > 0 && it <= 1440) &&
    values.every((it) => it === null || (Number.isFinite(it) && it >= 0));
  return isWhole ? { unit, end, minutes, values } : null;
}
