import { type Dictionary, F, FragmentBlock, U } from '../ingest/fragment.ts';
import { crc32 } from './segment-log-format.ts';
import { ByteReader, WireError } from './wire-bytes.ts';
import {
  absentDouble,
  absentWord,
  CHECKSUM_BYTES,
  ENCODING_BITS,
  Encoding,
  FROM_TIME,
  HAS_ABSENT,
  HEADER_BYTES,
  ID,
  IS_TEXT,
  MAX_FRAGMENTS,
  MINOR,
  WORDS,
} from './wire-layout.ts';
import {
  fillDoubles,
  fillWords,
  placeDoubles,
  placeIds,
  placeListed,
  placeStarts,
  placeWords,
  readBitmap,
  ScatterScratch,
  setDoubles,
  setWords,
  unpack,
} from './wire-scatter.ts';
import { TextReader } from './wire-text-reader.ts';

const COLUMNS = 128;
const malformed = (message: string): WireError => new WireError('MALFORMED', message);
const scratch = new ScatterScratch();

/** Reads blocks of format 2, texts into one dictionary. See docs/wire.md for cost. */
export class BlockReader {
  readonly #dictionary: Dictionary;
  readonly #texts: TextReader;
  /** of the column being read */
  #rows = scratch.all;
  #count = 0;
  readonly #seen = new Uint8Array(COLUMNS);
  readonly #palette = new Uint32Array(256);
  #block: FragmentBlock;
  #isFresh = true;
  #view: DataView = new DataView(new ArrayBuffer(0));
  #textCount = 0;

  constructor(dictionary: Dictionary) {
    this.#dictionary = dictionary;
    this.#texts = new TextReader(dictionary);
    this.#block = new FragmentBlock(dictionary, 0);
  }

  /**
   * `bytes` begin with magic and major 2. Fills `reuse` if it has room, else a new block of exact capacity.
   * @throws {WireError} MALFORMED; `reuse` is empty then
   */
  read(bytes: Buffer, reuse: FragmentBlock | undefined): FragmentBlock {
    const end = bytes.length - CHECKSUM_BYTES;
    if (end < HEADER_BYTES) throw malformed('the block ends early');
    if (crc32(bytes.subarray(0, end)) !== bytes.readUInt32LE(end)) throw malformed('the checksum is wrong');
    const isNewer = bytes[3]! > MINOR;
    const n = bytes.readUInt32LE(4);
    if (n > MAX_FRAGMENTS) throw malformed(`${n} fragments in a block, at most ${MAX_FRAGMENTS}`);
    const columnBytes = bytes.readUInt32LE(8);
    if (columnBytes > end - HEADER_BYTES) throw malformed('the block ends early');
    const columnsEnd = HEADER_BYTES + columnBytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const texts = new ByteReader(bytes, columnsEnd, end);
    this.#textCount = this.#texts.read(texts, this.#view);
    if (texts.at !== end && !isNewer) throw malformed('bytes behind the last text');
    this.#isFresh = reuse === undefined || reuse.capacity < n;
    const block = this.#isFresh ? new FragmentBlock(this.#dictionary, n) : reuse!;
    this.#block = block;
    block.n = 0;
    scratch.grow(n);
    this.#readColumns(new ByteReader(bytes, HEADER_BYTES, columnsEnd), n, isNewer);
    block.n = n;
    return block;
  }

