import type { AlertEvent } from '../event.ts';
import { clean, entryOf, listed } from './clean.ts';
import { callsOf, isOnce, ownText, splitOf, WORDS, windowOf } from './headline.ts';
import { clock, figure, lasting, money, plural, quantity, times } from './numbers.ts';
import { nameOf, placeOf, whereText } from './place.ts';

/** One thing to know, under its name. Safe to show; a sink still escapes its own markup. */
export interface Fact {
  readonly label: string;
  readonly text: string;
  /** its text is a name or words that others chose: shown as code where that can be done */
  readonly isForeign?: true;
}

const FUNCTIONS = 5;
const CENT = 0.01;

/** What is known while it goes on. Nothing is said twice, nothing that is not known. */
export function openFacts(event: AlertEvent, at: string): Fact[] {
  return [
    ...observedFacts(event),
    ...(isOnce(event) ? [] : [sinceFact(event, at)]),
    ...harmFacts(event),
    ...causeFacts(event),
    ...alsoFacts(event),
    ...placeFacts(event),
  ];
}

/** What is left to know when it is over. */
export function overFacts(event: AlertEvent): Fact[] {
  const was = isOnce(event) ? [] : [{ label: 'It was', text: ownText(event) }];
  return [...was, ...totalFacts(event), ...placeFacts(event)];
}

/** What somebody has already taken needs no more than this. */
export function takenFacts(event: AlertEvent, at: string): Fact[] {
  return [sinceFact(event, at), ...harmFacts(event), ...placeFacts(event)];
}

function sinceFact({ started_at }: AlertEvent, at: string): Fact {
  const lastedMs = Date.parse(at) - Date.parse(started_at);
  return { label: 'Since', text: `${clock(started_at, at)}${lastedMs < 60_000 ? '' : `, for ${lasting(lastedMs)}`}` };
}

function observedFacts(event: AlertEvent): Fact[] {
  const { observed, expected, unit } = event;
  if (observed === null || expected === null) return [];
  if (event.signal === 'pattern') return []; // a number that says nothing to a person
  const counted = unit === 'invocations' ? ` calls in ${windowOf(event)}` : '';
  const usual = { label: 'Usual', text: `${range(event, expected)}${counted}${comparedWith(event)}` };
  const calls = callsOf(event);
  const isGroup = (event.functions?.length ?? 0) > 1;
  if (calls === null && !isGroup) return [usual]; // the title says the rest
  const count =
    calls === null
      ? quantity(observed, unit)
      : `${figure(Math.round(observed))} of ${plural(Math.round(calls), 'call')}`;
  const words = entryOf(WORDS_OF_UNIT, unit) ?? clean(unit, 60).replace(/^calls that /, '');
  const text = `${isGroup ? `${nameOf(event.function)}: ` : ''}${count}${words === '' ? '' : ` ${words}`} in ${windowOf(event)}`;
  return [{ label: 'Observed', text }, usual];
}

/** Units in words; those that the number already carries are empty. */
const WORDS_OF_UNIT: Readonly<Record<string, string>> = {
  USD: '',
  ms: 'a call',
  MiB: 'a call',
  bytes: 'sent',
  'bytes per call': 'sent a call',
  invocations: 'calls',
  'failed invocations': 'failed',
  'timed-out invocations': 'timed out',
  'out-of-memory invocations': 'out of memory',
  'invocations close to their time limit': 'close to their time limit',
  'cold starts': 'started cold',
  'denied requests': 'denied',
  'slow calls (beyond mean + 3 sigma)': 'far slower than usual',
  'failures of a new type': 'failed in a new way',
};

const WHOLE = /^(?:USD|ms|MiB|bytes)/;

function range({ unit }: AlertEvent, { low, high }: { low: number; high: number }): string {
  if (WHOLE.test(unit)) return `${quantity(low, unit)} to ${quantity(high, unit)}`;
  if (unit.startsWith('%')) return `${figure(low)} to ${figure(high)}`;
  const most = Math.round(high);
  return most < 1 ? 'none' : `${figure(Math.round(low))} to ${figure(most)}`;
}

function comparedWith({ baseline }: AlertEvent): string {
  const { windows } = baseline;
  if (windows < 60) return '';
  return windows >= 2880
    ? ` (by ${figure(Math.round(windows / 1440))} days of its past)`
    : ` (by ${plural(Math.round(windows / 60), 'hour')} of its past)`;
}

