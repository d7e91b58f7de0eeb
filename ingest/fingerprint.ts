import { type Dictionary, F, type FragmentBlock, U } from './fragment.ts';

const NAN_WORD = 0x7ff80000;

/**
 * A 64-bit hash of fragments in their order: equal for equal content however it was cut into blocks or numbered in a
 * dictionary. Names a run, so that the same data goes to the same rows; not a defence against forgery.
 * About 25 ns a fragment.
 */
export class Fingerprint {
  readonly #dictionary: Dictionary;
  #textHashes: Int32Array = new Int32Array(1024);
  #hashed = 1;
  #a = 0x9e3779b9 | 0;
  #b = 0x85ebca6b | 0;
  #c = 0xc2b2ae35 | 0;
  #d = 0x27d4eb2f | 0;
  #block: FragmentBlock | null = null;
  #halves: Int32Array = new Int32Array(0); // the doubles of `#block` as pairs of words, low then high

  constructor(dictionary: Dictionary) {
    this.#dictionary = dictionary;
  }

  /** Adds rows `from` to `to`. The block's texts must be of this dictionary. */
  add(block: FragmentBlock, from: number, to: number): void {
    if (this.#block !== block) {
      this.#block = block;
      this.#halves = new Int32Array(block.f.buffer, block.f.byteOffset, 2 * block.f.length);
    }
    if (this.#hashed < this.#dictionary.texts.length) this.#hashTexts();
    const { f, u } = block;
    const halves = this.#halves;
    const hashes = this.#textHashes;
    let a = this.#a; // four lanes, so that no multiplication waits for the one before
    let b = this.#b;
    let c = this.#c;
    let d = this.#d;
    for (let i = from; i < to; i++) {
      const fAt = i * F.stride;
      for (let at = fAt; at < fAt + F.stride; at++) {
        const isKnown = !Number.isNaN(f[at]); // bits of NaN differ from machine to machine, even from run to run
        a = mix(a, isKnown ? halves[2 * at]! : 0);
        b = mix(b, isKnown ? halves[2 * at + 1]! : NAN_WORD);
      }
      const at = i * U.stride;
      c = mix(c, u[at + U.kindFlags]!);
      d = mix(d, hashes[u[at + U.fn]!]!);
      c = mix(c, u[at + U.id0]!);
      d = mix(d, u[at + U.id1]!);
      c = mix(c, u[at + U.id2]!);
      d = mix(d, u[at + U.id3]!);
      c = mix(c, u[at + U.memorySizeKib]!);
      d = mix(d, u[at + U.memoryUsedKib]!);
      c = mix(c, hashes[u[at + U.version]!]!);
      d = mix(d, hashes[u[at + U.text]!]!);
      c = mix(c, hashes[u[at + U.idText]!]!);
      d = mix(d, hashes[u[at + U.stream]!]!);
      const logGroup = u[at + U.logGroup]!;
      if (logGroup !== 0) c = mix(c, hashes[logGroup]!); // where none is, runs keep the names they had before it was read
    }
    this.#a = a;
    this.#b = b;
    this.#c = c;
    this.#d = d;
  }

  /** Sixteen hexadecimal digits. */
  digest(): string {
    const high = finish(mix(mix(this.#a, this.#b), this.#c));
    const low = finish(mix(mix(this.#d, this.#c), this.#a));
    return high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0');
  }

  #hashTexts(): void {
    const { texts } = this.#dictionary;
    if (texts.length > this.#textHashes.length) {
      const grown = new Int32Array(2 * texts.length);
      grown.set(this.#textHashes);
      this.#textHashes = grown;
    }
    for (; this.#hashed < texts.length; this.#hashed++) {
      this.#textHashes[this.#hashed] = textHash(texts[this.#hashed]!);
    }
  }
}

function mix(hash: number, word: number): number {
  const mixed = Math.imul(hash ^ word, 0x9e3779b1);
  return (mixed << 13) | (mixed >>> 19);
}

/** Spreads what little the last words did over all bits (MurmurHash3's finaliser). */
function finish(hash: number): number {
  let spread = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  spread = Math.imul(spread ^ (spread >>> 13), 0xc2b2ae35);
  return (spread ^ (spread >>> 16)) >>> 0;
}

function textHash(text: string): number {
  let hash = text.length;
  for (let i = 0; i < text.length; i++) hash = mix(hash, text.charCodeAt(i));
  return finish(hash) | 1; // never the 0 of "no text"
}
