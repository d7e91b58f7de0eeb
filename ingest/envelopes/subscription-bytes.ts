import { ascii, Byte, EARLIEST_MS, LATEST_MS, matches } from '../bytes.ts';
import { LambdaJsonBytes } from '../formats/lambda-json-bytes.ts';
import { LambdaTextBytes } from '../formats/lambda-text-bytes.ts';
import { VersionBytes } from '../formats/version-bytes.ts';
import { asciiText, type Identities, type LogGroup, type LogStream } from '../identity.ts';
import type { Journal } from '../journal.ts';
import type { MessageReader } from '../message-reader.ts';
import type { Recorder } from '../recorder.ts';

const MESSAGE_TYPE = ascii('"messageType":');
const DATA_MESSAGE = ascii('"DATA_MESSAGE"');
const OWNER = ascii('"owner":');
const LOG_GROUP = ascii('"logGroup":');
const LOG_STREAM = ascii('"logStream":');
const FILTERS = ascii('"subscriptionFilters":');
const LOG_EVENTS = ascii('"logEvents":');
const ID = ascii('"id":');
const TIMESTAMP = ascii('"timestamp":');
const MESSAGE = ascii('"message":');
const OWNER_DIGITS = 12;
const TIMESTAMP_DIGITS = 13;
const [S, E, R, m, o, s] = [0x53, 0x45, 0x52, 0x6d, 0x6f, 0x73];

/**
 * Reads a subscription DATA_MESSAGE straight from its bytes: no JSON.parse, no strings, nothing allocated for START, END,
 * REPORT and platform events. Messages it does not know are decoded one by one for the text reader; an envelope that is
 * not as CloudWatch writes it is given back whole, with nothing recorded.
 */
export class SubscriptionBytes {
  readonly #identities: Identities;
  readonly #recorder: Recorder;
  readonly #journal: Journal;
  readonly #reader: MessageReader;
  readonly #region: string | null;
  readonly #text: LambdaTextBytes;
  readonly #json: LambdaJsonBytes;
  #stream: LogStream | null = null;
  #events = 0;

  constructor(identities: Identities, recorder: Recorder, journal: Journal, reader: MessageReader, region: string | null) {
    this.#identities = identities;
    this.#recorder = recorder;
    this.#journal = journal;
    this.#reader = reader;
    this.#region = region;
    const versions = new VersionBytes(recorder.out.dictionary);
    this.#text = new LambdaTextBytes(recorder, versions);
    this.#json = new LambdaJsonBytes(recorder, versions);
  }

  /**
   * The place after the message that starts at `from`, or -1 if this is not one that can be read here. Some byte that
   * cannot stand in JSON text, such as a line feed, must follow in `bytes`, or `bytes` must hold whole JSON: it is what
   * stops the scan. About 450 ns an invocation.
   */
  read(bytes: Uint8Array, from: number): number {
    let p = this.#head(bytes, from);
    const stream = this.#stream;
    if (p < 0 || stream === null || stream.fn === 0 || stream.group.kind !== 'function') return -1;
    const mark = this.#recorder.out.hold();
    const { version, durable, managed } = stream;
    const { w0, w1, w2, w3, text } = stream.open;
    this.#journal.hold();
    this.#recorder.begin(true);
    p = this.#logEvents(bytes, p, stream);
    if (p >= 0) p = bytes[p] === Byte.closeBrace ? p + 1 : -1;
    if (p < 0) {
      this.#recorder.abandon();
      this.#recorder.out.rewind(mark);
      this.#journal.rewind();
      Object.assign(stream, { version, durable, managed });
      Object.assign(stream.open, { w0, w1, w2, w3, text });
      return -1;
    }
    this.#recorder.end();
    this.#recorder.out.release();
    this.#journal.release();
    this.#journal.stats.dataMessages++;
    this.#journal.stats.events += this.#events;
    return p;
  }

