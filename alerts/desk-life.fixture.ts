import fc from 'fast-check';
import { alert, START_MS, settings } from './desk.fixture.ts';
import type { Desk } from './desk.ts';
import type { DeskSaid } from './desk-said.ts';
import type { Route } from './desk-settings.ts';
import type { AlertEvent, Severity } from './event.ts';

export const DAY_MS = 24 * 3600_000;
const FUNCTIONS = ['pay', 'import-a', 'import-b'];
const SIGNALS = ['errors', 'egress'] as const;

/** One call of the desk, whole, so that the same calls can be made twice. */
export type Call =
  | { readonly hear: AlertEvent }
  | { readonly timeMs: number }
  | { readonly command: { readonly id: string; readonly kind: string; readonly [field: string]: unknown } };

const severity = fc.constantFrom<Severity>('info', 'warning', 'error', 'error', 'critical');
/** Seconds between two calls: much at once, some minutes, and now and then hours or days. */
const pause = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(0, 0, 1, 10, 50) },
  { weight: 4, arbitrary: fc.integer({ min: 60, max: 2000 }) },
  { weight: 1, arbitrary: fc.constantFrom(7200, 90_000, 700_000) },
);
const trouble = { fn: fc.nat(FUNCTIONS.length), signal: fc.nat(SIGNALS.length - 1), severity };

const hears = fc.record({
  does: fc.constantFrom('open', 'open', 'update', 'resolve', 'forget', 'stray update', 'stray end'),
  usd: fc.constantFrom(undefined, 1, 3, 9),
  ...trouble,
});
export const times = fc.record({ does: fc.constant('time' as const) });
const matchOf = fc.constantFrom<object>(
  { function: ['import-*'] },
  { signal: ['errors'] },
  { severity: ['error'] },
  { severity: ['critical', 'error'], function: ['pay'] },
  { account: ['1'] },
);
export const silences = fc.record({
  does: fc.constant('silence' as const),
  match: matchOf,
  minutes: fc.integer({ min: 1, max: 3000 }),
});
export const unsilences = fc.record({ does: fc.constant('unsilence' as const), pick: fc.nat(5) });
export const people = fc.record({
  does: fc.constantFrom('ack' as const, 'label' as const),
  pick: fc.nat(9),
  isRepeated: fc.boolean(),
});

export type Step = { readonly pause: number } & Readonly<Record<string, unknown>> & { readonly does: string };
export const stepsOf = (...kinds: fc.Arbitrary<{ does: string }>[]) =>
  fc.array(
    fc
      .tuple(pause, fc.oneof({ weight: 5, arbitrary: hears }, ...kinds))
      .map(([it, step]) => ({ ...step, pause: it }) as Step),
    { minLength: 1, maxLength: 60 },
  );

/** Detection and people, from steps that know nothing of each other: an opening has an id of its own, an end is of an opening. */
export function callsOf(steps: readonly Step[]): Call[] {
  const life = new Life();
  return steps.flatMap((step, i) => life.step(step, `c${i}`));
}

class Life {
  #atSeconds = 0;
  #ids = 0;
  /** what detection has open: names by function and signal */
  readonly #open = new Map<string, string>();
  readonly #known: string[] = [];
  readonly #silences: string[] = [];

  step(step: Step, id: string): Call[] {
    this.#atSeconds += step.pause;
    if (step.does === 'time') return [{ timeMs: this.#nowMs }];
    const asked = this.#asked(step, id);
    if (asked !== null) return step['isRepeated'] === true ? [asked, asked] : [asked];
    const event = this.#heard(step);
    return event === null ? [] : [{ hear: event }];
  }

  get #nowMs(): number {
    return START_MS + this.#atSeconds * 1000;
  }

  #asked(step: Step, id: string): Call | null {
    const pick = step['pick'] as number;
    const command = (kind: string, more: object) => ({ command: { id, kind, ...more } });
    if (step.does === 'settings') return command('settings', { settings: step['settings'] });
    if (step.does === 'unsilence')
      return command('unsilence', { silence: this.#silences[pick] ?? 'none', by: 'ann', why: 'done' });
    if (step.does === 'silence') {
      this.#silences.push(id);
      const untilMs = this.#nowMs + (step['minutes'] as number) * 60_000;
      return command('silence', { silence: { id, match: step['match'], untilMs, by: 'ann', why: 'known' } });
    }
    if (step.does !== 'ack' && step.does !== 'label') return null;
    const incident = this.#known.at(-1 - pick) ?? 'nobody';
    return command(step.does, { incident, by: 'ann', note: '', label: 'false' });
  }

  /** Null where there is nothing to say: it is open already, or not open. */
  #heard(step: Step): AlertEvent | null {
    const { fn, signal, severity, usd } = step as unknown as Trouble;
    const isGroup = fn === FUNCTIONS.length;
    const key = `${fn} ${isGroup ? '' : signal}`;
    if (step.does === 'forget') {
      this.#open.delete(key); // its state was lost: its next word of this is another opening
      return null;
    }
    const isStray = step.does.startsWith('stray');
    const isOpening = isStray || (step.does === 'open' && !this.#open.has(key));
    const id = isOpening ? `a${++this.#ids}` : this.#open.get(key);
    if (id === undefined) return null;
    if (isOpening) this.#known.push(id);
    const isEnd = step.does === 'resolve' || step.does === 'stray end';
    if (isEnd && !isStray) this.#open.delete(key);
    else if (!isStray) this.#open.set(key, id);
    const event = isEnd ? 'resolved' : isOpening && !isStray ? 'opened' : 'updated';
    const of = isGroup ? { functions: FUNCTIONS } : { name: FUNCTIONS[fn]! };
    const what = { at: this.#atSeconds, alert: id, event, severity, signal: SIGNALS[isGroup ? 0 : signal]! } as const;
    return alert({ ...what, ...of, ...(usd === undefined ? {} : { usd }) });
  }
}

interface Trouble {
  /** index of a function; behind the last: all of them, by a common cause */
  readonly fn: number;
  readonly signal: number;
  readonly severity: Severity;
  readonly usd?: number;
}

function make(desk: Desk, call: Call): DeskSaid[] {
  if ('hear' in call) return desk.hear(call.hear);
  return 'timeMs' in call ? desk.time(call.timeMs) : desk.command(call.command);
}

export const said = (desk: Desk, calls: readonly Call[]): DeskSaid[] => calls.flatMap((call) => make(desk, call));

const ROUTES: readonly Route[] = [
  { match: { function: ['import-*'] }, to: ['pager'], continue: true },
  { match: { severity: ['critical', 'error'] }, to: ['pager'], continue: false },
  { match: { signal: ['egress'] }, to: ['chat'], continue: false },
];
export const whenTold = {
  holdMs: fc.constantFrom(0, 0, 30_000),
  flapHoldMs: fc.constantFrom(0, 120_000),
  reopenMs: fc.constantFrom(0, 1_800_000),
  renotifyAfterMs: fc.constantFrom(0, DAY_MS),
};
export const whoIsTold = {
  routes: fc.constantFrom<readonly Route[]>([], ROUTES),
  destinations: fc.constantFrom(['chat', 'pager'], ['chat'], ['pager', 'mail']),
  stormAlertsPerMinute: fc.constantFrom(1, 3, 20),
};
export const anySettings = fc.record({ ...whenTold, ...whoIsTold }).map(settings);
const changes = fc.record({ does: fc.constant('settings' as const), settings: anySettings });
export const anything = stepsOf(times, silences, unsilences, people, changes);
