import { Byte, EARLIEST_MS, LATEST_MS, Literal, quad, skipSpaces } from '../bytes.ts';
import { LambdaJsonBytes } from '../formats/lambda-json-bytes.ts';
import { LambdaTextBytes } from '../formats/lambda-text-bytes.ts';
import { VersionBytes } from '../formats/version-bytes.ts';
import type { Dictionary } from '../fragment.ts';
import type { Identities, LogGroup, LogStream } from '../identity.ts';
import type { Journal } from '../journal.ts';
import type { MessageReader } from '../message-reader.ts';
import type { Recorder } from '../recorder.ts';
import { UuidBytes } from '../request-id.ts';
import { asciiText, findQuote, skipDigitText, skipText, skipTexts, TimestampBytes } from './text-bytes.ts';

const HEAD = new Literal('{"messageType":"DATA_MESSAGE","owner":"');
const AFTER_OWNER = new Literal('","logGroup":"');
const AFTER_GROUP = new Literal('","logStream":"');
const AFTER_STREAM = new Literal('","subscriptionFilters":');
const AFTER_FILTERS = new Literal(',"logEvents":[');
const MESSAGE_TYPE = new Literal('"messageType":');
const DATA_MESSAGE = new Literal('"DATA_MESSAGE"');
const OWNER = new Literal('"owner":');
const LOG_GROUP = new Literal('"logGroup":');
const LOG_STREAM = new Literal('"logStream":');
const FILTERS = new Literal('"subscriptionFilters":');
const LOG_EVENTS = new Literal('"logEvents":');
const ID_HEAD = quad('{"id');
const ID_TAIL = quad('d":"');
const ID_SPACED_TAIL = quad('d": ');
const TIMESTAMP = new Literal(',"timestamp":');
const TIMESTAMP_SPACED = new Literal(', "timestamp": ');
const MESSAGE = new Literal(',"message":"');
const MESSAGE_SPACED = new Literal(', "message": "');
const OWNER_DIGITS = 12;
const [S, E, R] = [0x53, 0x45, 0x52];
/** Bytes that may be looked at past the end of a message. */
const PADDING = 128;

/**
 * Reads a subscription DATA_MESSAGE straight from its bytes: no JSON.parse, no strings, nothing allocated for START, END,
 * REPORT and platform events. Messages it does not know are decoded one by one for the text reader; an envelope that is
 * not as CloudWatch writes it (with or without a space after colon and comma) is given back whole, with nothing recorded.
 */
export class SubscriptionBytes {
  readonly #identities: Identities;
  readonly #recorder: Recorder;
  readonly #journal: Journal;
  readonly #reader: MessageReader;
  readonly #region: string | null;
  readonly #uuids = new UuidBytes();
  readonly #timestamps = new TimestampBytes();
  readonly #versions: VersionBytes;
  readonly #text: LambdaTextBytes;
  readonly #json: LambdaJsonBytes;
  #bytes: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  #stream: LogStream | undefined;
  #events = 0;
  /** a message of this value went to the text reader, which writes to the journal */
  #isDecoding = false;

  constructor(
    identities: Identities,
    recorder: Recorder,
    journal: Journal,
    reader: MessageReader,
    region: string | null,
  ) {
    this.#identities = identities;
    this.#recorder = recorder;
    this.#journal = journal;
    this.#reader = reader;
    this.#region = region;
    this.#versions = new VersionBytes(recorder.out.dictionary);
    this.#text = new LambdaTextBytes(recorder, this.#versions, this.#uuids);
    this.#json = new LambdaJsonBytes(recorder, this.#versions, this.#uuids, journal);
  }

  renew(dictionary: Dictionary): void {
    this.#versions.renew(dictionary);
  }

