import type { AlertEvent, Severity, Signal } from '../event.ts';
import type { NoticeDigest } from '../notice.ts';
import { fit } from './clean.ts';
import type { Fact } from './facts.ts';
import { WORDS, whatText, whoText } from './headline.ts';
import { clock, plural } from './numbers.ts';

/** One incident among many. */
export interface DigestLine {
  readonly severity: Severity;
  readonly signal: Signal;
  readonly alertId: string;
  readonly text: string;
}

const WORST = 5;
const LINE_LENGTH = 200;

export function digestTitle({ incidents, from, to }: NoticeDigest): string {
  return `${plural(incidents, 'incident')} between ${clock(from, to)} and ${clock(to, to)}`;
}

export function digestFacts({ by_severity, by_signal }: NoticeDigest, _at: string): Fact[] {
  const severities = ['critical', 'error', 'warning', 'info'].filter((name) => (by_severity[name] ?? 0) > 0);
  return [
    { label: 'Severity', text: severities.map((name) => `${by_severity[name]} ${name}`).join(', ') || 'unknown' },
    { label: 'Signals', text: mostFirst(by_signal) },
  ];
}

function mostFirst(counts: Readonly<Record<string, number>>): string {
  const sorted = Object.entries(counts).sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return sorted.map(([signal, count]) => `${count} ${WORDS[signal as Signal] ?? signal}`).join(', ') || 'unknown';
}

export function digestLines({ worst }: NoticeDigest): DigestLine[] {
  return worst.slice(0, WORST).map((event: AlertEvent) => ({
    severity: event.severity,
    signal: event.signal,
    alertId: event.alert_id,
    text: fit(`${whoText(event)}: ${whatText(event)}`, LINE_LENGTH),
  }));
}
