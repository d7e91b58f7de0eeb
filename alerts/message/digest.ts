import type { AlertEvent, Severity, Signal } from '../event.ts';
import type { IncidentStatus, NoticeDigest } from '../notice.ts';
import { clean, entryOf, fit } from './clean.ts';
import type { Fact } from './facts.ts';
import { WORDS, whatText, whoText } from './headline.ts';
import { clock, figure, plural } from './numbers.ts';

/** One incident among many. */
export interface DigestLine {
  readonly severity: Severity;
  readonly signal: Signal;
  readonly alertId: string;
  readonly text: string;
}

const WORST = 5;
const LINE_LENGTH = 200;
const MOST_PLACES = 4;

export function digestTitle({ incidents, over, from, to }: NoticeDigest, status: IncidentStatus): string {
  const count = plural(incidents, 'incident');
  const ended = over === undefined || over >= incidents ? 'all' : figure(over);
  if (status === 'resolved') return `${count} told together: ${ended} over`;
  const [begun, last] = [clock(from, to), clock(to, to)];
  return begun === last ? `${count} since ${begun}` : `${count} between ${begun} and ${last}`;
}

export function digestFacts({ by_severity, by_signal, by_region, by_account }: NoticeDigest): Fact[] {
  const severities = ['critical', 'error', 'warning', 'info'].filter((name) => (by_severity[name] ?? 0) > 0);
  const signals = mostFirst(by_signal).map(
    ([signal, n]) => `${figure(n)} ${entryOf<string>(WORDS, signal) ?? clean(signal, 40)}`,
  );
  return [
    {
      label: 'Severity',
      text: severities.map((name) => `${figure(by_severity[name] ?? 0)} ${name}`).join(', ') || 'unknown',
    },
    { label: 'Signals', text: signals.join(', ') || 'unknown' },
    ...placesFact('Regions', by_region),
    ...placesFact('Accounts', by_account),
  ];
}

/** Whether it is one place, a few or all of them says where to look first. */
function placesFact(label: string, counts: Readonly<Record<string, number>> = {}): Fact[] {
  const { other = 0, ...named } = counts;
  const places = mostFirst(named).map(([place, n]) => `${clean(place, 40)} (${figure(n)})`);
  if (places.length === 0) return [];
  const hidden = places.length - MOST_PLACES;
  const rest =
    other > 0 ? [`and over ${figure(Math.max(1, hidden))} more`] : hidden > 0 ? [`and ${figure(hidden)} more`] : [];
  const text = [...places.slice(0, MOST_PLACES), ...rest].join(', ');
  return [{ label, text }];
}

const mostFirst = (counts: Readonly<Record<string, number>>): [name: string, n: number][] =>
  Object.entries(counts).sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));

export function digestLines({ worst }: NoticeDigest): DigestLine[] {
  return worst.slice(0, WORST).map((event: AlertEvent) => ({
    severity: event.severity,
    signal: event.signal,
    alertId: clean(event.alert_id, 200),
    text: fit(`${whoText(event)}: ${whatText(event)}`, LINE_LENGTH),
  }));
}