  /**
   * The place after the message that starts at `from`, or -1 if this is not one that can be read here. At `to` stands a
   * line feed, or the bytes `[from, to)` are whole JSON: either stops the scan. About 400 ns an invocation.
   */
  read(bytes: Uint8Array, from: number, to: number): number {
    if (to + PADDING <= bytes.length) {
      if (bytes !== this.#bytes) this.#look(bytes);
      return this.#read(from);
    }
    const padded = new Uint8Array(to - from + PADDING);
    padded.set(bytes.subarray(from, to));
    this.#look(padded);
    const end = this.#read(0);
    return end < 0 ? -1 : from + end;
  }

  #look(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  #read(from: number): number {
    const view = this.#view;
    this.#uuids.forget();
    let p = this.#usualHead(view, from);
    if (p < 0) p = this.#head(view, from);
    const stream = this.#stream;
    if (p < 0 || stream === undefined || stream.fn === 0 || stream.group.kind === 'insights') return -1;
    const mark = this.#recorder.out.hold();
    const { fn, version, durable, managed } = stream;
    const { w0, w1, w2, w3, text } = stream.open;
    const { platformLines } = this.#journal.stats;
    this.#isDecoding = false;
    this.#recorder.begin(true);
    p = this.#logEvents(view, p, stream);
    if (p < 0 || view.getUint8(p) !== Byte.closeBrace) {
      this.#recorder.abandon();
      this.#recorder.out.rewind(mark);
      if (this.#isDecoding) this.#journal.rewind();
      this.#journal.stats.platformLines = platformLines;
      Object.assign(stream, { fn, version, durable, managed });
      Object.assign(stream.open, { w0, w1, w2, w3, text });
      return -1;
    }
    this.#recorder.end();
    this.#recorder.out.release();
    if (this.#isDecoding) this.#journal.release();
    this.#journal.stats.dataMessages++;
    this.#journal.stats.events += this.#events;
    return p + 1;
  }

  /** The keys before `logEvents` as CloudWatch writes them; sets the stream. The place after the `[` of the events, or -1. */
  #usualHead(view: DataView, from: number): number {
    if (!HEAD.at(view, from)) return -1;
    const owner = ownerNumber(view, from + HEAD.length - 1);
    const group = from + HEAD.length + OWNER_DIGITS + AFTER_OWNER.length;
    if (owner < 0 || !AFTER_OWNER.at(view, group - AFTER_OWNER.length)) return -1;
    const stream = findQuote(view, group) + AFTER_GROUP.length;
    if (!AFTER_GROUP.at(view, stream - AFTER_GROUP.length)) return -1;
    const streamEnd = findQuote(view, stream);
    if (!AFTER_STREAM.at(view, streamEnd)) return -1;
    const p = skipTexts(view, streamEnd + AFTER_STREAM.length);
    if (p < 0 || !AFTER_FILTERS.at(view, p)) return -1;
    this.#stream = this.#identities.findStream(view, group, streamEnd, owner);
    if (this.#stream === undefined) {
      // on first sight the names are checked for escapes, which no name remembered has
      if (skipText(view, group - 1) < 0 || skipText(view, stream - 1) < 0) return -1;
      const groupEnd = stream - AFTER_GROUP.length;
      this.#stream = this.#identities.streamOfBytes(this.#group(view, group, groupEnd, owner), view, stream, streamEnd);
      this.#identities.rememberStream(view, group, streamEnd, owner, this.#stream);
    }
    return p + AFTER_FILTERS.length;
  }

  /** The keys before `logEvents`, in any order; sets the stream. The place after the `[` of the events, or -1. */
  #head(view: DataView, from: number): number {
    let isData = false;
    let owner = -1;
    let group = 0;
    let groupEnd = 0;
    let stream = 0;
    let streamEnd = 0;
    let p = from + 1;
    for (;;) {
      if (MESSAGE_TYPE.at(view, p)) {
        p = skipSpaces(view, p + MESSAGE_TYPE.length);
        isData = DATA_MESSAGE.at(view, p);
        if (!isData) return -1;
        p += DATA_MESSAGE.length;
      } else if (OWNER.at(view, p)) {
        p = skipSpaces(view, p + OWNER.length);
        owner = ownerNumber(view, p);
        p += OWNER_DIGITS + 2;
        if (owner < 0) return -1;
      } else if (LOG_GROUP.at(view, p)) {
        group = skipSpaces(view, p + LOG_GROUP.length) + 1;
        p = skipText(view, group - 1);
        groupEnd = p - 1;
      } else if (LOG_STREAM.at(view, p)) {
        stream = skipSpaces(view, p + LOG_STREAM.length) + 1;
        p = skipText(view, stream - 1);
        streamEnd = p - 1;
      } else if (FILTERS.at(view, p)) {
        p = skipTexts(view, skipSpaces(view, p + FILTERS.length));
      } else if (LOG_EVENTS.at(view, p)) {
        p = skipSpaces(view, p + LOG_EVENTS.length);
        if (!isData || owner < 0 || groupEnd === 0 || streamEnd === 0 || view.getUint8(p) !== Byte.openBracket)
          return -1;
        this.#stream = this.#identities.streamOfBytes(
          this.#group(view, group, groupEnd, owner),
          view,
          stream,
          streamEnd,
        );
        return skipSpaces(view, p + 1);
      } else return -1;
      if (p < 0 || view.getUint8(p) !== Byte.comma) return -1;
      p = skipSpaces(view, p + 1);
    }
  }

  #group(view: DataView, from: number, to: number, owner: number): LogGroup {
    const known = this.#identities.findGroup(view, from, to, owner);
    if (known !== undefined) return known;
    const account = String(owner).padStart(OWNER_DIGITS, '0');
    const group = this.#identities.group(account, this.#region, asciiText(view, from, to));
    this.#identities.rememberGroup(view, from, to, owner, group);
    return group;
  }

  /** The events and the `]` after them. */
  #logEvents(view: DataView, at: number, stream: LogStream): number {
    this.#events = 0;
    if (view.getUint8(at) === Byte.closeBracket) return at + 1;
    let p = at;
    for (;;) {
      p = this.#event(view, p, stream);
      if (p < 0) return -1;
      this.#events++;
      const next = view.getUint8(p);
      if (next === Byte.closeBracket) return p + 1;
      if (next !== Byte.comma) return -1;
      p = skipSpaces(view, p + 1);
    }
  }

  /** One `{"id":…,"timestamp":…,"message":…}`, in this order, as CloudWatch writes it. */
  #event(view: DataView, at: number, stream: LogStream): number {
    if (view.getUint32(at) !== ID_HEAD) return -1;
    const tail = view.getUint32(at + 3);
    if (tail !== ID_TAIL && tail !== ID_SPACED_TAIL) return -1;
    let p = skipDigitText(view, tail === ID_TAIL ? at + 6 : skipSpaces(view, at + 6));
    if (p < 0) return -1;
    if (TIMESTAMP.at(view, p)) p += TIMESTAMP.length;
    else if (TIMESTAMP_SPACED.at(view, p)) p += TIMESTAMP_SPACED.length;
    else return -1;
    p = this.#timestamps.read(view, p);
    const { timeMs } = this.#timestamps;
    if (p < 0 || timeMs < EARLIEST_MS || timeMs >= LATEST_MS) return -1;
    if (MESSAGE.at(view, p)) p += MESSAGE.length;
    else if (MESSAGE_SPACED.at(view, p)) p += MESSAGE_SPACED.length;
    else return -1;
    p = this.#message(view, p, stream, timeMs);
    return p >= 0 && view.getUint8(p) === Byte.closeBrace ? p + 1 : -1;
  }

  #message(view: DataView, at: number, stream: LogStream, timeMs: number): number {
    const first = view.getUint8(at);
    let p = -1;
    if (first === S) p = this.#text.start(view, at, stream, timeMs);
    else if (first === E) {
      p = this.#text.end(view, at);
      if (p >= 0) this.#journal.stats.platformLines++;
    } else if (first === R) p = this.#text.report(view, at, stream, timeMs);
    else if (first === Byte.openBrace) p = this.#json.event(view, at, stream, timeMs);
    return p >= 0 ? p : this.#decode(view, at, stream, timeMs);
  }

  /** Hands a message to the text reader; -1 if it is no JSON text. */
  #decode(view: DataView, at: number, stream: LogStream, timeMs: number): number {
    let p = at;
    let isPlain = true;
    for (let byte = view.getUint8(p); byte !== Byte.quote; byte = view.getUint8(++p)) {
      if (byte < Byte.space) return -1;
      if (byte !== Byte.backslash) continue;
      isPlain = false;
      if (view.getUint8(++p) < Byte.space) return -1;
    }
    const raw = Buffer.from(view.buffer, view.byteOffset + at, p - at).toString();
    let message = raw;
    if (!isPlain) {
      try {
        message = JSON.parse(`"${raw}"`) as string;
      } catch {
        return -1;
      }
    }
    if (!this.#isDecoding) this.#journal.hold();
    this.#isDecoding = true;
    this.#reader.read(stream, timeMs, message);
    return p + 1;
  }
}

/** The account number quoted at `at`, or -1 if it is not 12 digits. */
function ownerNumber(view: DataView, at: number): number {
  if (view.getUint8(at) !== Byte.quote || view.getUint8(at + OWNER_DIGITS + 1) !== Byte.quote) return -1;
  let owner = 0;
  for (let i = 1; i <= OWNER_DIGITS; i++) {
    const digit = view.getUint8(at + i) - Byte.zero;
    if (digit < 0 || digit > 9) return -1;
    owner = owner * 10 + digit;
  }
  return owner;
}
