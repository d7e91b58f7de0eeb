/**
 * Remembers which events have been counted, in bounded memory. Keys are 64-bit hashes of what the event says, kept in
 * generations of event time; a generation is dropped once the lateness has passed it. Open addressing, linear probing:
 * one cache miss a call in the usual case. Chance of a false "seen": n² / 2^65, 3e-8 at a million events a generation.
 */
const ENTRY = 2; // hi, lo

class Generation {
  words: Int32Array = new Int32Array(8 * ENTRY);
  mask = 7;
  used = 0;

  /** Index of the entry with this key, or of the free place where it belongs. */
  find(hi: number, lo: number): number {
    let place = lo & this.mask;
    for (;;) {
      const at = place * ENTRY;
      const storedHi = this.words[at]!;
      const storedLo = this.words[at + 1]!;
      if ((storedHi === hi && storedLo === lo) || (storedHi === 0 && storedLo === 0)) return at;
      place = (place + 1) & this.mask;
    }
  }

  insert(at: number, hi: number, lo: number): void {
    this.words[at] = hi;
    this.words[at + 1] = lo;
    if (++this.used * 5 > (this.mask + 1) * 3) this.grow();
  }

  grow(): void {
    const old = this.words;
    this.mask = this.mask * 2 + 1;
    this.words = new Int32Array((this.mask + 1) * ENTRY);
    for (let at = 0; at < old.length; at += ENTRY) {
      const hi = old[at]!;
      const lo = old[at + 1]!;
      if (hi === 0 && lo === 0) continue;
      const place = this.find(hi, lo);
      this.words[place] = hi;
      this.words[place + 1] = lo;
    }
  }
}

export class SeenEvents {
  readonly spanMs: number;
  readonly generations = new Map<number, Generation>();
  #lastNumber = Number.NaN;
  #last: Generation | null = null;
  readonly #atMost: number;
  #size = 0;
  /** events that were forgotten before their time, as there were too many: a copy of one would count again */
  forgotten = 0;

  /** @param atMost events; beyond them the oldest generation is forgotten early */
  constructor(spanMs: number, atMost = Number.POSITIVE_INFINITY) {
    this.spanMs = spanMs;
    this.#atMost = atMost;
  }

  /** Events remembered. */
  get size(): number {
    return this.#size;
  }

  #generation(number: number): Generation {
    if (number === this.#lastNumber && this.#last !== null) return this.#last;
    let generation = this.generations.get(number);
    if (generation === undefined) {
      generation = new Generation();
      this.generations.set(number, generation);
    }
    this.#lastNumber = number;
    this.#last = generation;
    return generation;
  }

  /** True the first time; afterwards false. `hi`, `lo` any 32-bit words (0, 0 is mapped away). */
  add(timeMs: number, hi: number, lo: number): boolean {
    const key = lo === 0 && hi === 0 ? 1 : lo | 0;
    const high = hi | 0;
    const generation = this.#generation(Math.floor(timeMs / this.spanMs));
    const at = generation.find(high, key);
    if (generation.words[at] === high && generation.words[at + 1] === key) return false;
    generation.insert(at, high, key);
    if (++this.#size > this.#atMost) this.#forgetOldest();
    return true;
  }

  #forgetOldest(): void {
    const oldest = Math.min(...this.generations.keys());
    this.forgotten += this.#drop(oldest);
  }

  #drop(number: number): number {
    const { used } = this.generations.get(number)!;
    this.generations.delete(number);
    if (number === this.#lastNumber) this.#last = null;
    this.#size -= used;
    return used;
  }

  /** Whether the key was added in the generation of `timeMs` or one beside it. */
  hasNear(timeMs: number, hi: number, lo: number): boolean {
    const number = Math.floor(timeMs / this.spanMs);
    return this.#has(number, hi, lo) || this.#has(number - 1, hi, lo) || this.#has(number + 1, hi, lo);
  }

  #has(number: number, hi: number, lo: number): boolean {
    const generation = this.generations.get(number);
    if (generation === undefined) return false;
    const key = lo === 0 && hi === 0 ? 1 : lo | 0;
    const at = generation.find(hi | 0, key);
    return generation.words[at] === (hi | 0) && generation.words[at + 1] === key;
  }

  /** Forgets generations that ended before `beforeMs`. */
  expire(beforeMs: number): void {
    for (const number of this.generations.keys()) {
      if ((number + 1) * this.spanMs < beforeMs) this.#drop(number);
    }
  }

  get bytes(): number {
    let bytes = 0;
    for (const generation of this.generations.values()) bytes += generation.words.byteLength;
    return bytes;
  }

  /** The table of each generation as it is, by number: one that has had its time stays the same bytes. */
  *pages(): Generator<readonly [generation: number, words: Int32Array]> {
    for (const number of [...this.generations.keys()].sort((a, b) => a - b)) {
      yield [number, this.generations.get(number)!.words];
    }
  }

  /** Takes a table that `pages` gave. */
  restorePage(number: number, words: Int32Array): void {
    const generation = new Generation();
    generation.words = words;
    generation.mask = words.length / ENTRY - 1;
    for (let at = 0; at < words.length; at += ENTRY) if (words[at] !== 0 || words[at + 1] !== 0) generation.used++;
    this.generations.set(number, generation);
    this.#size += generation.used;
  }

  /** Takes entries as [generation, hi, lo] triples: the snapshots of version 2. */
  restore(rows: Float64Array): void {
    for (let i = 0; i < rows.length; i += 3) this.add(rows[i]! * this.spanMs, rows[i + 1]!, rows[i + 2]!);
  }
}
