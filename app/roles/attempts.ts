import type { Outcome } from '../../alerts/sinks/sink.ts';

/** The longest pause of the first failure, which doubles with each further one up to the other, ms. */
const FIRST_MS = 500;
const LONGEST_MS = 120_000;
/** After so many failures in a row the circuit is open: somebody should look, and attempts are probes. */
const OPEN_AFTER = 5;
const LEAST_OPEN_MS = 5_000;
/** A destination that asks to be left alone for longer is asked again nevertheless. */
const LONGEST_ASKED_MS = 3_600_000;
/** Where somebody has to change something, it is looked whether they have. */
const PARKED_MS = 15 * 60_000;

/** The world as attempts see it: tests bring their own. */
export interface AttemptClock {
  /** wall clock, ms */
  nowMs(): number;
  /** @throws AbortError by the signal */
  wait(ms: number, signal: AbortSignal): Promise<void>;
  /** from 0 up to 1 */
  random(): number;
}

/** `failing` after a failure, `open` after several in a row, `parked` until somebody changes something. */
export type Condition = 'working' | 'failing' | 'open' | 'parked';

export interface Attempted {
  readonly outcome: Extract<Outcome, { kind: 'taken' | 'refused' }>;
  /** with those of an earlier process */
  readonly attempts: number;
  /** when the first of them began, wall clock, ms */
  readonly firstMs: number;
}

export interface AttemptHooks {
  /** an attempt failed, and there will be another */
  readonly onFailed: (why: string) => void;
  /** told once for each change */
  readonly onCondition: (condition: Condition, why: string | null) => void;
}

/** What is left of attempts that were broken off: the next process goes on counting. */
export interface Begun {
  readonly attempts: number;
  readonly firstMs: number;
}

/**
 * Tries until it is taken or refused, for as long as it takes: pauses double up to two minutes with full jitter, and last
 * at least as long as the destination asks for. One circuit a destination: what fails one notice for a while fails all.
 */
export class Attempts {
  readonly #clock: AttemptClock;
  readonly #hooks: AttemptHooks;
  #failures = 0;
  #begun: Begun | null;
  condition: Condition = 'working';
  why: string | null = null;
  /** since when it is in this condition, wall clock, ms */
  sinceMs: number;
  /** when the next attempt is due; null = none is waited for */
  nextMs: number | null = null;

  constructor(clock: AttemptClock, hooks: AttemptHooks, begun: Begun | null = null) {
    this.#clock = clock;
    this.#hooks = hooks;
    this.#begun = begun;
    this.sinceMs = clock.nowMs();
  }

  /** Of the delivery under way, or broken off; null = none. */
  get begun(): Begun | null {
    return this.#begun;
  }

  /** @param attempt told whether it was tried before. @throws AbortError by the signal */
  async until(attempt: (wasTried: boolean) => Promise<Outcome>, signal: AbortSignal): Promise<Attempted> {
    for (;;) {
      signal.throwIfAborted();
      const { attempts, firstMs } = this.#begun ?? { attempts: 0, firstMs: this.#clock.nowMs() };
      this.#begun = { attempts: attempts + 1, firstMs };
      const outcome = await attempt(attempts > 0);
      if (outcome.kind === 'taken' || outcome.kind === 'refused') {
        this.#worked();
        this.#begun = null;
        return { outcome, attempts: attempts + 1, firstMs };
      }
      const pauseMs = this.#failed(outcome);
      this.nextMs = this.#clock.nowMs() + pauseMs;
      await this.#clock.wait(pauseMs, signal);
      this.nextMs = null;
    }
  }

  #worked(): void {
    this.#failures = 0;
    if (this.condition !== 'working') this.#become('working', null);
  }

  /** @returns how long to wait, ms */
  #failed(outcome: Extract<Outcome, { kind: 'retry' | 'closed' }>): number {
    const { kind, why } = outcome;
    this.#failures++;
    this.why = why;
    this.#hooks.onFailed(why);
    if (kind === 'closed') {
      this.#become('parked', why);
      return PARKED_MS * (1 - this.#clock.random() / 2);
    }
    const isOpen = this.#failures >= OPEN_AFTER;
    this.#become(isOpen ? 'open' : 'failing', why);
    const longestMs = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(this.#failures - 1, 30));
    const leastMs = Math.max(Math.min(outcome.afterMs, LONGEST_ASKED_MS), isOpen ? LEAST_OPEN_MS : 0);
    return Math.max(leastMs, this.#clock.random() * longestMs);
  }

  #become(condition: Condition, why: string | null): void {
    if (this.condition === condition) return;
    this.condition = condition;
    this.why = why;
    this.sinceMs = this.#clock.nowMs();
    this.#hooks.onCondition(condition, why);
  }
}
