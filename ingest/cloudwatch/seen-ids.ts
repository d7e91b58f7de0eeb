const { imul } = Math;
const BUCKET_MS = 60_000;
const EMPTY_SLOTS = 64;

/** 64 bits of a text as two words, neither pair of which is 0,0. */
export function hashId(text: string, seed: number): readonly [low: number, high: number] {
  let a = seed ^ 0x2f6b_9d31;
  let b = imul(seed, 0x9e37_79b1) ^ text.length;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = imul(a ^ code, 0x85eb_ca77);
    a = (a << 13) | (a >>> 19);
    b = imul(b ^ code, 0xc2b2_ae3d);
    b = (b << 11) | (b >>> 21);
  }
  a = imul(a ^ (a >>> 16) ^ b, 0x7feb_352d);
  b = imul(b ^ (b >>> 15) ^ a, 0x846c_a68b);
  a ^= a >>> 14;
  b ^= b >>> 16;
  return [a | 0, a === 0 && b === 0 ? 1 : b | 0];
}

/** Open addressing over pairs of words; 0,0 = free. */
class IdSet {
  #words = new Int32Array(2 * EMPTY_SLOTS);
  size = 0;

  /** False where it is there already. */
  add(low: number, high: number): boolean {
    if (this.size * 4 > this.#words.length) this.#grow(); // at most half full
    if (!insert(this.#words, low, high)) return false;
    this.size++;
    return true;
  }

  #grow(): void {
    const words = new Int32Array(this.#words.length * 2);
    for (let i = 0; i < this.#words.length; i += 2) {
      const low = this.#words[i]!;
      const high = this.#words[i + 1]!;
      if ((low | high) !== 0) insert(words, low, high);
    }
    this.#words = words;
  }

  /** The ids one behind the other, eight bytes each. */
  bytes(): Uint8Array {
    const out = new Int32Array(this.size * 2);
    let n = 0;
    for (let i = 0; i < this.#words.length; i += 2) {
      if ((this.#words[i]! | this.#words[i + 1]!) === 0) continue;
      out[n++] = this.#words[i]!;
      out[n++] = this.#words[i + 1]!;
    }
    return new Uint8Array(out.buffer);
  }
}

function insert(words: Int32Array, low: number, high: number): boolean {
  const mask = words.length / 2 - 1;
  for (let slot = (low ^ (high >>> 7)) & mask; ; slot = (slot + 1) & mask) {
    const at = slot * 2;
    if (words[at] === 0 && words[at + 1] === 0) {
      words[at] = low;
      words[at + 1] = high;
      return true;
    }
    if (words[at] === low && words[at + 1] === high) return false;
  }
}

/**
 * The ids of log events that were taken, as 64-bit hashes by minute of event time: what was seen before is known while its
 * minute is kept. 16 to 32 bytes an event, about 0.2 µs. Of a million events in the window two are confused once in forty
 * million runs. Beyond its bound the oldest minutes are forgotten first, and counted: what is read again of them is taken
 * again, and dropped further on as a duplicate.
 */
export class SeenIds {
  readonly #most: number;
  readonly #minutes = new Map<number, IdSet>();
  #size = 0;
  /** ids that had to go before their time */
  forgotten = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#size;
  }

  /** False where the event was seen before. `seed` tells log groups apart. */
  add(id: string, seed: number, timeMs: number): boolean {
    const minute = Math.floor(timeMs / BUCKET_MS);
    let set = this.#minutes.get(minute);
    if (set === undefined) {
      set = new IdSet();
      this.#minutes.set(minute, set);
    }
    const [low, high] = hashId(id, seed);
    if (!set.add(low, high)) return false;
    this.#size++;
    if (this.#size > this.#most && this.#minutes.size > 1) this.#dropOldest();
    return true;
  }

  /** Nothing before this will be read again. */
  forgetBefore(timeMs: number): void {
    const minute = Math.floor(timeMs / BUCKET_MS);
    for (const [key, set] of this.#minutes) {
      if (key >= minute) continue;
      this.#minutes.delete(key);
      this.#size -= set.size;
    }
  }

  #dropOldest(): void {
    const oldest = Math.min(...this.#minutes.keys());
    const { size } = this.#minutes.get(oldest)!;
    this.#minutes.delete(oldest);
    this.#size -= size;
    this.forgotten += size;
  }

  /** All of it, a piece a minute. Pieces that did not change have the same bytes. */
  *pages(): Generator<[minute: number, bytes: Uint8Array]> {
    for (const [minute, set] of this.#minutes) yield [minute, set.bytes()];
  }

  /** Adds what `pages` gave. */
  restore(minute: number, bytes: Uint8Array): void {
    const set = this.#minutes.get(minute) ?? new IdSet();
    this.#minutes.set(minute, set);
    const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at + 8 <= bytes.byteLength; at += 8)
      if (set.add(words.getInt32(at, true), words.getInt32(at + 4, true))) this.#size++;
  }
}
