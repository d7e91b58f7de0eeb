import type { Dictionary } from '../ingest/fragment.ts';
import type { ColumnScratch, Span } from './wire-gather.ts';
import { MAX_PREFIX_BYTES, TextForm } from './wire-layout.ts';
import { Output } from './wire-output.ts';

const HALF_PAIR = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;
/** Log streams end in one: 16 bytes rather than 32. */
const HEX_TAIL = /[0-9a-f]{32}$/;

/** Fields of a text that was seen before. */
const START = 0;
/** of all that is written: head, number of the prefix, text; 0 = not seen */
const LENGTH = 1;
const PREFIX = 2;
/** where in it the number of the prefix stands: one byte, written anew in each block */
const PREFIX_AT = 3;
const STRIDE = 4;
/** Numbers below it are one byte as varints. */
const ONE_BYTE = 128;
/** A head and the number of a prefix, at most. */
const HEAD_BYTES = 16;
/** Bytes are copied four at a time, so up to three too many. */
const OVERSHOOT = 4;

/** The texts of one dictionary as bytes, each converted once. Grows with the dictionary, about 16 bytes and the text each. */
class TextBytes {
  readonly #arena = new Output();
  readonly #prefixNumbers = new Map<string, number>();
  entries = new Int32Array(256 * STRIDE);
  prefixes = new Int32Array(16 * STRIDE);

  get view(): DataView {
    return this.#arena.view;
  }

  get prefixCount(): number {
    return this.#prefixNumbers.size;
  }

  add(id: number, text: string): void {
    const { prefix, form, bytes } = split(text);
    const number = prefix === null ? -1 : this.#prefix(prefix);
    this.entries = roomFor(this.entries, id);
    this.#put(this.entries, id, bytes.length * 4 + form, number, bytes);
  }

  #prefix(prefix: string): number {
    let number = this.#prefixNumbers.get(prefix);
    if (number === undefined) {
      number = this.#prefixNumbers.size;
      this.#prefixNumbers.set(prefix, number);
      this.prefixes = roomFor(this.prefixes, number);
      const bytes = Buffer.from(prefix);
      this.#put(this.prefixes, number, bytes.length, -1, bytes);
    }
    return number;
  }

  #put(entries: Int32Array, number: number, head: number, prefix: number, bytes: Buffer): void {
    const arena = this.#arena;
    const start = arena.length;
    arena.reserve(bytes.length + HEAD_BYTES + OVERSHOOT);
    arena.varint(head);
    const prefixAt = arena.length - start;
    if (prefix >= 0) arena.byte(0);
    arena.bytes.set(bytes, arena.length);
    arena.length += bytes.length;
    entries.set([start, arena.length - start, prefix, prefixAt], number * STRIDE);
  }
}

function roomFor(entries: Int32Array, number: number): Int32Array<ArrayBuffer> {
  if ((number + 1) * STRIDE <= entries.length) return entries as Int32Array<ArrayBuffer>;
  const grown = new Int32Array(Math.max((number + 1) * STRIDE, entries.length * 2));
  grown.set(entries);
  return grown;
}

/** Function keys and log streams begin alike: provider, account and region; day and version. */
function split(text: string): { prefix: string | null; form: TextForm; bytes: Buffer } {
  if (HALF_PAIR.test(text)) return { prefix: null, form: TextForm.utf16, bytes: Buffer.from(text, 'utf16le') };
  const isHex = HEX_TAIL.test(text);
  const prefix = text.slice(0, isHex ? -32 : endOfThirdSlash(text));
  if ((prefix === '' && !isHex) || Buffer.byteLength(prefix) > MAX_PREFIX_BYTES) {
    return { prefix: null, form: TextForm.utf8, bytes: Buffer.from(text) };
  }
  const bytes = Buffer.from(text.slice(prefix.length), isHex ? 'hex' : 'utf8');
  return { prefix, form: isHex ? TextForm.prefixedHex : TextForm.prefixed, bytes };
}

/** Position behind the third slash, 0 where there are less. */
function endOfThirdSlash(text: string): number {
  let end = 0;
  for (let slashes = 0; slashes < 3; slashes++) {
    end = text.indexOf('/', end) + 1;
    if (end === 0) return 0;
  }
  return end;
}

/**
 * Gives the texts of a block numbers of its own, 1, 2 … in order of appearance, and writes them. No look-up by text:
 * tables from number to number, which are cleared by walking what was used.
 */
export class TextWriter {
  readonly #known = new WeakMap<Dictionary, TextBytes>();
  #dictionary: Dictionary | null = null;
  #bytes = new TextBytes();
  /** number in the block by number in the dictionary, 0 = not in this block */
  #numbers = new Int32Array(0);
  #used = new Int32Array(64);
  #count = 0;
  #prefixNumbers = new Int32Array(0);
  readonly #usedPrefixes: number[] = [];

