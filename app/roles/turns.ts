import { setImmediate as nextTurn } from 'node:timers/promises';

/** How long one request may keep the others waiting, ms. */
const TURN_MS = 8;

/** Lets others go on during long work. */
export class Turns {
  #sinceMs = performance.now();

  /** True after a pause, which it makes when its time is up. */
  async taken(): Promise<boolean> {
    if (performance.now() - this.#sinceMs < TURN_MS) return false;
    await nextTurn();
    this.#sinceMs = performance.now();
    return true;
  }
}