  /** The keys before `logEvents`, in any order; sets the stream. The place after the `[` of the events, or -1. */
  #head(bytes: Uint8Array, from: number): number {
    let isData = false;
    let owner = -1;
    let group = 0;
    let groupEnd = 0;
    let streamEnd = 0;
    let stream = 0;
    let p = bytes[from] === Byte.openBrace ? from + 1 : -1;
    while (p >= 0) {
      const first = bytes[p + 1];
      if (first === m && matches(bytes, p, MESSAGE_TYPE)) {
        p = spaces(bytes, p + MESSAGE_TYPE.length);
        isData = matches(bytes, p, DATA_MESSAGE);
        p += DATA_MESSAGE.length;
      } else if (first === o && matches(bytes, p, OWNER)) {
        p = spaces(bytes, p + OWNER.length);
        owner = ownerNumber(bytes, p);
        p += OWNER_DIGITS + 2;
      } else if (first === s && matches(bytes, p, FILTERS)) {
        p = skipTexts(bytes, spaces(bytes, p + FILTERS.length));
      } else if (matches(bytes, p, LOG_GROUP)) {
        group = spaces(bytes, p + LOG_GROUP.length) + 1;
        p = skipText(bytes, group - 1);
        groupEnd = p - 1;
      } else if (matches(bytes, p, LOG_STREAM)) {
        stream = spaces(bytes, p + LOG_STREAM.length) + 1;
        p = skipText(bytes, stream - 1);
        streamEnd = p - 1;
      } else if (matches(bytes, p, LOG_EVENTS)) {
        p = spaces(bytes, p + LOG_EVENTS.length);
        if (!isData || owner < 0 || groupEnd <= 0 || streamEnd <= 0 || bytes[p] !== Byte.openBracket) return -1;
        this.#stream = this.#identities.streamOfBytes(this.#group(bytes, group, groupEnd, owner), bytes, stream, streamEnd);
        return spaces(bytes, p + 1);
      } else return -1;
      if (p < 0 || bytes[p] !== Byte.comma) return -1;
      p = spaces(bytes, p + 1);
    }
    return -1;
  }

  #group(bytes: Uint8Array, from: number, to: number, owner: number): LogGroup {
    const known = this.#identities.findGroup(bytes, from, to, owner);
    if (known !== undefined) return known;
    const account = String(owner).padStart(OWNER_DIGITS, '0');
    const group = this.#identities.group(account, this.#region, asciiText(bytes, from, to));
    this.#identities.rememberGroup(bytes, from, to, owner, group);
    return group;
  }

  /** The events and the `]` after them. */
  #logEvents(bytes: Uint8Array, at: number, stream: LogStream): number {
    this.#events = 0;
    if (bytes[at] === Byte.closeBracket) return at + 1;
    let p = at;
    for (;;) {
      p = this.#event(bytes, p, stream);
      if (p < 0) return -1;
      this.#events++;
      if (bytes[p] === Byte.closeBracket) return p + 1;
      if (bytes[p] !== Byte.comma) return -1;
      p = spaces(bytes, p + 1);
    }
  }

  /** One `{"id":…,"timestamp":…,"message":…}`, in this order, as CloudWatch writes it. */
  #event(bytes: Uint8Array, at: number, stream: LogStream): number {
    if (bytes[at] !== Byte.openBrace || !matches(bytes, at + 1, ID)) return -1;
    let p = skipText(bytes, spaces(bytes, at + 1 + ID.length));
    if (p < 0 || bytes[p] !== Byte.comma) return -1;
    p = spaces(bytes, p + 1);
    if (!matches(bytes, p, TIMESTAMP)) return -1;
    p = spaces(bytes, p + TIMESTAMP.length);
    const timeMs = timestamp(bytes, p);
    p += TIMESTAMP_DIGITS;
    if (!(timeMs >= EARLIEST_MS && timeMs < LATEST_MS) || bytes[p] !== Byte.comma) return -1;
    p = spaces(bytes, p + 1);
    if (!matches(bytes, p, MESSAGE)) return -1;
    p = spaces(bytes, p + MESSAGE.length);
    if (bytes[p] !== Byte.quote) return -1;
    p = this.#message(bytes, p + 1, stream, timeMs);
    return p >= 0 && bytes[p] === Byte.closeBrace ? p + 1 : -1;
  }

  #message(bytes: Uint8Array, at: number, stream: LogStream, timeMs: number): number {
    const first = bytes[at];
    let p = -1;
    if (first === S) p = this.#text.start(bytes, at, stream, timeMs);
    else if (first === E) {
      p = this.#text.end(bytes, at);
      if (p >= 0) this.#journal.stats.platformLines++;
    } else if (first === R) p = this.#text.report(bytes, at, stream, timeMs);
    else if (first === Byte.openBrace) p = this.#json.event(bytes, at, stream, timeMs);
    return p >= 0 ? p : this.#decode(bytes, at, stream, timeMs);
  }

  /** Hands a message to the text reader; -1 if it is no JSON text. */
  #decode(bytes: Uint8Array, at: number, stream: LogStream, timeMs: number): number {
    let p = at;
    let isPlain = true;
    while (bytes[p] !== Byte.quote) {
      if (bytes[p] === Byte.backslash) {
        isPlain = false;
        p++;
      }
      if (!(bytes[p]! >= Byte.space)) return -1;
      p++;
    }
    const raw = Buffer.from(bytes.buffer, bytes.byteOffset + at, p - at).toString();
    let message = raw;
    if (!isPlain) {
      try {
        message = JSON.parse(`"${raw}"`) as string;
      } catch {
        return -1;
      }
    }
    this.#reader.read(stream, timeMs, message);
    return p + 1;
  }
}

