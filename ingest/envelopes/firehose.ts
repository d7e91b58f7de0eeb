import { Byte } from '../bytes.ts';

/** What AWS documents for HTTP endpoints. */
export const MAX_FIREHOSE_RECORDS = 10_000;
/** Objects and lists inside each other, under keys that mean nothing to us. */
const MAX_DEPTH = 32;
const MAX_NAME_BYTES = 1024;
/** of data that is no base64 */
const SHOWN_CHARACTERS = 200;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** The body is none that Firehose sends. */
export class FirehoseBodyError extends Error {
  override readonly name = 'FirehoseBodyError';
  readonly code = 'BAD_FIREHOSE_BODY';
}

export interface FirehoseBody {
  readonly requestId: string;
  /** when it was sent, ms since 1970 */
  readonly timestampMs: number;
  /** decoded, gzip not undone; where the data is no base64 the start of what it is */
  readonly records: readonly (Uint8Array | string)[];
}

type Container = 'root' | 'records' | 'record' | 'object' | 'list';
type Want = 'value' | 'first value' | 'key' | 'first key' | 'colon' | 'comma' | 'text' | 'literal' | 'end';
/** what a value, or the text of a key, is for */
type Role = 'root' | 'key' | 'requestId' | 'timestamp' | 'records' | 'record' | 'data' | 'other';

/**
 * Reads `{"requestId","timestamp","records":[{"data":"<base64>"}]}` as it comes, cut anywhere, keys in any order, unknown
 * ones passed over. Holds the decoded records, three quarters of the body, and the text of one record besides. Base64 is
 * searched and decoded by the runtime, about 1 ns a byte.
 */
export class FirehoseBodyReader {
  #want: Want = 'value';
  #role: Role = 'root';
  readonly #open: Container[] = [];
  /** of the text or literal that is being read; kept where its role needs it */
  #pieces: Uint8Array[] = [];
  #pieceBytes = 0;
  #isEscaped = false;
  #hasEscapes = false;
  #chunkHasEscapes = false;
  #requestId: string | null = null;
  #timestampMs: number | null = null;
  #records: (Uint8Array | string)[] | null = null;
  /** of the record that is open; undefined = none yet */
  #data: Uint8Array | string | undefined = undefined;

