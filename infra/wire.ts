import { Dictionary, F, FragmentBlock, NONE, U } from '../ingest/fragment.ts';
import { ByteReader, ByteWriter, WireError } from './wire-bytes.ts';
import { type ColumnShape, readColumn, writeColumn } from './wire-column.ts';

/**
 * A block of fragments as bytes:
 *
 *     "TF" | u8 major | u8 minor | varint fragments
 *     varint texts, each: varint 2 × bytes (+ 1 = UTF-16, else UTF-8) | bytes        text 0 is '' and not written
 *     varint columns, each: u8 number | varint bytes | bytes                           see wire-column.ts
 *
 * A column whose values are all unknown is not written. Numbers: 0–63 are the doubles of a fragment (`F`), 64–127 its
 * words (`U`). A later minor version may add columns: they are skipped. Anything else that changes is a new major
 * version, and the reader of the old one stays.
 */
const MAJOR = 1;
const MINOR = 0;
const MAGIC = Buffer.from('TF', 'latin1');
const HEADER_BYTES = 4;
const WORDS = 64;

/** A few bytes may claim many fragments: this bounds what reading them allocates, 7 MB. */
export const MAX_FRAGMENTS = 65_536;

const WORD_SHAPES: readonly ColumnShape[] = Array.from({ length: U.stride }, (_, column) => ({
  absent: column === U.memorySizeKib || column === U.memoryUsedKib ? NONE : 0,
  prefer: column >= U.id0 && column <= U.id3 ? 'raw32' : column === U.memoryUsedKib ? 'varint' : 'palette',
}));

const DOUBLE_PREFERENCE: Readonly<Record<number, ColumnShape['prefer']>> = {
  [F.time]: 'delta',
  [F.weight]: 'palette',
};
/** `a` is a start time in most fragments: then close to the fragment's own time. */
const doubleShape = (column: number, isTime: boolean): ColumnShape => ({
  absent: column === F.weight ? 1 : Number.NaN,
  prefer: isTime ? 'relative' : (DOUBLE_PREFERENCE[column] ?? 'varint'),
});

/** Columns that hold numbers of the dictionary. */
const TEXT_COLUMNS = new Set<number>([U.fn, U.version, U.text, U.idText, U.stream]);

/** Numbers of a block's own dictionary: only the texts that its fragments use. */
class LocalTexts {
  readonly texts: string[] = [];
  readonly #numbers = new Map<number, number>([[0, 0]]);
  readonly #dictionary: Dictionary;

  constructor(dictionary: Dictionary) {
    this.#dictionary = dictionary;
  }