  #readColumns(from: ByteReader, n: number, isNewer: boolean): void {
    const seen = this.#seen.fill(0);
    while (from.at < from.end) {
      const number = from.byte();
      const length = from.varint();
      const start = from.skip(length);
      if (!isKnown(number)) {
        if (isNewer) continue;
        throw malformed(`no such column, ${number}`);
      }
      if (seen[number]) throw malformed(`column ${number} comes twice`);
      seen[number] = 1;
      this.#readColumn(number, new ByteReader(from.bytes, start, start + length), n);
    }
    for (let column = 0; column < F.stride; column++) if (!seen[column]) this.#fill(column, n);
    for (let column = 0; column < U.stride; column++) if (!seen[WORDS + column]) this.#fill(WORDS + column, n);
  }

  /** Every value of a column unknown. */
  #fill(number: number, n: number): void {
    if (number < WORDS) {
      fillDoubles(this.#block.f, number, n, absentDouble(number));
      return;
    }
    const absent = absentWord(number - WORDS);
    if (number > ID && number <= ID + 3 && this.#seen[ID]) return;
    if (!this.#isFresh || absent !== 0) fillWords(this.#block.u, number - WORDS, n, absent);
  }

  #fillGaps(number: number, gaps: number): void {
    const { f, u } = this.#block;
    if (number < WORDS) setDoubles(f, number, scratch.absent, gaps, absentDouble(number));
    else setWords(u, number - WORDS, scratch.absent, gaps, absentWord(number - WORDS));
    if (number === ID) for (let word = U.id1; word <= U.id3; word++) setWords(u, word, scratch.absent, gaps, 0);
  }

  #readColumn(number: number, from: ByteReader, n: number): void {
    const head = from.byte();
    this.#rows = scratch.all;
    this.#count = n;
    if (head & HAS_ABSENT) {
      const bitmap = from.skip((n + 7) >> 3);
      this.#rows = scratch.present;
      this.#count = readBitmap(this.#view, bitmap, n, scratch);
      this.#fillGaps(number, n - this.#count);
    }
    const encoding = head & ENCODING_BITS;
    if (number === ID) this.#readIds(from, encoding);
    else if (encoding === Encoding.doubles || encoding === Encoding.double) this.#readRaw(number, from, encoding);
    else if (encoding === Encoding.palette) this.#readPalette(number, from);
    else if (encoding <= Encoding.offsets32) this.#readOffsets(number, from, encoding, (head & FROM_TIME) !== 0);
    else throw malformed(`no such encoding, ${encoding}`);
    if (from.at !== from.end) throw malformed('a column is longer than its values');
  }

  #readIds(from: ByteReader, encoding: number): void {
    if (encoding !== Encoding.ids) throw malformed('request ids in an encoding of numbers');
    placeIds(this.#block.u, this.#view, from.skip(this.#count * 16), this.#rows, this.#count);
  }

  #readRaw(number: number, from: ByteReader, encoding: number): void {
    if (number >= WORDS) throw malformed('doubles in a column of words');
    const { f } = this.#block;
    const view = this.#view;
    if (encoding === Encoding.double) {
      setDoubles(f, number, this.#rows, this.#count, view.getFloat64(from.skip(8), true));
      return;
    }
    const start = from.skip(this.#count * 8);
    for (let i = 0; i < this.#count; i++) f[this.#rows[i]! * F.stride + number] = view.getFloat64(start + i * 8, true);
  }

  #readPalette(number: number, from: ByteReader): void {
    if (number < WORDS || IS_TEXT[number - WORDS]) throw malformed('a palette in a column that has none');
    const size = from.byte() + 1;
    for (let i = 0; i < size; i++) {
      const word = from.varint();
      if (word > 0xffffffff) throw malformed('a word is out of range');
      this.#palette[i] = word;
    }
    const { offsets } = scratch;
    unpack(this.#view, from.skip(this.#count), this.#count, 1, offsets);
    const listed = { offsets, rows: this.#rows, count: this.#count, base: 0, scale: 1 };
    placeListed(this.#block.u, number - WORDS, listed, this.#palette, size);
  }

  #readOffsets(number: number, from: ByteReader, width: number, isFromTime: boolean): void {
    const base = from.zigzag();
    const count = this.#count;
    const { offsets } = scratch;
    const { f, u } = this.#block;
    if (width === 0 && !isFromTime) {
      this.#setAll(number, base);
      return;
    }
    const scale = width === 0 ? 1 : from.varint();
    if (width === 0) offsets.fill(0, 0, count);
    else unpack(this.#view, from.skip(count * width), count, width, offsets);
    const values = { offsets, rows: this.#rows, count, base, scale };
    if (isFromTime) {
      if (number !== F.a || !this.#seen[F.time] || !this.#seen[WORDS]) throw malformed('a time without its reference');
      placeStarts(f, u, values);
    } else if (number < WORDS) placeDoubles(f, number, values);
    else if (IS_TEXT[number - WORDS]) {
      if (base < 0) throw malformed('a column names a value that is not there');
      placeListed(u, number - WORDS, values, this.#texts.ids, this.#textCount);
    } else placeWords(u, number - WORDS, values);
  }

  #setAll(number: number, value: number): void {
    if (number < WORDS) {
      setDoubles(this.#block.f, number, this.#rows, this.#count, value);
      return;
    }
    const isText = IS_TEXT[number - WORDS];
    if (value < 0 || value > 0xffffffff || (isText && value >= this.#textCount)) {
      throw malformed('a word is out of range');
    }
    setWords(this.#block.u, number - WORDS, this.#rows, this.#count, isText ? this.#texts.ids[value]! : value);
  }
}

function isKnown(number: number): boolean {
  if (number < WORDS) return number < F.stride;
  return number < WORDS + U.stride && (number <= ID || number > ID + 3);
}
