import { redact } from '../ingest/redact.ts';
import type { Output } from './io.ts';

const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34 } as const;

/** How text is marked on a terminal. */
export type Style = (text: string, ...marks: readonly (keyof typeof CODES)[]) => string;

/** Colours on a terminal, unless NO_COLOR is set (no-color.org) or the terminal is dumb. */
export function styleFor(output: Output, env: Readonly<Record<string, string | undefined>>): Style {
  const isPlain = !output.isTTY || (env.NO_COLOR ?? '') !== '' || env.TERM === 'dumb';
  if (isPlain) return (text) => text;
  return (text, ...marks) =>
    marks.length === 0 ? text : `\u001b[${marks.map((mark) => CODES[mark]).join(';')}m${text}\u001b[0m`;
}

/** Characters of one shown text; stored text is as long as it is. */
const SHOWN = 2000;

/** Text that came out of logs, made harmless to show: secrets and control characters are gone. */
export function shown(text: string): string {
  return redact(text, SHOWN);
}

/** `1,234,567` */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** `1 function`, `2,000 functions` */
export function plural(value: number, noun: string, nouns = `${noun}s`): string {
  return `${count(value)} ${value === 1 ? noun : nouns}`;
}

/** `2026-11-03 14:05:00Z` of ISO 8601 */
export function instant(iso: string): string {
  return shown(iso)
    .replace('T', ' ')
    .replace(/\.\d+Z$/, 'Z');
}

/** `430 B`, `1.3 GB` */
export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let scaled = value;
  let unit = 0;
  for (; scaled >= 1000 && unit < units.length - 1; unit++) scaled /= 1000;
  return `${unit === 0 || scaled >= 100 ? Math.round(scaled) : scaled.toFixed(1)} ${units[unit]}`;
}

/** `0.4 s`, `2 min 10 s` */
export function seconds(ms: number): string {
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}