  begin(dictionary: Dictionary): void {
    if (dictionary !== this.#dictionary) {
      this.#dictionary = dictionary;
      let bytes = this.#known.get(dictionary);
      if (bytes === undefined) {
        bytes = new TextBytes();
        this.#known.set(dictionary, bytes);
      }
      this.#bytes = bytes;
    }
    const size = dictionary.texts.length;
    if (this.#numbers.length < size) this.#numbers = new Int32Array(Math.max(size, this.#numbers.length * 2));
    this.#count = 0;
  }

  /**
   * Puts the texts of a column into `words`, as numbers of the block, and their span into `span`; returns how many are
   * not empty. A number that the dictionary has not is the empty text.
   */
  number(to: ColumnScratch, column: number, n: number, span: Span): number {
    const { words, present } = to;
    const from = to.wordColumns[column]!;
    const numbers = this.#numbers;
    const size = this.#dictionary!.texts.length;
    let low = this.#count + 1;
    let high = 0;
    let count = 0;
    for (let i = 0; i < n; i++) {
      const id = from[i]!;
      if (id === 0 || id >= size) continue;
      let number = numbers[id]!;
      if (number === 0) number = this.#add(id);
      if (number < low) low = number;
      if (number > high) high = number;
      present[count] = i;
      words[count++] = number;
    }
    span.base = low;
    span.low = low;
    span.range = high - low;
    return count;
  }

  /** A text that is new in this block. Returns its number. */
  #add(id: number): number {
    if (this.#count === this.#used.length) this.#used = doubled(this.#used);
    this.#used[this.#count++] = id;
    this.#numbers[id] = this.#count;
    return this.#count;
  }

  /** Writes prefixes and texts, and forgets the numbers. */
  finish(out: Output): void {
    const bytes = this.#bytes;
    const { texts } = this.#dictionary!;
    let length = 0;
    for (let i = 0; i < this.#count; i++) {
      const id = this.#used[i]!;
      this.#numbers[id] = 0;
      const at = id * STRIDE;
      if (at >= bytes.entries.length || bytes.entries[at + LENGTH] === 0) bytes.add(id, texts[id]!);
      length += bytes.entries[at + LENGTH]!;
    }
    this.#writePrefixes(out);
    out.reserve(8 + length + this.#count * HEAD_BYTES + OVERSHOOT);
    out.varint(this.#count);
    for (let i = 0; i < this.#count; i++) this.#writeText(out, this.#used[i]! * STRIDE);
    for (const prefix of this.#usedPrefixes) this.#prefixNumbers[prefix] = 0;
    this.#usedPrefixes.length = 0;
  }

  #writePrefixes(out: Output): void {
    const { entries, prefixes, prefixCount, view } = this.#bytes;
    if (this.#prefixNumbers.length < prefixCount) this.#prefixNumbers = new Int32Array(prefixCount * 2);
    const numbers = this.#prefixNumbers;
    for (let i = 0; i < this.#count; i++) {
      const prefix = entries[this.#used[i]! * STRIDE + PREFIX]!;
      if (prefix >= 0 && numbers[prefix] === 0) numbers[prefix] = this.#usedPrefixes.push(prefix);
    }
    out.reserve(8);
    out.varint(this.#usedPrefixes.length);
    for (const prefix of this.#usedPrefixes) {
      const length = prefixes[prefix * STRIDE + LENGTH]!;
      out.reserve(length + OVERSHOOT);
      copy(view, prefixes[prefix * STRIDE + START]!, length, out);
    }
  }

  #writeText(out: Output, at: number): void {
    const { entries, view } = this.#bytes;
    const start = entries[at + START]!;
    const length = entries[at + LENGTH]!;
    const prefix = entries[at + PREFIX]!;
    const to = out.length;
    copy(view, start, length, out);
    if (prefix < 0) return;
    const number = this.#prefixNumbers[prefix]! - 1;
    const prefixAt = entries[at + PREFIX_AT]!;
    if (number < ONE_BYTE) {
      out.bytes[to + prefixAt] = number;
      return;
    }
    out.length = to + prefixAt;
    out.varint(number);
    copy(view, start + prefixAt + 1, length - prefixAt - 1, out);
  }
}

function doubled(values: Int32Array): Int32Array<ArrayBuffer> {
  const grown = new Int32Array(values.length * 2);
  grown.set(values);
  return grown;
}

/** On texts of a few dozen bytes quicker than `set`, which makes a view first. */
function copy(from: DataView, start: number, length: number, out: Output): void {
  const to = out.view;
  const at = out.length;
  for (let i = 0; i < length; i += 4) to.setInt32(at + i, from.getInt32(start + i));
  out.length = at + length;
}
