/** What a front does wrong. Shares are of inserts; the same seed draws the same fates in the order of arrival. */
export interface Faults {
  /** The port is closed and connections are reset, until it is false again. */
  readonly away: boolean;
  /** Requests are taken and never answered, nor run. */
  readonly hang: boolean;
  /** Answered with 500 and an error of ClickHouse that passes, not run. */
  readonly errorShare: number;
  /** Of the others: run, and then the connection is reset or 500 is answered. */
  readonly ambiguousShare: number;
  readonly seed: number;
}

export type Fault = 'error' | 'hang' | 'applied then reset' | 'applied then error' | null;

export interface FaultCounts {
  readonly inserts: number;
  readonly errors: number;
  readonly ambiguous: number;
}

const NONE: Faults = { away: false, hang: false, errorShare: 0, ambiguousShare: 0, seed: 1 };

/** Draws the fate of each request. */
export class FaultPlan {
  #faults = NONE;
  #state = NONE.seed;
  readonly #counts = { inserts: 0, errors: 0, ambiguous: 0 };

  get faults(): Faults {
    return this.#faults;
  }

  get counts(): FaultCounts {
    return { ...this.#counts };
  }

  /** @throws {Error} on a name or a value that means nothing, for those who type it */
  set(faults: Partial<Faults>): void {
    for (const [name, value] of Object.entries(faults)) {
      if (!(name in NONE)) throw new Error(`${name} is no fault; there are ${Object.keys(NONE).join(', ')}`);
      if (typeof value !== typeof NONE[name as keyof Faults])
        throw new Error(`${name} cannot be ${JSON.stringify(value)}`);
    }
    this.#faults = { ...this.#faults, ...faults };
    if (faults.seed !== undefined) this.#state = faults.seed;
  }

  next(sql: string): Fault {
    if (this.#faults.hang) return 'hang';
    if (!/^\s*insert\b/i.test(sql)) return null;
    this.#counts.inserts++;
    if (this.#draw() < this.#faults.errorShare) {
      this.#counts.errors++;
      return 'error';
    }
    if (this.#draw() >= this.#faults.ambiguousShare) return null;
    this.#counts.ambiguous++;
    return this.#draw() < 0.5 ? 'applied then reset' : 'applied then error';
  }

  /** In [0, 1): mulberry32. */
  #draw(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}
