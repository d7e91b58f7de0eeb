/** Requests that are remembered. */
const MOST = 50_000;

/** Remembers requests by their id, so that what comes again is done once. Bounded: the oldest are forgotten. */
export class Repeats {
  /** null = done */
  readonly #known = new Map<string, Promise<void> | null>();
  readonly #most: number;

  constructor(most = MOST) {
    this.#most = most;
  }

  /**
   * Does `work` unless it was done under this id; while it is being done, waits for that, and does it itself where that
   * failed. @returns whether it was done here. @throws what `work` does
   */
  async once(id: string, work: () => Promise<void>): Promise<boolean> {
    for (let known = this.#known.get(id); known !== undefined; known = this.#known.get(id)) {
      if (known === null) return false;
      await known.catch(() => {});
    }
    const done = work();
    this.#known.set(id, done);
    try {
      await done;
    } catch (error) {
      this.#known.delete(id);
      throw error;
    }
    this.#known.delete(id); // to be the newest
    this.#known.set(id, null);
    this.#forget();
    return true;
  }

  #forget(): void {
    for (const [id, known] of this.#known) {
      if (this.#known.size <= this.#most) return;
      if (known === null) this.#known.delete(id);
    }
  }
}