function spaces(bytes: Uint8Array, at: number): number {
  let p = at;
  while (bytes[p] === Byte.space) p++;
  return p;
}

/** The place after the ASCII text without escapes that is quoted at `at`, or -1. */
function skipText(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== Byte.quote) return -1;
  let p = at + 1;
  let byte = bytes[p]!;
  while (byte !== Byte.quote && byte !== Byte.backslash && byte >= Byte.space && byte < 0x80) byte = bytes[++p]!;
  return byte === Byte.quote ? p + 1 : -1;
}

/** The place after an array of such texts, or -1. */
function skipTexts(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== Byte.openBracket) return -1;
  let p = spaces(bytes, at + 1);
  if (bytes[p] === Byte.closeBracket) return p + 1;
  for (;;) {
    p = skipText(bytes, p);
    if (p < 0) return -1;
    if (bytes[p] === Byte.closeBracket) return p + 1;
    if (bytes[p] !== Byte.comma) return -1;
    p = spaces(bytes, p + 1);
  }
}

/** The account number quoted at `at`, or -1 if it is not 12 digits. */
function ownerNumber(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== Byte.quote || bytes[at + OWNER_DIGITS + 1] !== Byte.quote) return -1;
  let owner = 0;
  for (let i = 1; i <= OWNER_DIGITS; i++) {
    const digit = bytes[at + i]! - Byte.zero;
    if (!(digit >= 0 && digit <= 9)) return -1;
    owner = owner * 10 + digit;
  }
  return owner;
}

/** The 13 digits at `at` as a number, NaN if they are not digits. Two halves, because each fits small-integer arithmetic. */
function timestamp(bytes: Uint8Array, at: number): number {
  let high = 0;
  let low = 0;
  for (let i = 0; i < 7; i++) {
    const digit = bytes[at + i]! - Byte.zero;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    high = high * 10 + digit;
  }
  for (let i = 7; i < TIMESTAMP_DIGITS; i++) {
    const digit = bytes[at + i]! - Byte.zero;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    low = low * 10 + digit;
  }
  return high * 1e6 + low;
}
