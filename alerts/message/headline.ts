import type { AlertEvent, Signal } from '../event.ts';
import { clean, entryOf, listed } from './clean.ts';
import { lasting, money, plural, quantity, share, span, times } from './numbers.ts';
import { nameOf, placeOf, whereText } from './place.ts';

/** What is wrong, without who: `43 % of calls fail, 21 × the usual 2 %`. */
export function whatText(event: AlertEvent): string {
  if ((event.functions?.length ?? 0) > 1) return `${WORDS[event.signal]} at the same time`;
  return ownText(event);
}

/** The same of one function; of a group, of its first. */
export function ownText(event: AlertEvent): string {
  const { signal, observed, expected, evidence } = event;
  if (observed === null || expected === null) return FACTS[signal]?.(event) ?? oneShot(event);
  const versions = splitOf(event);
  if (versions !== null && versions.claim !== 'alike' && SPLIT_MODELS.has(String(evidence.model?.kind)))
    return `${versions.claim} ${versions.version}: ${versions.newer}, against ${versions.older}`;
  if (evidence.model?.kind === 'cusum') return slowly(event, observed, expected.mid);
  const bad = entryOf(BAD_CALLS, event.unit);
  if (bad !== undefined) return badCalls(event, bad, observed, expected.mid);
  return (NUMBERS[signal] ?? plainNumber)(event, observed, expected.mid);
}

const SPLIT_MODELS: ReadonlySet<string> = new Set(['fisher', 'beta-binomial', 'student-log2']);

/** How it ended: `errors back to normal`. */
export function overText(event: AlertEvent): string {
  if (isOnce(event)) return ownText(event);
  const what = WORDS[event.signal];
  if (/(?:^|; )(?:shifted|the new level): /.test(event.evidence.rule ?? ''))
    return `${what} at a new level, taken as usual from now on`;
  return BACK[event.signal] ?? `${what} back to normal`;
}

/** Told once: there is no number that could come back to normal. */
export const isOnce = ({ observed, signal, function: { name } }: AlertEvent): boolean =>
  observed === null && !(signal === 'telemetry' && name === '*');

const BACK: Readonly<Partial<Record<Signal, string>>> = {
  silence: 'calls are back',
  telemetry: 'logs are back',
  error_type: 'no more of the new kind of error',
};

/** What calls do that are counted as bad, by the unit of the count. */
const BAD_CALLS: Readonly<Record<string, string>> = {
  'failed invocations': 'fail',
  'timed-out invocations': 'time out',
  'out-of-memory invocations': 'run out of memory',
  'invocations close to their time limit': 'come close to their time limit',
  'denied requests': 'are denied',
  'cold starts': 'start cold',
  'slow calls (beyond mean + 3 sigma)': 'are far slower than usual',
};

function badCalls(event: AlertEvent, verb: string, observed: number, mid: number): string {
  const calls = callsOf(event);
  if (calls === null) return `${plural(observed, 'call')} in ${windowOf(event)} ${verb}, ${usualCount(observed, mid)}`;
  const part = share(observed / calls);
  if (mid < 0.5) return `${part} of calls ${verb}, usually none`;
  return `${part} of calls ${verb}, ${times(observed / mid)} the usual ${share(mid / calls)}`;
}

