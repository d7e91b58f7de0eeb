import { setTimeout as sleep } from 'node:timers/promises';
import { describe } from './kafka-errors.ts';

const FIRST_MS = 50;
const LONGEST_MS = 5_000;
/** A leader that moves or a coordinator that loads is everyday life, and over by then. */
const QUIET_ATTEMPTS = 2;
const SAY_AGAIN_MS = 10_000;

/** Told what goes wrong and is being retried, and when it is over: nobody needs to act, but operators want to know. */
export type OnTrouble = (message: string) => void;

/** Waits longer after each failure in a row, with jitter, so that clients of a broker that returns do not come at once. */
export class Patience {
  readonly #doing: string;
  readonly #onTrouble: OnTrouble;
  #failures = 0;
  #sinceMs = 0;
  #saidMs: number | null = null;

  constructor(doing: string, onTrouble: OnTrouble = () => {}) {
    this.#doing = doing;
    this.#onTrouble = onTrouble;
  }

  /** Resolves when it is time for the next attempt, or when `signal` says that there will be none. */
  async failed(error: unknown, signal: AbortSignal): Promise<void> {
    const nowMs = performance.now();
    if (this.#failures === 0) this.#sinceMs = nowMs;
    const ceilingMs = Math.min(LONGEST_MS, FIRST_MS * 2 ** this.#failures++);
    if (this.#failures > QUIET_ATTEMPTS && (this.#saidMs === null || nowMs - this.#saidMs >= SAY_AGAIN_MS)) {
      this.#saidMs = nowMs;
      this.#onTrouble(`${this.#doing}: ${describe(error)}; attempt ${this.#failures}, trying on`);
    }
    await sleep(ceilingMs * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => {});
  }

  succeeded(): void {
    if (this.#saidMs !== null) {
      this.#onTrouble(`${this.#doing}: works again after ${((performance.now() - this.#sinceMs) / 1000).toFixed(1)} s`);
    }
    this.#saidMs = null;
    this.#failures = 0;
  }
}
