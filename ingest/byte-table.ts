/**
 * Maps byte ranges to values without making strings: what the hot path uses to turn names it has seen before into
 * what is known of them. Open addressing, linear probing, keys copied into one arena. About 1 ns a key byte.
 */
export class ByteTable<T> {
  #slots = new Int32Array(256).fill(-1);
  #hashes: number[] = [];
  #starts: number[] = [0];
  #seeds: number[] = [];
  #values: T[] = [];
  #arena = new Uint8Array(4096);

  get size(): number {
    return this.#values.length;
  }

  /** The value of the bytes `[from, to)` under `seed` (a number that is part of the key), or undefined. */
  get(bytes: Uint8Array, from: number, to: number, seed: number): T | undefined {
    const hash = hashOf(bytes, from, to, seed);
    const mask = this.#slots.length - 1;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const entry = this.#slots[at]!;
      if (entry < 0) return undefined;
      if (this.#hashes[entry] === hash && this.#same(entry, bytes, from, to, seed)) return this.#values[entry];
    }
  }

  /** Adds a key that `get` did not find. */
  add(bytes: Uint8Array, from: number, to: number, seed: number, value: T): void {
    if (this.#values.length * 2 >= this.#slots.length) this.#grow();
    const entry = this.#values.length;
    const start = this.#starts[entry]!;
    const end = start + (to - from);
    if (end > this.#arena.length) {
      const arena = new Uint8Array(Math.max(end, this.#arena.length * 2));
      arena.set(this.#arena);
      this.#arena = arena;
    }
    this.#arena.set(bytes.subarray(from, to), start);
    this.#starts.push(end);
    const hash = hashOf(bytes, from, to, seed);
    this.#hashes.push(hash);
    this.#seeds.push(seed);
    this.#values.push(value);
    this.#place(entry, hash);
  }

  clear(): void {
    this.#slots = new Int32Array(256).fill(-1);
    this.#hashes = [];
    this.#starts = [0];
    this.#seeds = [];
    this.#values = [];
    this.#arena = new Uint8Array(4096);
  }

  #same(entry: number, bytes: Uint8Array, from: number, to: number, seed: number): boolean {
    const start = this.#starts[entry]!;
    if (this.#seeds[entry] !== seed || this.#starts[entry + 1]! - start !== to - from) return false;
    const arena = this.#arena;
    for (let i = from, k = start; i < to; i++, k++) if (bytes[i] !== arena[k]) return false;
    return true;
  }

  #place(entry: number, hash: number): void {
    const mask = this.#slots.length - 1;
    let at = hash & mask;
    while (this.#slots[at]! >= 0) at = (at + 1) & mask;
    this.#slots[at] = entry;
  }

  #grow(): void {
    this.#slots = new Int32Array(this.#slots.length * 2).fill(-1);
    for (let entry = 0; entry < this.#values.length; entry++) this.#place(entry, this.#hashes[entry]!);
  }
}

/** FNV-1a with a final mix, as a non-negative 31-bit number. */
function hashOf(bytes: Uint8Array, from: number, to: number, seed: number): number {
  let hash = 0x811c9dc5 ^ seed;
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  hash ^= hash >>> 15;
  return Math.imul(hash, 0x2c1b3c6d) >>> 1;
}
