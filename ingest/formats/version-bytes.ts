import { Byte } from '../bytes.ts';
import type { Dictionary } from '../fragment.ts';

const LATEST = '$LATEST';
const MAX_VERSION = 1 << 20;

/** Reads a function version, `$LATEST` or a number, from bytes into a dictionary number. */
export class VersionBytes {
  /** dictionary number of the version read last */
  version = 0;
  readonly #dictionary: Dictionary;
  readonly #latest: number;
  readonly #numbered = new Map<number, number>();

  constructor(dictionary: Dictionary) {
    this.#dictionary = dictionary;
    this.#latest = dictionary.id(LATEST);
  }

  /** Where the version that starts at `at` ends, or -1 for any other word. */
  read(bytes: Uint8Array, at: number): number {
    if (bytes[at] === 0x24) return this.#readLatest(bytes, at);
    let p = at;
    let number = 0;
    for (; bytes[p]! >= Byte.zero && bytes[p]! <= Byte.nine; p++) number = number * 10 + bytes[p]! - Byte.zero;
    if (p === at || number >= MAX_VERSION || bytes[at] === Byte.zero) return -1;
    this.version = this.#numbered.get(number) ?? this.#learn(number);
    return p;
  }

  #readLatest(bytes: Uint8Array, at: number): number {
    for (let i = 1; i < LATEST.length; i++) if (bytes[at + i] !== LATEST.charCodeAt(i)) return -1;
    this.version = this.#latest;
    return at + LATEST.length;
  }

  #learn(number: number): number {
    const version = this.#dictionary.id(String(number));
    this.#numbered.set(number, version);
    return version;
  }
}
