/**
 * Says once that something fails, and once that it is over: when nothing has failed for `calmMs` and the last attempt
 * succeeded. A store that refuses every second insert is one trouble, not many.
 */
export class Trouble {
  readonly #say: (message: string) => void;
  readonly #calmMs: number;
  readonly #failing = new Set<unknown>();
  #timer: NodeJS.Timeout | null = null;
  #beganMs: number | null = null;
  #lastFailureMs = 0;

  constructor(say: (message: string) => void, calmMs: number) {
    this.#say = say;
    this.#calmMs = calmMs;
  }

  get isOn(): boolean {
    return this.#beganMs !== null;
  }

  /** `of` tells apart what fails at the same time. */
  failed(of: unknown, message: () => string): void {
    this.#failing.add(of);
    this.#lastFailureMs = performance.now();
    if (this.#beganMs !== null) return;
    this.#beganMs = this.#lastFailureMs;
    this.#say(message());
  }

  succeeded(of: unknown, message: (secondsOfTrouble: number) => string): void {
    this.#failing.delete(of);
    if (this.#beganMs === null || this.#failing.size > 0) return;
    const leftMs = this.#lastFailureMs + this.#calmMs - performance.now();
    if (leftMs > 0) {
      this.#timer ??= this.#later(leftMs, () => this.succeeded(of, message));
      return;
    }
    const seconds = (this.#lastFailureMs - this.#beganMs) / 1000;
    this.#beganMs = null;
    this.#say(message(seconds));
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #later(ms: number, run: () => void): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.#timer = null;
      if (this.#failing.size === 0) run();
    }, ms);
    return timer.unref();
  }
}
