import { Byte } from '../bytes.ts';
import type { JsonObject } from '../formats/log-event.ts';
import type { LogStream } from '../identity.ts';
import { looksLikeStream } from '../identity.ts';
import { believable, instantOf } from '../instant.ts';
import type { Place, Reading } from '../reading.ts';
import { InsightsCsv } from './insights-csv.ts';

const ISO = '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(?:[.,]\\d{1,9})?(?:Z|[+-]\\d\\d:?\\d\\d)?';
/** S3 export, `aws logs tail`: the event's time, a space, perhaps the stream, the message */
const TIME_FIRST = new RegExp(`^(${ISO}) `);
/** `sam logs`: stream, time, message */
const STREAM_FIRST = new RegExp(`^(\\d{4}/\\S{1,500}) (${ISO})\\s`);
const EPOCH_FIRST = /^(\d{13}|\d{10}) (?=\S)/;
/** the line's own time, written by the runtime: Node and Python */
const OWN_TIME = new RegExp(`^(?:\\[[A-Z]{4,8}\\]\\t)?(${ISO})\\t`);
const PLATFORM = /^(?:(?:START|END|REPORT) RequestId: \S|(?:INIT|RESTORE)_(?:START|REPORT) [A-Z])/;
const PLATFORM_JSON = /^\{\s{0,4}"time"\s{0,4}:\s{0,4}"[^"]{1,40}"\s{0,4},\s{0,4}"type"\s{0,4}:\s{0,4}"platform\./;
/** second and later lines of a message, where nothing else tells where one ends */
const CONTINUES = /^(?:\s|XRAY TraceId: |Runtime\.\w|Caused by: |Traceback \(|[}\])]|\.\.\. \d)/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes of `aws logs tail`
const COLOUR = /\u001b\[[\d;]{0,10}m/g;
/** `@timestamp,@message`: how query results as CSV begin */
const AT = 0x40;
const MAX_MESSAGE = 1 << 20;
const MAX_WAITING = 256;

interface Message {
  /** NaN: not told by the line */
  timeMs: number;
  readonly stream: LogStream;
  text: string;
  readonly value: JsonObject | null;
  readonly offset: number;
  readonly line: number;
}

/**
 * Lines of text, with a time before them or as the function wrote them. Where the platform's lines stand behind a time,
 * a line without one continues the message before it, whatever it looks like: user text may quote a REPORT. Where they
 * stand bare, a line that tells no time has the time of the line before it; the first lines wait for the first time.
 */
export class LineReader {
  readonly #reading: Reading;
  #style: 'unknown' | 'prefixed' | 'bare' = 'unknown';
  #message: Message | null = null;
  #isPrefixed = false;
  #lastMs = Number.NaN;
  #waiting: Message[] = [];
  readonly #csv: InsightsCsv;

  constructor(reading: Reading) {
    this.#reading = reading;
    this.#csv = new InsightsCsv(reading);
  }

  /** A line that starts so belongs to the message before it, though it may look like a JSON value. */
  continues(isIndented: boolean): boolean {
    return this.#csv.isOpen || (this.#message !== null && (isIndented || (this.#isPrefixed && this.#style !== 'bare')));
  }

  line(raw: string, offset: number, line: number): void {
    const text = raw.charCodeAt(0) === 0x1b ? raw.replace(COLOUR, '') : raw;
    if (this.#isCsv(text, offset, line) || this.#startsPrefixed(text, offset, line)) return;
    const isPlatform = PLATFORM.test(text);
    if (this.#style === 'prefixed' && this.#message !== null && isPlatform) {
      this.#reading.journal.rejectAt('platform line inside another message', text, offset, line);
      return;
    }
    if (isPlatform) this.#style = 'bare';
    if (this.#message !== null && !isPlatform && (this.continues(false) || CONTINUES.test(text))) this.#append(text);
    else {
      this.flush();
      this.#isPrefixed = false;
      this.#begin(instantOf(OWN_TIME.exec(text)?.[1] ?? ''), this.#reading.streamNamed(''), text, null, offset, line);
    }
  }

  /** A row of query results as CSV, or the header that they begin with. */
  #isCsv(text: string, offset: number, line: number): boolean {
    const csv = this.#csv;
    const first = text.charCodeAt(0);
    const mayBegin = !csv.isOpen && (first === Byte.quote || first === AT);
    if (mayBegin && csv.isHeader(text)) {
      this.flush();
      csv.begin(text, offset, line);
      return true;
    }
    if (csv.begins === null) return false;
    csv.line(text, offset, line);
    return true;
  }

  /** A JSON object that stands on its own: what a function or the platform wrote. */
  object(value: JsonObject, text: string, offset: number, line: number): void {
    this.flush();
    this.#isPrefixed = false;
    this.#begin(timeOf(value), this.#reading.streamNamed(''), text, value, offset, line);
    this.flush();
  }

  /** The message so far is whole. */
  flush(): void {
    const message = this.#message;
    if (message === null) return;
    this.#message = null;
    if (!Number.isNaN(message.timeMs)) {
      this.#lastMs = message.timeMs;
      for (const early of this.#waiting.splice(0)) this.#read(early, message.timeMs);
    }
    if (!Number.isNaN(this.#lastMs)) this.#read(message, this.#lastMs);
    else {
      this.#waiting.push(message);
      if (this.#waiting.length > MAX_WAITING) this.#readUndated(this.#waiting.shift());
    }
  }

  /** Where the first line stands that is kept back, because more may follow or its time is not known; null if there is none. */
  get unfinished(): Place | null {
    const first = this.#csv.begins ?? this.#waiting[0] ?? this.#message;
    return first === null ? null : { offset: first.offset, line: first.line };
  }

  end(): void {
    this.flush();
    this.#csv.end();
    for (const message of this.#waiting.splice(0)) this.#readUndated(message);
  }

  /** What comes next has nothing to do with the lines before it. Call after `end`. @param timeMs of lines that tell none, NaN = none */
  restart(timeMs: number): void {
    this.#style = 'unknown';
    this.#isPrefixed = false;
    this.#lastMs = timeMs;
  }

  #startsPrefixed(text: string, offset: number, line: number): boolean {
    const first = text.charCodeAt(0);
    if (!(first >= 0x30 && first <= 0x39)) return false;
    const prefix = prefixOf(text);
    if (prefix === null) return false;
    this.flush();
    this.#isPrefixed = true;
    if (PLATFORM.test(prefix.message) || PLATFORM_JSON.test(prefix.message)) this.#style = 'prefixed';
    this.#begin(prefix.timeMs, this.#reading.streamNamed(prefix.stream), prefix.message, null, offset, line);
    return true;
  }

  #begin(
    timeMs: number,
    stream: LogStream,
    text: string,
    value: JsonObject | null,
    offset: number,
    line: number,
  ): void {
    this.#message = { timeMs, stream, text, value, offset, line };
  }

  #append(text: string): void {
    const message = this.#message;
    if (message === null) return;
    if (message.text.length + text.length < MAX_MESSAGE) message.text += `\n${text}`;
    else this.#reading.journal.stats.cutLines++;
  }

  #read(message: Message, timeMs: number): void {
    const { journal, recorder, messages } = this.#reading;
    const { stream, text, value } = message;
    journal.offset = message.offset;
    journal.line = message.line;
    journal.stats.events++;
    recorder.begin(false);
    const rejects = journal.stats.rejects;
    if (value !== null) messages.readObject(stream, timeMs, value, text);
    else messages.read(stream, timeMs, text);
    const isUnplaced = recorder.unplaced > 0 || (stream.fn === 0 && stream.group.kind === 'other');
    if (isUnplaced && journal.stats.rejects === rejects) journal.reject(this.#reading.whyUnplaced(stream), text);
  }

  /** No time is known at all: only a line that holds something to keep is missed. */
  #readUndated(message: Message | undefined): void {
    if (message === undefined) return;
    const { out } = this.#reading.recorder;
    const { rejects } = this.#reading.journal.stats;
    const mark = out.hold();
    this.#read(message, 0);
    const isMissed = out.block.n > mark;
    out.rewind(mark);
    const isRejected = this.#reading.journal.stats.rejects > rejects;
    if (isMissed && !isRejected) this.#reading.journal.reject('no timestamp', message.text);
  }
}

/** Time, stream and message of a line that some tool put a time before; null for any other line. */
function prefixOf(text: string): { timeMs: number; stream: string; message: string } | null {
  const timeFirst = TIME_FIRST.exec(text);
  if (timeFirst !== null) {
    const timeMs = instantOf(timeFirst[1] ?? '');
    if (Number.isNaN(timeMs)) return null;
    const rest = text.slice(timeFirst[0].length);
    const space = rest.indexOf(' ');
    const word = space < 0 || space > 512 ? '' : rest.slice(0, space);
    return looksLikeStream(word)
      ? { timeMs, stream: word, message: rest.slice(space + 1) }
      : { timeMs, stream: '', message: rest };
  }
  const streamFirst = STREAM_FIRST.exec(text);
  if (streamFirst !== null) {
    const timeMs = instantOf(streamFirst[2] ?? '');
    const stream = streamFirst[1] ?? '';
    return Number.isNaN(timeMs) || !looksLikeStream(stream)
      ? null
      : { timeMs, stream, message: text.slice(streamFirst[0].length) };
  }
  const epochFirst = EPOCH_FIRST.exec(text);
  if (epochFirst === null) return null;
  const number = Number(epochFirst[1]);
  const timeMs = believable(epochFirst[1]?.length === 10 ? number * 1000 : number);
  return Number.isNaN(timeMs) ? null : { timeMs, stream: '', message: text.slice(epochFirst[0].length) };
}

/** The time a JSON line tells, NaN if none. */
function timeOf(value: JsonObject): number {
  const aws = value['_aws'];
  const stamp = typeof aws === 'object' && aws !== null ? (aws as JsonObject)['Timestamp'] : undefined;
  for (const time of [value['time'], value['timestamp'], stamp]) {
    const ms = typeof time === 'string' ? instantOf(time) : believable(time);
    if (!Number.isNaN(ms)) return ms;
  }
  return Number.NaN;
}
