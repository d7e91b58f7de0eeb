import type { AlertEvent, AlertHistory } from '../event.ts';
import { clock, quantity, share, span } from './numbers.ts';

const BARS = '▁▂▃▄▅▆▇█';
const GAP = '·';
const MOST = 60;

/** How the deciding signal went before the alert. */
export interface Sparkline {
  /** bars, oldest first; `│` where bars become of a shorter time, `·` = nothing known */
  readonly line: string;
  /** its span and its scale, in words */
  readonly caption: string;
}

export function sparklineOf({ evidence, at }: AlertEvent): Sparkline | null {
  const history = historyOf(evidence.history);
  if (history === null) return null;
  const known = history.values.filter((value) => value !== null);
  if (known.length < 2) return null;
  const top = Math.max(...known);
  const bars = history.values.map((value, i) => {
    const isFiner = i > 0 && history.minutes[i]! < history.minutes[i - 1]!;
    return `${isFiner ? '│' : ''}${value === null ? GAP : bar(value, top)}`;
  });
  const total = history.minutes.reduce((sum, minutes) => sum + minutes, 0);
  const newest = history.minutes[history.minutes.length - 1]!;
  const scale = `${show(0, history.unit)} to ${show(top, history.unit)}`;
  return {
    line: bars.join(''),
    caption: `${span(total * 60_000)} up to ${clock(history.end, at)}, the newest bars ${span(newest * 60_000)} each; ${scale}`,
  };
}

/** Bars rise from zero: nothing is the lowest. */
function bar(value: number, top: number): string {
  return BARS[top > 0 ? Math.min(7, Math.max(0, Math.ceil((8 * value) / top) - 1)) : 0]!;
}

function show(value: number, unit: string): string {
  return unit.startsWith('share of ')
    ? `${share(value)} of ${unit.slice('share of '.length)}`
    : `${quantity(value, unit)}${NOUNS[unit] ?? ''}`;
}

const NOUNS: Readonly<Record<string, string>> = { 'calls a minute': ' calls a minute' };

/** What comes from a topic or a store may be of another make: what is not whole is not shown. */
function historyOf(value: unknown): AlertHistory | null {
  const history = value as Partial<AlertHistory> | null | undefined;
  if (typeof history !== 'object' || history === null) return null;
  const { unit, end, minutes, values } = history;
  if (typeof unit !== 'string' || typeof end !== 'string' || !Array.isArray(minutes) || !Array.isArray(values))
    return null;
  const isWhole =
    values.length === minutes.length &&
    values.length <= MOST &&
    minutes.every((it) => Number.isFinite(it) && it > 0) &&
    values.every((it) => it === null || (Number.isFinite(it) && it >= 0));
  return isWhole ? { unit, end, minutes, values } : null;
}
