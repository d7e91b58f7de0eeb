// biome-ignore-all lint/style/noExcessiveLinesPerFile: one machine over bytes; its states belong together
import { Byte, indexOfByte, lastIndexOfByte, matches } from './bytes.ts';
import { decodeData, GZIP_BASE64 } from './envelopes/base64-gzip.ts';
import { readQueryRow } from './envelopes/cli-events.ts';
import { JsonScanner, Scan } from './envelopes/json-scanner.ts';
import { isFieldPair, readJsonValue, rowOf } from './envelopes/json-value.ts';
import { LineReader } from './envelopes/lines.ts';
import { type Container, MESSAGE_TYPE, openingAt } from './envelopes/opening.ts';
import type { SubscriptionBytes } from './envelopes/subscription-bytes.ts';
import { isObject } from './formats/log-event.ts';
import * as limits from './limits.ts';
import type { Place, Reading } from './reading.ts';
import { isBinary, isSpace, textBetween } from './text.ts';

const MORE = -1;

/** Cuts bytes into values and lines, and hands each on by what it is. */
export class Framer {
  readonly #reading: Reading;
  readonly #subscriptions: SubscriptionBytes;
  readonly #lines: LineReader;
  readonly #maxBytes: number;
  readonly #keepsPlace: boolean;
  readonly #scanner = new JsonScanner();
  /** the scanner is inside a value that starts at the first byte not consumed */
  #isScanning = false;
  #inTail = false;
  /** where the outermost container that is open begins */
  #openedOffset = 0;
  #openedLine = 1;
  #containers: Container[] = [];
  /** skipping to the end of a line, or over lines that belonged to a broken value */
  #skip: 'no' | 'line' | 'block' | 'block line' = 'no';
  #isLineStart = true;
  #offset: number;
  #line: number;
  #newline = -1;
  /** a line feed that is far enough from the end of the bytes: a message before it need not look for its own */
  #safe = -1;

  /** `keepsPlace`: false for bytes from inside a value, whose place is that of the value. */
  constructor(reading: Reading, subscriptions: SubscriptionBytes, keepsPlace: boolean) {
    this.#reading = reading;
    this.#subscriptions = subscriptions;
    this.#lines = new LineReader(reading);
    const from = keepsPlace ? reading.options.from : undefined;
    this.#offset = from?.offset ?? 0;
    this.#line = from?.line ?? 1;
    this.#maxBytes = reading.options.maxValueBytes ?? limits.VALUE_BYTES;
    this.#keepsPlace = keepsPlace;
  }

  /**
   * Reads whole values and lines from the start of `bytes` and returns how many bytes they took; the rest must come again,
   * with more behind it. `isLast`: nothing will follow, so everything is taken.
   */
  read(bytes: Uint8Array, isLast: boolean): number {
    let p = 0;
    this.#newline = -1;
    const safe =
      bytes.length < limits.SAFE_BYTES ? -1 : lastIndexOfByte(bytes, Byte.newline, bytes.length - limits.SAFE_BYTES);
    this.#safe = safe < this.#maxBytes ? safe : -1;
    while (p < bytes.length) {
      if (!this.#isOpen) {
        this.#openedOffset = this.#offset;
        this.#openedLine = this.#line;
      }
      const next = this.#next(bytes, p, isLast);
      if (next === MORE) break;
      this.#isLineStart = next > p ? bytes[next - 1] === Byte.newline : this.#isLineStart;
      this.#offset += next - p;
      p = next;
    }
    if (isLast) this.#end();
    return p;
  }

  /** Bytes before those of the next `read` were no part of any value. */
  advance(count: number): void {
    this.#offset += count;
  }

