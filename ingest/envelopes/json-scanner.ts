import { Byte } from '../bytes.ts';

/** What the scanner found. */
export const Scan = {
  /** the bytes end inside the value */
  more: 0,
  /** a whole value; `end` is the place after it */
  done: 1,
  /** no JSON: `end` is the place of the byte that cannot stand there */
  broken: 2,
  /** the value is an object that lists log events, and its list has begun; `end` is the place after the `[` */
  list: 3,
} as const;
export type Scan = (typeof Scan)[keyof typeof Scan];

const Expect = {
  value: 0,
  valueOrClose: 1,
  key: 2,
  keyOrClose: 3,
  colon: 4,
  commaOrClose: 5,
  text: 6,
  keyText: 7,
  word: 8,
} as const;
const MAX_DEPTH = 512;
/** keys of `aws logs filter-log-events` and `get-log-events` output, of which `events` may be larger than memory */
const LIST_KEY = 'events';
const LIST_NEIGHBOURS = new Set([LIST_KEY, 'searchedLogStreams', 'nextToken', 'nextForwardToken', 'nextBackwardToken']);
const MESSAGE_TYPE = 'messageType';

/**
 * Finds where a JSON value ends, in one pass that can be interrupted at any byte, and notices at once where it is no JSON:
 * a line cut in half must not swallow the lines after it. Numbers and words are left for JSON.parse. 3 ns a byte.
 */
export class JsonScanner {
  /** after `scan`: see `Scan`. Relative to the start of the value. */
  end = 0;
  /** line feeds passed */
  newlines = 0;
  readonly #isObject = new Uint8Array(MAX_DEPTH);
  #depth = 0;
  #expect: number = Expect.value;
  #keyStart = 0;
  /** place of the last `{` at the start of a line: perhaps a new value after one that was cut */
  #lineBrace = -1;
  /** every key of the outermost object so far belongs to a list of log events */
  #isList = true;
  #isListKey = false;

  /** A new value starts at offset 0. */
  reset(): void {
    this.#depth = 0;
    this.#expect = Expect.value;
    this.#restart();
  }

  /** What follows is the rest of an object whose list has ended. */
  resetInsideObject(): void {
    this.#depth = 1;
    this.#isObject[0] = 1;
    this.#expect = Expect.commaOrClose;
    this.#restart();
    this.#isList = false;
  }

  #restart(): void {
    this.end = 0;
    this.newlines = 0;
    this.#lineBrace = -1;
    this.#isList = true;
    this.#isListKey = false;
  }

  /** Goes on where it stopped. The value starts at `from`; bytes before `from + end` were seen by earlier calls. */
  scan(bytes: Uint8Array, from: number, to: number): Scan {
    let p = from + this.end;
    for (; p < to; p++) {
      const byte = bytes[p]!;
      const expect = this.#expect;
      if (expect === Expect.text || expect === Expect.keyText) {
        if (byte === Byte.quote) {
          this.#expect = expect === Expect.text ? Expect.commaOrClose : Expect.colon;
          if (expect === Expect.keyText && !this.#key(bytes, from, p)) return this.#stop(Scan.broken, this.#lineBrace);
        } else if (byte === Byte.backslash) {
          if (p + 1 >= to) break; // decided when the escaped byte is here
          if (bytes[++p]! < Byte.space) return this.#stop(Scan.broken, p - from);
        } else if (byte < Byte.space) return this.#stop(Scan.broken, p - from);
        continue;
      }
      if (byte === Byte.space || byte === Byte.newline || byte === Byte.carriageReturn || byte === Byte.tab) {
        if (expect === Expect.word) this.#expect = Expect.commaOrClose;
        if (byte === Byte.newline) this.newlines++;
        continue;
      }
      if (expect === Expect.word) {
        if (isWordByte(byte)) continue;
        this.#expect = Expect.commaOrClose;
      }
      if (byte === Byte.closeBrace || byte === Byte.closeBracket) {
        if (!this.#close(byte === Byte.closeBrace)) return this.#stop(Scan.broken, p - from);
        if (this.#depth === 0) return this.#stop(Scan.done, p + 1 - from);
      } else if (!this.#open(byte, p - from, p === from || bytes[p - 1] === Byte.newline)) {
        return this.#stop(Scan.broken, p - from);
      } else if (byte === Byte.openBracket && this.#depth === 2 && this.#isList && this.#isListKey) {
        return this.#stop(Scan.list, p + 1 - from);
      }
    }
    return this.#stop(Scan.more, p - from);
  }

  #stop(result: Scan, end: number): Scan {
    this.end = end;
    return result;
  }

  #close(isBrace: boolean): boolean {
    const expect = this.#expect;
    if (this.#depth === 0 || (this.#isObject[this.#depth - 1] === 1) !== isBrace) return false;
    if (expect !== Expect.commaOrClose && expect !== (isBrace ? Expect.keyOrClose : Expect.valueOrClose)) return false;
    this.#depth--;
    this.#expect = Expect.commaOrClose;
    return true;
  }

  /** Takes a byte that is neither in a text, nor a space, nor closing; false if it cannot stand here. */
  #open(byte: number, at: number, isLineStart: boolean): boolean {
    const expect = this.#expect;
    if (byte === Byte.quote) {
      if (expect === Expect.value || expect === Expect.valueOrClose) this.#expect = Expect.text;
      else if (expect === Expect.key || expect === Expect.keyOrClose) {
        this.#expect = Expect.keyText;
        this.#keyStart = at + 1;
      } else return false;
    } else if (byte === Byte.colon && expect === Expect.colon) this.#expect = Expect.value;
    else if (byte === Byte.comma && expect === Expect.commaOrClose) {
      this.#expect = this.#isObject[this.#depth - 1] === 1 ? Expect.key : Expect.value;
    } else if (expect !== Expect.value && expect !== Expect.valueOrClose) return false;
    else if (byte === Byte.openBrace || byte === Byte.openBracket) {
      if (this.#depth === MAX_DEPTH) return false;
      if (byte === Byte.openBrace && isLineStart) this.#lineBrace = at;
      this.#isObject[this.#depth++] = byte === Byte.openBrace ? 1 : 0;
      this.#expect = byte === Byte.openBrace ? Expect.keyOrClose : Expect.valueOrClose;
    } else if (isWordByte(byte)) this.#expect = Expect.word;
    else return false;
    return true;
  }

  /** A key ended before `quote`. False if it shows that a new subscription message has begun inside this value. */
  #key(bytes: Uint8Array, from: number, quote: number): boolean {
    const start = from + this.#keyStart;
    if (this.#depth === 1 && this.#isList) {
      const name = shortText(bytes, start, quote);
      this.#isListKey = name === LIST_KEY;
      this.#isList = LIST_NEIGHBOURS.has(name);
    }
    const isNewMessage =
      this.#lineBrace > 0 && this.#keyStart === this.#lineBrace + 2 && shortText(bytes, start, quote) === MESSAGE_TYPE;
    return !isNewMessage;
  }
}

const isWordByte = (byte: number): boolean =>
  (byte >= Byte.zero && byte <= Byte.nine) ||
  (byte >= 0x61 && byte <= 0x7a) ||
  byte === 0x2d ||
  byte === 0x2b ||
  byte === Byte.dot ||
  byte === 0x45;

function shortText(bytes: Uint8Array, from: number, to: number): string {
  return to - from > 20 ? '' : String.fromCharCode(...bytes.subarray(from, to));
}