/** Calls that the observed count is of; null where that is not known. */
export function callsOf({ observed, evidence, why }: AlertEvent): number | null {
  if (typeof evidence.calls === 'number' && evidence.calls > 0) return Math.max(evidence.calls, observed ?? 0);
  // events of before 0.4 say it in words alone
  const said = /^(\d+) of (\d+) calls \(/.exec(why[0] ?? '');
  return said === null ? null : Math.max(Number(said[2]), observed ?? 0) || null;
}

type Numbered = (event: AlertEvent, observed: number, mid: number) => string;

const NUMBERS: Readonly<Partial<Record<Signal, Numbered>>> = {
  invocations: (event, observed, mid) =>
    observed < mid
      ? `${plural(observed, 'call')} in ${windowOf(event)}, where ${quantity(mid, '')} are usual`
      : `${plural(observed, 'call')} in ${windowOf(event)}, ${usualCount(observed, mid)}`,
  silence: (event, _observed, mid) => `no call for ${silentFor(event)}, where ${quantity(mid, '')} were due`,
  duration: (event, observed, mid) => `a call takes ${quantity(observed, event.unit)}, ${usual(event, observed, mid)}`,
  memory: (event, observed, mid) =>
    `a call uses ${quantity(observed, event.unit)} of memory, ${usual(event, observed, mid)}`,
  cost: (event, observed, mid) => `${money(observed)} in ${windowOf(event)}, ${usual(event, observed, mid)}`,
  egress: (event, observed, mid) =>
    event.unit === 'bytes per call'
      ? `a call sends ${quantity(observed, event.unit)}, ${usual(event, observed, mid)}`
      : `${quantity(observed, event.unit)} sent in ${windowOf(event)}, ${usual(event, observed, mid)}`,
  error_type: (event, observed) => `${plural(observed, 'call')} failed in a new way${typeText(event)}`,
  pattern: (event) => patternText(event),
};

const plainNumber: Numbered = (event, observed, mid) =>
  `${event.signal} ${quantity(observed, event.unit)}, ${usual(event, observed, mid)}`;

function slowly(event: AlertEvent, observed: number, mid: number): string {
  const what = event.unit === '% of calls failed' ? 'failing calls' : WORDS[event.signal];
  const show = (value: number) =>
    event.unit === '% of calls failed'
      ? share(value / 100)
      : `${quantity(value, event.unit)}${event.unit === 'invocations a minute' ? ' a minute' : ''}`;
  return `${what} slowly rising for weeks: ${show(observed)} now, ${show(mid)} before`;
}

function usual({ unit }: AlertEvent, observed: number, mid: number): string {
  if (!(mid > 0)) return 'usually none';
  return `${times(observed / mid)} the usual ${quantity(mid, unit)}`;
}

const usualCount = (observed: number, mid: number) =>
  mid < 0.5 ? 'usually none' : `${times(observed / mid)} the usual ${quantity(mid, '')}`;

export const windowOf = ({ window_ms }: AlertEvent): string => span(window_ms);

function silentFor({ at, ended_at, started_at, window_ms }: AlertEvent): string {
  return lasting(Math.max(window_ms === 0 ? 0 : 60_000, Date.parse(ended_at ?? at) - Date.parse(started_at)));
}

/** `: TypeError`, from the reasons, as its log called it. */
function typeText({ why }: AlertEvent): string {
  const type = why.find((reason) => reason.startsWith(NEW_TYPE));
  return type === undefined ? '' : `: ${clean(type.slice(NEW_TYPE.length), 60)}`;
}

const NEW_TYPE = 'new error type: ';

/** `duration up, memory up together`: what stood out, without the model's numbers. */
function patternText({ why }: AlertEvent): string {
  const driver = why.find((reason) => reason.startsWith(TOGETHER));
  const parts = clean(driver?.slice(TOGETHER.length) ?? '', 300)
    .split(', ')
    .filter((part) => / (?:up|down) /.test(part))
    .map((part) => part.replace(/ (up|down) .*$/, ' $1').replaceAll('_', ' '));
  const words = [...new Set(parts)];
  return words.length === 0
    ? 'calls unlike its past'
    : `${words.join(', ')}${words.length > 1 ? ' together' : ''}, unlike its past`;
}

const TOGETHER = 'unusual together: ';

/** What a signal is called in a sentence. */
export const WORDS: Readonly<Record<Signal, string>> = {
  invocations: 'calls',
  duration: 'duration',
  errors: 'errors',
  error_type: 'a new kind of error',
  timeouts: 'timeouts',
  oom: 'out of memory',
  cost: 'cost',
  egress: 'data sent',
  memory: 'memory',
  cold_starts: 'cold starts',
  silence: 'silence',
  lifecycle: 'change of the function',
  access: 'denied requests',
  content: 'text in the log',
  telemetry: 'missing logs',
  pattern: 'unusual behaviour',
};

/** The split by version as the event carries it; texts are made safe. */
export function splitOf({
  evidence,
}: AlertEvent): Readonly<Record<'claim' | 'version' | 'newer' | 'older', string>> | null {
  const versions = evidence.versions as Readonly<Record<string, unknown>> | undefined;
  if (typeof versions !== 'object' || versions === null) return null;
  const text = (key: string) =>
    clean(typeof versions[key] === 'string' ? versions[key] : '', 100).replace(' (0.000 %)', '');
  if (text('claim') === '' || text('version') === '') return null;
  return { claim: text('claim'), version: `version ${text('version')}`, newer: text('newer'), older: text('older') };
}

const FACTS: Readonly<Partial<Record<Signal, (event: AlertEvent) => string>>> = {
  telemetry: (event) =>
    event.function.name !== '*'
      ? oneShot(event)
      : `no logs for ${span(event.window_ms)}, where ${plural(event.impact.invocations ?? 0, 'call')} were due`,
};

/** What was seen once: from its code, else in the words of the event. */
function oneShot(event: AlertEvent): string {
  const { detail } = event.evidence;
  const [what = '', ...rest] = (typeof detail === 'string' ? detail : '').split(':');
  const value = clean(rest.join(':'), 80);
  const known = entryOf(ONE_SHOTS, what);
  if (known !== undefined) return known(value);
  const name = `${event.function.name}: `;
  return clean(event.text.startsWith(name) ? event.text.slice(name.length) : event.text, 140);
}

const ONE_SHOTS: Readonly<Record<string, (value: string) => string>> = {
  secret: (kind) => `its log holds what looks like a secret (${kind.replaceAll('-', ' ')})`,
  verbose: (kind) => `its log shows error details (${kind.replaceAll('-', ' ')}) that it never showed before`,
  'dormant-awake': (value) => `called again after ${value} of silence`,
  'new-function-burst': (value) => `a function never seen before started with ${value}`,
  'first-seen': () => 'seen for the first time',
  'new-version': (value) => `version ${value} answers for the first time`,
  'memory-grown': (value) => `memory size raised, ${value}: each millisecond costs that much more`,
  'timeout-changed': (value) => `time limit changed, ${value}`,
  'memory-size': (value) => `memory size changed, ${value}`,
  'logs-dropped': (value) => `the platform dropped ${value} of its log`,
};

/** Who it is about, short: a name, or how many functions. */
export function whoText(event: AlertEvent): string {
  const functions = event.functions ?? [];
  if (functions.length > 1) {
    return `${functions.length.toLocaleString('en-US')} functions (${listed(functions.slice(0, 3).map(nameOf), 2).replace(/ and \d+ more$/, ', …')})`;
  }
  if (event.function.name !== '*') return nameOf(event.function);
  const where = whereText(placeOf(event.function));
  return where === '' ? 'all functions' : `all functions of ${where}`;
}
