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

export function digestTitle({ incidents, over, from, to }: NoticeDigest, status: IncidentStatus): string {
  const count = plural(incidents, 'incident');
  const ended = over === undefined || over >= incidents ? 'all' : figure(over);
  if (status === 'resolved') return `${count} told together: ${ended} over`;
  const [begun, last] = [clock(from, to), clock(to, to)];
  return begun === last ? `${count} since ${begun}` : `${count} between ${begun} and ${last}`;
}

export function digestFacts({ by_severity, by_signal }: NoticeDigest): Fact[] {
  const severities = ['critical', 'error', 'warning', 'info'].filter((name) => (by_severity[name] ?? 0) > 0);
  return [
    {
      label: 'Severity',
      text: severities.map((name) => `${figure(by_severity[name] ?? 0)} ${name}`).join(', ') || 'unknown',
    },
    { label: 'Signals', text: mostFirst(by_signal) },
  ];
}

function mostFirst(counts: Readonly<Record<string, number>>): string {
  const sorted = Object.entries(counts).sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return (
    sorted
      .map(([signal, count]) => `${figure(count)} ${entryOf<string>(WORDS, signal) ?? clean(signal, 40)}`)
      .join(', ') || 'unknown'
  );
}

export function digestLines({ worst }: NoticeDigest): DigestLine[] {
  return worst.slice(0, WORST).map((event: AlertEvent) => ({
    severity: event.severity,
    signal: event.signal,
    alertId: clean(event.alert_id, 200),
    text: fit(`${whoText(event)}: ${whatText(event)}`, LINE_LENGTH),
  }));
}
