import { parseFunctionKey } from '../ingest/fragment.ts';
import { EPOCH_MINUTE } from './page.ts';
import type { PlannedEvent } from './settings.ts';

export interface Plan extends PlannedEvent {
  readonly pattern: RegExp;
  readonly fromMinute: number;
  /** the first minute that is not of it any more */
  readonly toMinute: number;
}

/** The planned events of a configuration, ready to be asked of a function and a minute. */
export class Plans {
  readonly #plans: readonly Plan[];

  constructor(planned: readonly PlannedEvent[]) {
    this.#plans = planned.map((event) => ({
      ...event,
      pattern: wildcards(event.functions),
      fromMinute: Math.floor(event.fromMs / 60_000) - EPOCH_MINUTE,
      toMinute: Math.ceil(event.toMs / 60_000) - EPOCH_MINUTE,
    }));
  }

  get isEmpty(): boolean {
    return this.#plans.length === 0;
  }

  /** The first event that this function has in this minute. */
  at(fn: string, minute: number): Plan | null {
    const plan = this.#plans.find(
      (it) => minute >= it.fromMinute && minute < it.toMinute && it.pattern.test(nameOf(fn)),
    );
    return plan ?? null;
  }

  /** Whether an event of this function ends with this minute. */
  endsAt(fn: string, minute: number): boolean {
    return this.#plans.some((it) => it.toMinute === minute && it.pattern.test(nameOf(fn)));
  }
}

const nameOf = (fn: string) => parseFunctionKey(fn).name;

function wildcards(pattern: string): RegExp {
  const escaped = pattern.replace(/[\\^$.+()[\]{}|]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 'u');
}
