/** Clients that are remembered; of more the one that has not called for longest is forgotten. */
const MOST_CLIENTS = 10_000;

/** A token bucket a client: so many requests a second, as many again at once. @param nowMs a clock that never jumps, ms */
export class RequestRate {
  readonly #perSecond: number;
  readonly #nowMs: () => number;
  /** what is left of a client's burst, and when that was so; the last to call is the last in the map */
  readonly #clients = new Map<string, { tokens: number; atMs: number }>();

  constructor(perSecond: number, nowMs: () => number) {
    this.#perSecond = perSecond;
    this.#nowMs = nowMs;
  }

  /** 0 = go on, else how long this client should wait, ms. */
  take(client: string): number {
    const atMs = this.#nowMs();
    const known = this.#clients.get(client);
    const tokens =
      known === undefined
        ? this.#perSecond
        : Math.min(this.#perSecond, known.tokens + ((atMs - known.atMs) / 1000) * this.#perSecond);
    const isLeft = tokens >= 1;
    this.#clients.delete(client);
    this.#clients.set(client, { tokens: isLeft ? tokens - 1 : tokens, atMs });
    if (this.#clients.size > MOST_CLIENTS) this.#clients.delete(this.#clients.keys().next().value!);
    return isLeft ? 0 : Math.ceil(((1 - tokens) / this.#perSecond) * 1000);
  }
}
