import { Byte, quad } from '../bytes.ts';
import type { Dictionary } from '../fragment.ts';

const LATEST = '$LATEST';
const LATEST_HEAD = quad('$LAT');
const LATEST_TAIL = quad('TEST');
const DOLLAR = 0x24;
const MAX_VERSION = 1 << 20;

/** Reads a function version, `$LATEST` or a number, from bytes into a dictionary number. */
export class VersionBytes {
  /** dictionary number of the version read last */
  version = 0;
  #dictionary: Dictionary;
  /** dictionary number of `$LATEST` */
  latest: number;
  readonly #numbered = new Map<number, number>();

  constructor(dictionary: Dictionary) {
    this.#dictionary = dictionary;
    this.latest = dictionary.id(LATEST);
  }

  renew(dictionary: Dictionary): void {
    this.#dictionary = dictionary;
    this.latest = dictionary.id(LATEST);
    this.version = 0;
    this.#numbered.clear();
  }

  /** Where the version that starts at `at` ends, or -1 for any other word. */
  read(view: DataView, at: number): number {
    if (view.getUint8(at) === DOLLAR) return this.#readLatest(view, at);
    let p = at;
    let number = 0;
    let digit = view.getUint8(p) - Byte.zero;
    if (digit === 0) return -1;
    while (digit >= 0 && digit <= 9) {
      number = number * 10 + digit;
      digit = view.getUint8(++p) - Byte.zero;
    }
    if (p === at || number >= MAX_VERSION) return -1;
    this.version = this.#numbered.get(number) ?? this.#learn(number);
    return p;
  }

  #readLatest(view: DataView, at: number): number {
    if (view.getUint32(at) !== LATEST_HEAD || view.getUint32(at + 3) !== LATEST_TAIL) return -1;
    this.version = this.latest;
    return at + LATEST.length;
  }

  #learn(number: number): number {
    const version = this.#dictionary.id(String(number));
    this.#numbered.set(number, version);
    return version;
  }
}