  /** Keeps nothing of `chunk` itself. @throws {FirehoseBodyError} */
  push(chunk: Uint8Array): void {
    this.#chunkHasEscapes = chunk.includes(Byte.backslash);
    let p = 0;
    while (p < chunk.length) {
      if (this.#want === 'text') p = this.#text(chunk, p);
      else if (this.#want === 'literal') p = this.#literal(chunk, p);
      else if (isBlank(chunk[p]!)) p++;
      else p = this.#structure(chunk[p]!, p);
    }
  }

  /** @throws {FirehoseBodyError} when it is not whole */
  end(): FirehoseBody {
    if (this.#want !== 'end') throw new FirehoseBodyError('truncated JSON');
    if (this.#requestId === null) throw new FirehoseBodyError('no requestId');
    if (this.#timestampMs === null) throw new FirehoseBodyError('no timestamp');
    if (this.#records === null) throw new FirehoseBodyError('no records');
    return { requestId: this.#requestId, timestampMs: this.#timestampMs, records: this.#records };
  }

  get #top(): Container | undefined {
    return this.#open[this.#open.length - 1];
  }

  /** Takes one byte between texts and literals. */
  #structure(byte: number, p: number): number {
    switch (this.#want) {
      case 'first key':
        if (byte === Byte.closeBrace) return this.#close(p);
        return this.#key(byte, p);
      case 'key':
        return this.#key(byte, p);
      case 'colon':
        if (byte !== Byte.colon) throw malformed();
        this.#want = 'value';
        return p + 1;
      case 'first value':
        if (byte === Byte.closeBracket) return this.#close(p);
        return this.#value(byte, p);
      case 'value':
        return this.#value(byte, p);
      case 'comma':
        return this.#comma(byte, p);
      default:
        throw malformed();
    }
  }

  #key(byte: number, p: number): number {
    if (byte !== Byte.quote) throw malformed();
    this.#role = 'key';
    return this.#begin('text', p + 1);
  }

  #value(byte: number, p: number): number {
    const isText = byte === Byte.quote;
    const isObject = byte === Byte.openBrace;
    const isList = byte === Byte.openBracket;
    const kind: Kind = isText ? 'text' : isObject ? 'object' : isList ? 'list' : 'literal';
    const wanted = WANTED[this.#role];
    if (wanted !== undefined && wanted[0] !== kind) throw new FirehoseBodyError(wanted[1]);
    if (isText) return this.#begin('text', p + 1);
    if (!isObject && !isList) return this.#begin('literal', p);
    if (this.#open.length === MAX_DEPTH) throw new FirehoseBodyError(`more than ${MAX_DEPTH} levels`);
    this.#open.push(this.#containerOf(isObject));
    this.#want = isObject ? 'first key' : 'first value';
    this.#role = this.#top === 'records' ? 'record' : 'other';
    return p + 1;
  }

  #containerOf(isObject: boolean): Container {
    if (this.#role === 'root') return 'root';
    if (this.#role === 'records') {
      if (this.#records !== null) throw new FirehoseBodyError('records twice');
      this.#records = [];
      return 'records';
    }
    if (this.#role === 'record') {
      if (this.#records!.length === MAX_FIREHOSE_RECORDS)
        throw new FirehoseBodyError(`more than ${MAX_FIREHOSE_RECORDS} records`);
      this.#data = undefined;
      return 'record';
    }
    return isObject ? 'object' : 'list';
  }

  #comma(byte: number, p: number): number {
    const isList = this.#top === 'records' || this.#top === 'list';
    if (byte === (isList ? Byte.closeBracket : Byte.closeBrace)) return this.#close(p);
    if (byte !== Byte.comma) throw malformed();
    this.#want = isList ? 'value' : 'key';
    this.#role = this.#top === 'records' ? 'record' : 'other';
    return p + 1;
  }

  #close(p: number): number {
    if (this.#open.pop() === 'record') {
      if (this.#data === undefined) throw new FirehoseBodyError('a record without data');
      this.#records!.push(this.#data);
    }
    this.#want = this.#open.length === 0 ? 'end' : 'comma';
    return p + 1;
  }

  #begin(want: 'text' | 'literal', p: number): number {
    this.#want = want;
    this.#pieces = [];
    this.#pieceBytes = 0;
    this.#isEscaped = false;
    this.#hasEscapes = false;
    return p;
  }

  /** Up to the quote that ends it, or the end of the chunk. */
  #text(chunk: Uint8Array, p: number): number {
    let quote = -1;
    if (!this.#chunkHasEscapes && !this.#isEscaped) quote = chunk.indexOf(Byte.quote, p);
    else {
      for (let i = p; i < chunk.length && quote < 0; i++) {
        if (this.#isEscaped) this.#isEscaped = false;
        else if (chunk[i] === Byte.quote) quote = i;
        else if (chunk[i] === Byte.backslash) {
          this.#isEscaped = true;
          this.#hasEscapes = true;
        }
      }
    }
    const end = quote < 0 ? chunk.length : quote;
    this.#keep(chunk.subarray(p, end), quote >= 0);
    if (quote < 0) return end;
    this.#endText();
    return end + 1;
  }

  #keep(piece: Uint8Array, isWhole: boolean): void {
    if (this.#role === 'other') return;
    this.#pieceBytes += piece.length;
    if (this.#role !== 'data' && this.#pieceBytes > MAX_NAME_BYTES) throw new FirehoseBodyError('a name is too long');
    // what lies in one chunk is used before the chunk's memory is used again
    this.#pieces.push(isWhole && this.#pieces.length === 0 ? piece : Buffer.from(piece));
  }

  #taken(): string {
    const [first] = this.#pieces;
    const bytes = this.#pieces.length === 1 && first !== undefined ? first : Buffer.concat(this.#pieces);
    this.#pieces = [];
    // what is not ASCII stays what it is not: no base64, and no name that is known
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
    if (!this.#hasEscapes) return text;
    try {
      return JSON.parse(`"${text}"`) as string;
    } catch {
      throw malformed();
    }
  }

  #endText(): void {
    const role = this.#role;
    this.#want = role === 'key' ? 'colon' : 'comma';
    if (role === 'key') this.#role = this.#roleOf(this.#taken());
    else if (role === 'requestId') this.#requestId = this.#taken();
    else if (role === 'data') this.#data = decoded(this.#taken());
  }

  #roleOf(key: string): Role {
    if (this.#top === 'record') return key === 'data' ? 'data' : 'other';
    if (this.#top !== 'root') return 'other';
    return key === 'requestId' || key === 'timestamp' || key === 'records' ? key : 'other';
  }

  /** A number, true, false or null. */
  #literal(chunk: Uint8Array, p: number): number {
    let end = p;
    while (end < chunk.length && isLiteral(chunk[end]!)) end++;
    if (end > p) this.#pieces.push(Buffer.from(chunk.subarray(p, end)));
    this.#pieceBytes += end - p;
    if (this.#pieceBytes > MAX_NAME_BYTES || (end < chunk.length && this.#pieceBytes === 0)) throw malformed();
    if (end === chunk.length) return end;
    const text = Buffer.concat(this.#pieces).toString('latin1');
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      throw malformed();
    }
    if (this.#role === 'timestamp') {
      if (!Number.isSafeInteger(value)) throw new FirehoseBodyError(NO_INTEGER);
      this.#timestampMs = value as number;
    }
    this.#want = 'comma';
    return end;
  }
}

type Kind = 'text' | 'object' | 'list' | 'literal';
const NO_INTEGER = 'timestamp is not an integer';
const WANTED: Readonly<Partial<Record<Role, readonly [Kind, string]>>> = {
  root: ['object', 'not a JSON object'],
  requestId: ['text', 'requestId is not a text'],
  timestamp: ['literal', NO_INTEGER],
  records: ['list', 'records is not a list of objects'],
  record: ['object', 'records is not a list of objects'],
  data: ['text', 'data of a record is not a text'],
};

const malformed = (): FirehoseBodyError => new FirehoseBodyError('malformed JSON');
const isBlank = (byte: number): boolean =>
  byte === Byte.space || byte === Byte.newline || byte === Byte.tab || byte === Byte.carriageReturn;
/** digits, letters, plus, minus, dot */
const isLiteral = (byte: number): boolean =>
  (byte >= 0x30 && byte <= 0x39) ||
  (byte >= 0x61 && byte <= 0x7a) ||
  byte === 0x45 ||
  byte === 0x2b ||
  byte === 0x2d ||
  byte === 0x2e;

function decoded(text: string): Uint8Array | string {
  const isWhole = text.length % 4 !== 1 && (text.length % 4 === 0 || !text.endsWith('='));
  return isWhole && BASE64.test(text) ? Buffer.from(text, 'base64') : text.slice(0, SHOWN_CHARACTERS);
}
