import type { AlertEvent } from '../alerts/event.ts';
import { Fleet } from '../alerts/fleet.ts';
import type { EngineMinute } from '../detectors/engine.ts';
import { FAMILY_OF, type Finding } from '../detectors/signals/signal.ts';
import type { Verdict } from '../detectors/verdict.ts';
import { START_MS } from './stream.ts';

const MINUTE_MS = 60_000;
/** Windows tested a minute: 10 functions × 11 signals × 5 horizons. */
const TESTED = 550;

export const FINDING: Finding = {
  signal: 'errors',
  direction: 'up',
  horizon: 0,
  score: 12,
  observed: 30,
  low: 0,
  mid: 1,
  high: 4,
  unit: 'failed invocations',
  ratio: 30,
  support: 30,
  model: { kind: 'negative-binomial', tail: 'upper', mean: 1, phi: 0.5 },
  rule: 'floor',
  drivers: ['a driver'],
};

/** A verdict on function `name` at a minute since the start; what is not told follows from the signal. */
export function verdict(name: string, minute: number, more: Partial<Verdict> = {}): Verdict {
  const signal = more.signal ?? 'errors';
  const event = more.event ?? 'opened';
  const hasFinding = event !== 'resolved' && FAMILY_OF[signal] !== FAMILY_OF.content;
  return {
    event,
    fn: name.includes('/') ? name : `aws/1/eu-west-1/${name}`,
    version: '7',
    atMs: START_MS + minute * MINUTE_MS,
    onsetMs: START_MS + (minute - 1) * MINUTE_MS,
    endedMs: event === 'resolved' ? START_MS + minute * MINUTE_MS : null,
    family: FAMILY_OF[signal],
    signal,
    severity: 'error',
    finding: hasFinding ? { ...FINDING, signal } : null,
    related: [],
    windowsLearnt: 100,
    usdPerHour: null,
    invocations: 30,
    bytes: null,
    ids: { failed: ['r1'], slowest: [], sending: [] },
    rule: 'rule',
    detail: null,
    ...more,
  };
}

/** What was found, without who is paged for it. */
export function withoutPaging({ page: _page, page_reason: _reason, owner: _owner, ...found }: AlertEvent): AlertEvent {
  const { paging: _paging, ...evidence } = found.evidence;
  return { ...found, evidence };
}

/** A fleet stage that is fed minute by minute; pulses say how many functions an account has, and whether they are seen. */
export class FleetPlay {
  readonly events: AlertEvent[] = [];
  fleet = this.#newFleet();
  readonly functions: number;
  #minute = 0;

  constructor(functions = 10) {
    this.functions = functions;
  }

  #newFleet(): Fleet {
    return new Fleet('hash', (event) => this.events.push(event));
  }

  /** The minute that comes next, since the start. */
  get minute(): number {
    return this.#minute;
  }

  /** One graded minute with these verdicts. `seen` = the share of the calls due that came. */
  step(verdicts: readonly Verdict[] = [], seen = 1, accounts: readonly string[] = ['aws/1']): void {
    const minuteMs = START_MS + this.#minute++ * MINUTE_MS;
    const pulses = accounts.map((account) => ({
      account,
      functions: this.functions,
      expected: 2 * this.functions,
      observed: 2 * this.functions * seen,
    }));
    const minute: EngineMinute = { minuteMs, watermarkMs: minuteMs + MINUTE_MS, verdicts, pulses, tested: TESTED };
    this.fleet.step(minute);
  }

  quiet(minutes: number, seen = 1): void {
    for (let i = 0; i < minutes; i++) this.step([], seen);
  }

  /** Takes the stage down to its state and goes on with another. */
  restart(): void {
    const state = JSON.parse(JSON.stringify(this.fleet.state()));
    this.fleet = this.#newFleet();
    this.fleet.restore(state);
  }

  /** `opened errors a,b` and the like. */
  told(): string[] {
    return this.events.map(
      ({ event, signal, function: { name }, functions }) =>
        `${event} ${signal} ${functions === undefined ? name : functions.map((fn) => fn.name).join(',')}`,
    );
  }
}