/** What it does an hour at its present rate, the worst first. */
function harmFacts({ impact }: AlertEvent): Fact[] {
  const { usd_per_hour: usd = 0 } = impact;
  const harm = rates(impact);
  return [
    ...(usd >= CENT ? [{ label: 'Costs', text: `${money(usd)} an hour more than usual` }] : []),
    ...(harm.length > 0 ? [{ label: 'Impact', text: `${harm.join(', ')} an hour` }] : []),
  ];
}

function rates(impact: AlertEvent['impact'], hours = 1): string[] {
  const of = (perHour: number | undefined, text: (count: number) => string) =>
    perHour !== undefined && perHour * hours >= 0.5 ? [text(Math.round(perHour * hours))] : [];
  return [
    ...of(impact.failed_per_hour, (count) => plural(count, 'failed call')),
    ...of(impact.lost_per_hour, (count) => plural(count, 'missing call')),
    ...of(impact.slow_per_hour, (count) => plural(count, 'slow call')),
    ...of(impact.surplus_per_hour, (count) => plural(count, 'extra call')),
    ...of(impact.bytes_per_hour, (count) => `${quantity(count, 'bytes')} more sent`),
  ];
}

/** What it came to, from its last rates: an estimate, and called one. */
function totalFacts({ impact, started_at, ended_at, at }: AlertEvent): Fact[] {
  const hours = (Date.parse(ended_at ?? at) - Date.parse(started_at)) / 3_600_000;
  if (!(hours > 0)) return [];
  const usd = (impact.usd_per_hour ?? 0) * hours;
  const all = [...(usd >= CENT ? [money(usd)] : []), ...rates(impact, hours)];
  return all.length === 0 ? [] : [{ label: 'In all', text: `about ${all.join(', ')}` }];
}

function causeFacts(event: AlertEvent): Fact[] {
  const cause = causeOf(event);
  const type = event.why.find((reason) => reason.startsWith('new error type: '));
  const threats = event.threats.map((threat) => clean(threat, 100));
  return [
    ...(type !== undefined && event.signal !== 'error_type'
      ? [{ label: 'New error', text: clean(type.slice('new error type: '.length), 200), isForeign: true as const }]
      : []),
    ...(cause === null ? [] : [{ label: 'Likely cause', text: cause }]),
    ...(threats.length === 0 ? [] : [{ label: 'Threats', text: threats.slice(0, 3).join('; ') }]),
  ];
}

/** What the numbers point to; null = they point nowhere. */
function causeOf(event: AlertEvent): string | null {
  const versions = splitOf(event);
  if (versions?.claim === 'only') return `${versions.version}: older versions are well`;
  if (versions?.claim === 'since') return `${versions.version}: it began when that came`;
  if ((event.functions?.length ?? 0) > 1)
    return 'something these functions share: what they call, the network, the account';
  const has = (signal: AlertEvent['signal']) => event.signal === signal || event.related_signals.includes(signal);
  const failing = has('errors') || has('timeouts');
  const old = versions?.claim === 'alike' ? `not ${versions.version}: older versions do it as much` : null;
  if (has('oom') && has('memory')) return 'a leak, or larger inputs';
  if (has('timeouts') && !event.unit.includes('close to')) return 'something it calls does not answer';
  if (failing && has('duration')) return 'something it calls is slow or down';
  if (failing && has('invocations')) return 'callers that retry what fails';
  if (has('cost') && has('invocations')) return 'more calls: traffic, retries or a loop';
  if (has('cost') && has('duration')) return 'longer calls, each billed for its time';
  return old;
}

/** What else changed at the same time. */
function alsoFacts(event: AlertEvent): Fact[] {
  const numbers = new Map((event.evidence.signals ?? []).map((other) => [other.signal, other]));
  if (event.signal === 'telemetry') return [];
  const also = event.related_signals
    .filter((signal) => signal !== event.signal)
    .map((signal) => {
      const other = numbers.get(signal);
      if (other === undefined || !(other.mid > 0)) return WORDS[signal];
      return `${WORDS[signal]} ${times(other.observed / other.mid)} the usual`;
    });
  return also.length === 0 ? [] : [{ label: 'Also unusual', text: listed(also, 4) }];
}

function placeFacts(event: AlertEvent): Fact[] {
  const place = placeOf(event.function);
  const where = whereText(place);
  const functions = event.functions ?? [];
  return [
    ...(functions.length > 1
      ? [{ label: 'Functions', text: listed(functions.map(nameOf), FUNCTIONS), isForeign: true as const }]
      : place.version !== null && !event.text.includes(`version ${place.version}`)
        ? [{ label: 'Version', text: place.version, isForeign: true as const }]
        : []),
    ...(where === '' ? [] : [{ label: 'Where', text: where }]),
  ];
}
