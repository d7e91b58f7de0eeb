const TWO_32 = 4294967296;

/** 32-bit FNV-1a of the keys, so that every function and purpose draws from its own stream. */
function hashOf(keys: readonly (string | number)[]): number {
  let hash = 0x811c9dc5;
  for (const character of keys.join('\u0000')) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  }
  return hash >>> 0;
}

/**
 * Seeded random numbers (sfc32 by Chris Doty-Humphrey, passes PractRand). The same keys give the same sequence.
 * About 5 ns a number.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;
  #spareNormal = Number.NaN;

  constructor(...keys: readonly (string | number)[]) {
    this.#a = hashOf([...keys, 'a']);
    this.#b = hashOf([...keys, 'b']);
    this.#c = hashOf([...keys, 'c']);
    for (let i = 0; i < 15; i++) this.word();
  }

  /** A uniform unsigned 32-bit word. */
  word(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    return sum >>> 0;
  }

  /** Uniform in [0, 1). */
  unit(): number {
    return this.word() / TWO_32;
  }

  /** Uniform in [low, high). */
  between(low: number, high: number): number {
    return low + (high - low) * this.unit();
  }

  /** A uniform integer in [low, high], both ends included. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.unit() * (high - low + 1));
  }

  /** True with probability `share`. */
  chance(share: number): boolean {
    return this.unit() < share;
  }

  /** @throws {RangeError} on an empty list */
  pick<T>(items: readonly T[]): T {
    const item = items[Math.floor(this.unit() * items.length)];
    if (item === undefined) throw new RangeError('pick requires at least one item');
    return item;
  }

  /** Uniform on a logarithmic scale: as often between 1 and 10 as between 10 and 100. */
  logBetween(low: number, high: number): number {
    return low * (high / low) ** this.unit();
  }

  /** Standard normal, by Box and Muller's polar-free form. */
  normal(): number {
    if (!Number.isNaN(this.#spareNormal)) {
      const spare = this.#spareNormal;
      this.#spareNormal = Number.NaN;
      return spare;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.unit()));
    const angle = 2 * Math.PI * this.unit();
    this.#spareNormal = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** Exponential with the given mean. */
  exponential(mean: number): number {
    return -mean * Math.log(1 - this.unit());
  }

  /** Gamma with mean 1 and the given shape, by Marsaglia and Tsang (2000); shape >= 1. */
  gammaOfMeanOne(shape: number): number {
    const d = shape - 1 / 3;
    const c = 1 / Math.sqrt(9 * d);
    for (;;) {
      const x = this.normal();
      const v = (1 + c * x) ** 3;
      if (v > 0 && Math.log(1 - this.unit()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return (d * v) / shape;
    }
  }

  /** Poisson; beyond a mean of 64 a rounded normal, whose error is then far below the noise. */
  poisson(mean: number): number {
    if (mean <= 0) return 0;
    if (mean > 64) return Math.max(0, Math.round(mean + Math.sqrt(mean) * this.normal()));
    const limit = Math.exp(-mean);
    let count = 0;
    for (let product = this.unit(); product > limit; product *= this.unit()) count++;
    return count;
  }
}