  number(id: number): number {
    let number = this.#numbers.get(id);
    if (number === undefined) {
      number = this.texts.push(this.#dictionary.text(id));
      this.#numbers.set(id, number);
    }
    return number;
  }
}

function looksLikeTimes(values: Float64Array, times: Float64Array, n: number): boolean {
  const near = 2 ** 31; // ms, 25 days: further apart, a difference is no shorter than the value
  let closer = 0;
  let known = 0;
  for (let i = 0; i < n; i++) {
    if (Number.isNaN(values[i]!)) continue;
    known++;
    if (Math.abs(times[i]! - values[i]!) < near && values[i]! > near) closer++;
  }
  return closer * 2 > known;
}

/**
 * Fragments `rows` of a block, all of them by default, as bytes that need nothing else to be read.
 * About 1 µs and 26 bytes a fragment. @throws {RangeError} over `MAX_FRAGMENTS`
 */
export function encodeFragments(block: FragmentBlock, rows?: Uint32Array): Uint8Array {
  const n = rows === undefined ? block.n : rows.length;
  if (n > MAX_FRAGMENTS) throw new RangeError(`${n} fragments in a block, at most ${MAX_FRAGMENTS}`);
  const local = new LocalTexts(block.dictionary);
  const columns = new ByteWriter();
  const values = new Float64Array(n);
  const times = new Float64Array(n);
  const references = new Float64Array(n);
  for (let i = 0; i < n; i++) times[i] = block.f[(rows === undefined ? i : rows[i]!) * F.stride + F.time]!;
  let count = 0;
  const write = (number: number, shape: ColumnShape) => {
    references.set(times);
    if (writeTagged(columns, number, values, shape, references)) count++;
  };
  for (let column = 0; column < F.stride; column++) {
    for (let i = 0; i < n; i++) values[i] = block.f[(rows === undefined ? i : rows[i]!) * F.stride + column]!;
    write(column, doubleShape(column, column === F.a && looksLikeTimes(values, times, n)));
  }
  for (let column = 0; column < U.stride; column++) {
    const isText = TEXT_COLUMNS.has(column);
    for (let i = 0; i < n; i++) {
      const word = block.u[(rows === undefined ? i : rows[i]!) * U.stride + column]!;
      values[i] = isText ? local.number(word) : word;
    }
    write(WORDS + column, WORD_SHAPES[column]!);
  }
  return assemble(n, local.texts, count, columns);
}

function writeTagged(
  out: ByteWriter,
  number: number,
  values: Float64Array,
  shape: ColumnShape,
  references: Float64Array,
): boolean {
  const start = out.reserve(5); // number, and a length of fixed four bytes: it is known only afterwards
  if (!writeColumn(out, values, values.length, shape, references)) {
    out.length = start;
    return false;
  }
  const length = out.length - start - 5;
  out.bytes[start] = number;
  for (let i = 0; i < 4; i++) out.bytes[start + 1 + i] = ((length >>> (7 * i)) & 0x7f) | (i < 3 ? 0x80 : 0);
  return true;
}

function assemble(n: number, texts: readonly string[], count: number, columns: ByteWriter): Uint8Array {
  const out = new ByteWriter();
  MAGIC.copy(out.bytes, out.reserve(2));
  out.byte(MAJOR);
  out.byte(MINOR);
  out.varint(n);
  out.varint(texts.length);
  for (const text of texts) out.text(text);
  out.varint(count);
  const start = out.reserve(columns.length);
  columns.bytes.copy(out.bytes, start, 0, columns.length);
  return Uint8Array.prototype.slice.call(out.bytes, 0, out.length);
}

/**
 * The fragments in `bytes`, in their order, with their texts put into `dictionary`.
 * @throws {WireError} on anything that `encodeFragments` of this or an earlier version did not write
 */
export function decodeFragments(bytes: Uint8Array, dictionary: Dictionary = new Dictionary()): FragmentBlock {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length < HEADER_BYTES || !buffer.subarray(0, 2).equals(MAGIC)) {
    throw new WireError('NOT_A_BLOCK', 'the bytes do not begin as a block of fragments does');
  }
  const [major, minor] = [buffer.readUInt8(2), buffer.readUInt8(3)];
  if (major > MAJOR) throw new WireError('NEWER_VERSION', `block format ${major}, this program reads up to ${MAJOR}`);
  if (major < 1) throw new WireError('NOT_A_BLOCK', 'there is no block format 0');
  const from = new ByteReader(buffer, HEADER_BYTES);
  const n = from.varint();
  if (n > MAX_FRAGMENTS) throw new WireError('MALFORMED', `${n} fragments in a block, at most ${MAX_FRAGMENTS}`);
  const ids = readTexts(from, dictionary);
  const block = new FragmentBlock(dictionary, n);
  block.n = n;
  readColumns(from, block, ids, minor > MINOR);
  if (from.at !== from.end) throw new WireError('MALFORMED', 'bytes behind the last column');
  return block;
}

/** Number in the block → number in `dictionary`. */
function readTexts(from: ByteReader, dictionary: Dictionary): number[] {
  const count = from.varint();
  if (count > from.end - from.at) throw new WireError('MALFORMED', 'the block ends early'); // a byte each at least
  const ids = [0];
  for (let i = 0; i < count; i++) ids.push(dictionary.id(from.text()));
  return ids;
}

function fillUnknown(block: FragmentBlock): void {
  block.f.fill(Number.NaN);
  for (let i = 0; i < block.n; i++) {
    block.f[i * F.stride + F.weight] = 1;
    block.u[i * U.stride + U.memorySizeKib] = NONE;
    block.u[i * U.stride + U.memoryUsedKib] = NONE;
  }
}

function readColumns(from: ByteReader, block: FragmentBlock, ids: readonly number[], isNewer: boolean): void {
  fillUnknown(block);
  const { n } = block;
  const values = new Float64Array(n);
  const times = new Float64Array(n).fill(Number.NaN);
  const seen = new Set<number>();
  for (let left = from.varint(); left > 0; left--) {
    const number = from.byte();
    const length = from.varint();
    const start = from.skip(length);
    const isWord = number >= WORDS;
    const column = isWord ? number - WORDS : number;
    if (column >= (isWord ? U.stride : F.stride)) {
      if (isNewer) continue;
      throw new WireError('MALFORMED', `no such column, ${number}`);
    }
    if (seen.has(number)) throw new WireError('MALFORMED', `column ${number} comes twice`);
    seen.add(number);
    const absent = isWord ? WORD_SHAPES[column]!.absent : doubleShape(column, false).absent;
    readColumn(new ByteReader(from.bytes, start, start + length), values, n, absent, times);
    if (number === F.time) times.set(values);
    if (isWord) storeWords(block, column, values, TEXT_COLUMNS.has(column) ? ids : null);
    else for (let i = 0; i < n; i++) block.f[i * F.stride + column] = values[i]!;
  }
}

function storeWords(block: FragmentBlock, column: number, values: Float64Array, ids: readonly number[] | null): void {
  for (let i = 0; i < block.n; i++) {
    const value = values[i]!;
    const word = ids === null ? value : ids[value];
    if (word === undefined || word >>> 0 !== word) throw new WireError('MALFORMED', 'a word is out of range');
    block.u[i * U.stride + column] = word;
  }
}
