import { bytes } from '../text.ts';

/** Numbers as a person reads them at night: few figures, words for units. */
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `0`, `0.6`, `22`, `1,240` */
export function figure(value: number): string {
  if (value !== 0 && Math.abs(value) < 0.01) return value > 0 ? 'under 0.01' : '0';
  if (Math.abs(value) < 10 && !Number.isInteger(value)) return String(Number(value.toPrecision(2)));
  return Math.round(value).toLocaleString('en-US');
}

/** `1 call`, `1,240 calls` */
export function plural(value: number, noun: string, nouns = `${noun}s`): string {
  const shown = figure(value);
  return `${shown} ${shown === '1' ? noun : nouns}`;
}

/** `43 %`, `2.3 %`, `under 0.1 %` */
export function share(part: number): string {
  const percent = part * 100;
  if (percent > 0 && percent < 0.1) return 'under 0.1 %';
  return `${percent >= 10 ? percent.toFixed(0) : String(Number(percent.toFixed(1)))} %`;
}

/** `$1,204`, `$4.20`, `under 1 cent` */
export function money(usd: number): string {
  if (usd === 0) return '$0';
  if (usd < 0.01) return 'under 1 cent';
  return usd >= 1000 ? `$${Math.round(usd).toLocaleString('en-US')}` : `$${usd.toFixed(2)}`;
}

/** `21 ×`, `2.5 ×`, `over 1,000 ×` */
export function times(ratio: number): string {
  if (ratio >= 1000) return 'over 1,000 ×';
  return `${ratio >= 10 ? ratio.toFixed(0) : String(Number(ratio.toFixed(1)))} ×`;
}

/** A length of time: `400 ms`, `2.4 s`, `45 s`, `12 min`, `3 h 20 min`, `2 days 4 h` */
export function span(ms: number): string {
  if (ms < 1000) return `${figure(ms)} ms`;
  if (ms < 10_000) return `${Number((ms / 1000).toPrecision(2))} s`;
  if (ms < 60_000) return `${Math.round(ms / 1000)} s`;
  const minutes = Math.round(ms / 60_000);
  if (ms < 600_000 && ms % 60_000 !== 0) return twoUnits(Math.round(ms / 1000), 60, 'min', 's');
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 1440) return twoUnits(minutes, 60, 'h', 'min');
  const hours = Math.round(minutes / 60);
  return twoUnits(hours, 24, hours < 48 ? 'day' : 'days', 'h');
}

function twoUnits(value: number, size: number, large: string, small: string): string {
  const rest = value % size;
  return `${Math.floor(value / size)} ${large}${rest === 0 ? '' : ` ${rest} ${small}`}`;
}

/** How long something has lasted, in whole minutes and above: `under 1 min`, `12 min`, `3 h 20 min` */
export function lasting(ms: number): string {
  return ms < 60_000 ? 'under 1 min' : span(Math.round(ms / 60_000) * 60_000);
}

/** `02:11 UTC`, on another day than `today` with its date: `18 Nov 19:00 UTC` */
export function clock(iso: string, today?: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return 'an unknown time';
  const text = date.toISOString();
  const day = text.slice(0, 10) === today?.slice(0, 10) ? '' : `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]} `;
  return `${day}${text.slice(11, 16)} UTC`;
}

/** A value in the unit of an alert event. */
export function quantity(value: number, unit: string): string {
  if (unit === 'USD') return money(value);
  if (unit === 'ms') return span(value);
  if (unit.startsWith('bytes')) return bytes(value);
  if (unit === 'MiB') return bytes(value * 1024 * 1024);
  return figure(value);
}