  get #isOpen(): boolean {
    return this.#containers.length > 0 || this.#inTail;
  }

  /** Everything before it has been read to its end. */
  get wholeUpTo(): Place {
    if (this.#isOpen) return { offset: this.#openedOffset, line: this.#openedLine };
    return this.#lines.unfinished ?? { offset: this.#offset, line: this.#line };
  }

  /** What comes next stands alone: it begins at its own start, and nothing before it goes on in it. @param timeMs of lines that tell none, NaN = none */
  restart(timeMs: number): void {
    this.#isScanning = false;
    this.#inTail = false;
    this.#containers = [];
    this.#skip = 'no';
    this.#isLineStart = true;
    this.#offset = 0;
    this.#line = 1;
    this.#lines.restart(timeMs);
  }

  /** Nothing came for a while: a line that could have gone on is whole. */
  settle(): void {
    this.#lines.flush();
  }

  #next(bytes: Uint8Array, p: number, isLast: boolean): number {
    if (this.#skip !== 'no') return this.#skipped(bytes, p);
    if (this.#inTail) return this.#tail(bytes, p, isLast);
    let q = p;
    while (bytes[q] === Byte.space || bytes[q] === Byte.tab || bytes[q] === Byte.carriageReturn) q++;
    if (q - p > this.#maxBytes) return this.#tooLarge(bytes, p, 0);
    if (q === bytes.length) return isLast ? q : MORE;
    if (bytes[q] === Byte.newline) {
      this.#line++;
      return q + 1;
    }
    if (this.#containers.length > 0) return q > p ? q : this.#inContainer(bytes, p, isLast);
    const opens = openingAt(bytes, q, isLast, this.#maxBytes);
    if (opens === 'more') return MORE;
    if (opens === 'text' || this.#isContinuation(bytes, p, q))
      return this.#textLine(bytes, this.#isLineStart ? p : q, isLast);
    if (q > p) return q; // a value starts at the first byte not consumed
    if (opens === 'object') return this.#value(bytes, p, isLast);
    this.#lines.flush();
    this.#containers.push({ isList: false, pairs: [] });
    return p + 1;
  }

  #isContinuation(bytes: Uint8Array, p: number, q: number): boolean {
    return this.#isLineStart && this.#lines.continues(q > p) && !matches(bytes, q, MESSAGE_TYPE);
  }

  #textLine(bytes: Uint8Array, p: number, isLast: boolean): number {
    const newline = this.#newlineFrom(bytes, p);
    if (newline < 0 && !isLast && bytes.length - p <= this.#maxBytes) return MORE;
    const end = newline < 0 ? bytes.length : newline;
    this.#place();
    if (end - p > this.#maxBytes) return this.#tooLarge(bytes, p, 0);
    const { journal, options, nested } = this.#reading;
    const text = textBetween(bytes, p, bytes[end - 1] === Byte.carriageReturn && end > p ? end - 1 : end);
    if (isBinary(text)) journal.reject('binary data', text);
    else if (text.startsWith(GZIP_BASE64) && !text.includes(' ')) {
      const data = decodeData(text.trim(), options.gunzip);
      if (data === null) journal.reject('base64 line is not gzip', text);
      else nested(data);
    } else this.#lines.line(text, journal.offset, journal.line);
    if (newline < 0) return end;
    this.#line++;
    return newline + 1;
  }

  /** An object that starts at `p`: from its bytes if it is a subscription message of the usual shape, else parsed. */
  #value(bytes: Uint8Array, p: number, isLast: boolean): number {
    if (!this.#isScanning) {
      this.#place();
      const isMessage = matches(bytes, p, MESSAGE_TYPE);
      const newline = !isMessage ? -1 : p < this.#safe ? this.#safe : this.#newlineFrom(bytes, p);
      // most messages are lines: wait for the end of the line before looking for the end of the value
      if (isMessage && newline < 0 && !isLast && bytes.length - p < limits.PATIENCE_BYTES) return MORE;
      if (newline >= 0 && newline - p <= this.#maxBytes) {
        this.#lines.flush();
        this.#place();
        const end = this.#subscriptions.read(bytes, p, newline);
        if (end >= 0) return end;
      }
      this.#scanner.reset();
      this.#isScanning = true;
    }
    const found = this.#scanner.scan(bytes, p, Math.min(bytes.length, p + this.#maxBytes + 1));
    const end = p + this.#scanner.end;
    if (this.#scanner.end > this.#maxBytes) return this.#tooLarge(bytes, p, this.#scanner.newlines);
    if (found === Scan.more && !isLast) return MORE;
    this.#isScanning = false;
    if (found === Scan.more) return this.#cutShort(bytes, p, bytes.length);
    if (found === Scan.broken) return this.#broken(bytes, p, end, isLast);
    this.#lines.flush();
    this.#place();
    if (found === Scan.list) this.#containers.push({ isList: true, pairs: [] });
    else this.#whole(bytes, p, end);
    this.#line += this.#scanner.newlines;
    return end;
  }

  #whole(bytes: Uint8Array, p: number, end: number): void {
    if (matches(bytes, p, MESSAGE_TYPE) && this.#subscriptions.read(bytes, p, end) >= 0) return;
    const text = textBetween(bytes, p, end);
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      this.#reading.journal.reject('malformed JSON', text);
      return;
    }
    if (!isObject(value)) return;
    const container = this.#containers.at(-1);
    if (container === undefined || !isFieldPair(value)) readJsonValue(value, text, this.#reading, this.#lines);
    else if (container.pairs.length < limits.PAIRS) container.pairs.push(value);
  }

  /** Between the elements of an array. */
  #inContainer(bytes: Uint8Array, p: number, isLast: boolean): number {
    const byte = bytes[p];
    if (byte === Byte.comma) return p + 1;
    if (byte === Byte.openBrace) return this.#value(bytes, p, isLast);
    if (byte === Byte.openBracket && this.#containers.length < limits.CONTAINERS) {
      this.#containers.push({ isList: false, pairs: [] });
      return p + 1;
    }
    this.#place();
    const container = this.#containers.pop();
    if (byte === Byte.closeBracket && container !== undefined) {
      if (container.pairs.length > 0) readQueryRow(rowOf(container.pairs), this.#reading);
      this.#inTail = container.isList;
      if (container.isList) this.#scanner.resetInsideObject();
      return p + 1;
    }
    this.#containers = [];
    this.#reading.journal.reject('truncated JSON', textBetween(bytes, p, p + 1));
    return p;
  }

  /** The rest of an object whose list of events has ended: page tokens, of no use here. */
  #tail(bytes: Uint8Array, p: number, isLast: boolean): number {
    const found = this.#scanner.scan(bytes, p, Math.min(bytes.length, p + this.#maxBytes + 1));
    const end = p + this.#scanner.end;
    if (found === Scan.more && !isLast && this.#scanner.end <= this.#maxBytes) return MORE;
    this.#inTail = false;
    if (found === Scan.done) {
      this.#line += this.#scanner.newlines;
      return end;
    }
    if (found === Scan.broken) this.#skip = 'line';
    return this.#cutShort(bytes, p, end);
  }

  /** The input ended, or turned into something else, inside a value. */
  #cutShort(bytes: Uint8Array, p: number, end: number): number {
    this.#place();
    this.#containers = [];
    this.#reading.journal.reject('truncated JSON', textBetween(bytes, p, Math.min(end, p + limits.EXCERPT_BYTES)));
    this.#line += this.#scanner.newlines;
    return end;
  }

  /** No JSON from byte `at` on. A line that merely begins with a brace is text; else what follows is read from the next line. */
  #broken(bytes: Uint8Array, p: number, at: number, isLast: boolean): number {
    const isInFirstLine = this.#scanner.newlines === 0;
    if (isInFirstLine && bytes[p + 1] !== Byte.quote && this.#containers.length === 0)
      return this.#textLine(bytes, p, isLast);
    this.#place();
    const isCut = bytes[at] === Byte.newline || bytes[at - 1] === Byte.newline;
    this.#reading.journal.reject(
      isCut ? 'truncated JSON' : 'malformed JSON',
      textBetween(bytes, p, Math.min(at, p + limits.EXCERPT_BYTES)),
    );
    this.#line += this.#scanner.newlines;
    this.#skip = isInFirstLine ? 'line' : 'block';
    if (isInFirstLine) return at;
    return bytes.subarray(0, at).lastIndexOf(Byte.newline) + 1;
  }

  #skipped(bytes: Uint8Array, p: number): number {
    if (this.#skip === 'block') {
      let q = p;
      while (this.#containers.length > 0 && isSpace(bytes[q]) && bytes[q] !== Byte.newline) q++;
      if (q === bytes.length) return q - p > this.#maxBytes ? q : MORE;
      const byte = bytes[q];
      const isRest = isSpace(byte) || byte === Byte.closeBrace || byte === Byte.closeBracket || byte === Byte.quote;
      const isElement = this.#containers.length > 0 && (byte === Byte.openBrace || byte === Byte.closeBracket);
      if (isElement || !isRest) {
        this.#skip = 'no';
        return q;
      }
      this.#skip = 'block line';
    }
    const newline = this.#newlineFrom(bytes, p);
    if (newline < 0) return bytes.length;
    this.#line++;
    this.#skip = this.#skip === 'line' ? 'no' : 'block';
    return newline + 1;
  }

  #tooLarge(bytes: Uint8Array, p: number, newlines: number): number {
    this.#place();
    this.#isScanning = false;
    this.#containers = [];
    this.#reading.journal.reject(
      'value too large',
      textBetween(bytes, p, p + Math.min(this.#maxBytes, limits.EXCERPT_BYTES)),
    );
    this.#line += newlines;
    this.#skip = 'line';
    return p + this.#maxBytes + 1;
  }

  #end(): void {
    this.#place();
    if (this.#containers.length > 0 || this.#inTail) this.#reading.journal.reject('truncated JSON', '');
    this.#lines.end();
  }

  #place(): void {
    if (!this.#keepsPlace) return;
    this.#reading.journal.offset = this.#offset;
    this.#reading.journal.line = this.#line;
  }

  #newlineFrom(bytes: Uint8Array, p: number): number {
    if (this.#newline < p) {
      const found = indexOfByte(bytes, Byte.newline, p);
      this.#newline = found < 0 ? Number.POSITIVE_INFINITY : found;
    }
    return this.#newline === Number.POSITIVE_INFINITY ? -1 : this.#newline;
  }
}
