import { Byte, Literal, MAX_MEMORY_KIB, pair, skipSpaces as spaces } from '../bytes.ts';
import { F, NONE, U } from '../fragment.ts';
import type { LogStream } from '../identity.ts';
import type { Journal } from '../journal.ts';
import { type Recorder, type ReportRow, Status } from '../recorder.ts';
import { UUID_LENGTH, type UuidBytes } from '../request-id.ts';
import { DecimalBytes } from './decimal-bytes.ts';
import { endOfMessage } from './lambda-text-bytes.ts';
import type { VersionBytes } from './version-bytes.ts';

/** JSON inside a JSON string: every quote is escaped. */
const escaped = (text: string): Literal => new Literal(text.replaceAll('"', '\\"'));
const TIME = escaped('{"time":');
const TYPE = escaped('"type":');
const RECORD = escaped('"record":');
const REPORT = escaped('"platform.report"');
const START = escaped('"platform.start"');
const RUNTIME_DONE = escaped('"platform.runtimeDone"');
const REQUEST_ID = escaped('"requestId":');
const STATUS = escaped('"status":');
const SUCCESS = escaped('"success"');
const METRICS = escaped('"metrics":');
const TRACING = escaped('"tracing":');
const SPANS = escaped('"spans":');
const VERSION = escaped('"version":');
const FUNCTION_ARN = escaped('"functionArn":');
const DURATION = escaped('"durationMs":');
const BILLED = escaped('"billedDurationMs":');
const BILLED_RESTORE = escaped('"billedRestoreDurationMs":');
const INIT = escaped('"initDurationMs":');
const RESTORE = escaped('"restoreDurationMs":');
const MEMORY_SIZE = escaped('"memorySizeMB":');
const MEMORY_USED = escaped('"maxMemoryUsedMB":');
const PRODUCED = escaped('"producedBytes":');
const [b, d, f, i, m, p_, r, s, t, v, R] = [0x62, 0x64, 0x66, 0x69, 0x6d, 0x70, 0x72, 0x73, 0x74, 0x76, 0x52];
/** Figures that are not kept: those of platform.runtimeDone come again in the report. */
const NOWHERE: ReportRow = { f: new Float64Array(F.stride), u: new Uint32Array(U.stride), fAt: 0, uAt: 0 };
/** bits of record keys met, to notice a second one */
const Met = { id: 1, status: 2, version: 4, metrics: 8, producedBytes: 16 } as const;

/**
 * platform.start, platform.runtimeDone and platform.report as they stand inside a JSON string, without decoding it. As
 * with the text lines: the place after the closing quote, or -1 for any other shape, failures included.
 */
export class LambdaJsonBytes {
  readonly #recorder: Recorder;
  readonly #versions: VersionBytes;
  readonly #uuids: UuidBytes;
  readonly #journal: Journal;
  readonly #number = new DecimalBytes();
  #met = 0;
  #date = 0;
  #minute = 0;
  #status: Status = Status.unknown;
  /** where metrics go: the row of a report, or nowhere */
  #row: ReportRow = NOWHERE;

  constructor(recorder: Recorder, versions: VersionBytes, uuids: UuidBytes, journal: Journal) {
    this.#journal = journal;
    this.#recorder = recorder;
    this.#versions = versions;
    this.#uuids = uuids;
  }

  event(view: DataView, at: number, stream: LogStream, timeMs: number): number {
    if (!TIME.at(view, at)) return -1;
    let p = afterComma(view, this.#time(view, spaces(view, at + TIME.length)));
    if (p < 0 || !TYPE.at(view, p)) return -1;
    p = spaces(view, p + TYPE.length);
    const isStart = START.at(view, p);
    const isReport = !isStart && REPORT.at(view, p);
    if (!isStart && !isReport && !RUNTIME_DONE.at(view, p)) return -1;
    p = afterComma(view, p + (isStart ? START : isReport ? REPORT : RUNTIME_DONE).length);
    if (p < 0 || !RECORD.at(view, p)) return -1;
    this.#row = isReport ? this.#recorder.openReport(stream, timeMs) : NOWHERE;
    const end = this.#end(view, spaces(view, p + RECORD.length), stream);
    if (end >= 0 && (isReport ? this.#isReport() : isStart ? this.#isStart() : this.#isRuntimeDone())) {
      if (isReport) this.#recorder.closeReport(stream, this.#uuids.id, this.#status, true);
      else if (isStart)
        this.#recorder.start(stream, timeMs, this.#uuids.id, this.#has(Met.version) ? this.#versions.version : 0);
      else this.#journal.stats.platformLines++;
      return end;
    }
    if (isReport) this.#recorder.dropReport();
    return -1;
  }

  /** Past the time, which is that of the event around it. Its first 16 characters change once a minute. */
  #time(view: DataView, at: number): number {
    const isKnown = view.getFloat64(at + 2) === this.#date && view.getFloat64(at + 10) === this.#minute;
    if (isKnown && isQuote(view, at)) return endOfText(view, at + 18);
    const end = skipText(view, at);
    if (end < at + 20) return end;
    this.#date = view.getFloat64(at + 2);
    this.#minute = view.getFloat64(at + 10);
    return end;
  }

  #isReport(): boolean {
    const { f, fAt } = this.#row;
    return this.#has(Met.id) && !this.#has(Met.version | Met.producedBytes) && f[fAt + F.durationUs]! >= 0;
  }

  #isStart(): boolean {
    return this.#has(Met.id) && !this.#has(Met.status | Met.metrics);
  }

  #isRuntimeDone(): boolean {
    return this.#has(Met.id) && !this.#has(Met.version) && this.#status === Status.success;
  }

  /** Whether any of the keys was met. */
  #has(bits: number): boolean {
    return (this.#met & bits) !== 0;
  }

  /** Reads the record at `at` and all that closes the message; the place after its quote or -1. */
  #end(view: DataView, at: number, stream: LogStream): number {
    const p = this.#record(view, at, stream);
    return p >= 0 && view.getUint8(p) === Byte.closeBrace ? endOfMessage(view, p + 1) : -1;
  }

  /** Reads the object at `at`; the place after it or -1. */
  #record(view: DataView, at: number, stream: LogStream): number {
    this.#met = 0;
    this.#status = Status.unknown;
    if (view.getUint8(at) !== Byte.openBrace) return -1;
    let p = at + 1;
    for (;;) {
      p = this.#key(view, p, stream);
      if (p < 0) return -1;
      if (view.getUint8(p) === Byte.closeBrace) return p + 1;
      p = afterComma(view, p);
      if (p < 0) return -1;
    }
  }

  /** One key of the record with its value. The letter after `\"` tells the known keys apart. */
  #key(view: DataView, at: number, stream: LogStream): number {
    const first = view.getUint8(at + 2);
    if (first === r) {
      const p = spaces(view, at + REQUEST_ID.length) + 2;
      if (!REQUEST_ID.at(view, at) || !this.#once(Met.id) || !isQuote(view, p - 2)) return -1;
      if (!this.#uuids.read(view, p) || !isQuote(view, p + UUID_LENGTH)) return -1;
      return p + UUID_LENGTH + 2;
    }
    if (first === m)
      return METRICS.at(view, at) && this.#once(Met.metrics)
        ? this.#metrics(view, spaces(view, at + METRICS.length))
        : -1;
    if (first === t) return TRACING.at(view, at) ? skipNested(view, spaces(view, at + TRACING.length)) : -1;
    if (first === f) {
      // in a group that is not one function's the ARN tells the name: the text reader learns it
      return stream.group.kind === 'function' && FUNCTION_ARN.at(view, at)
        ? skipText(view, spaces(view, at + FUNCTION_ARN.length))
        : -1;
    }
    if (first === v) {
      const p = spaces(view, at + VERSION.length);
      if (!VERSION.at(view, at) || !this.#once(Met.version) || !isQuote(view, p)) return -1;
      const end = this.#versions.read(view, p + 2);
      return end >= 0 && isQuote(view, end) ? end + 2 : -1;
    }
    if (first !== s) return -1;
    if (SPANS.at(view, at)) return skipNested(view, spaces(view, at + SPANS.length));
    const p = spaces(view, at + STATUS.length);
    if (!STATUS.at(view, at) || !SUCCESS.at(view, p) || !this.#once(Met.status)) return -1;
    this.#status = Status.success;
    return p + SUCCESS.length;
  }

  #once(bit: number): boolean {
    const isFirst = (this.#met & bit) === 0;
    this.#met |= bit;
    return isFirst;
  }

  #metrics(view: DataView, at: number): number {
    if (view.getUint8(at) !== Byte.openBrace) return -1;
    let p = at + 1;
    for (;;) {
      p = this.#metric(view, p);
      if (p < 0) return -1;
      if (view.getUint8(p) === Byte.closeBrace) return p + 1;
      p = afterComma(view, p);
      if (p < 0) return -1;
    }
  }

  #metric(view: DataView, at: number): number {
    const first = view.getUint8(at + 2);
    if (first === d) return this.#duration(view, at, DURATION, F.durationUs);
    if (first === m) return this.#memory(view, at);
    if (first === i) return this.#duration(view, at, INIT, F.initUs);
    if (first === r) return this.#duration(view, at, RESTORE, F.b);
    if (first === p_) return this.#once(Met.producedBytes) ? this.#value(view, at, PRODUCED) : -1;
    if (first !== b) return -1;
    const isRestore = view.getUint8(at + 8) === R;
    return this.#duration(view, at, isRestore ? BILLED_RESTORE : BILLED, isRestore ? F.c : F.billedUs);
  }

  #duration(view: DataView, at: number, key: Literal, column: number): number {
    const { f, fAt } = this.#row;
    if (this.#row !== NOWHERE && !Number.isNaN(f[fAt + column])) return -1;
    const p = this.#value(view, at, key);
    f[fAt + column] = this.#number.thousandths;
    return p;
  }

  #memory(view: DataView, at: number): number {
    const { u, uAt } = this.#row;
    const isSize = MEMORY_SIZE.at(view, at);
    const column = uAt + (isSize ? U.memorySizeKib : U.memoryUsedKib);
    if (this.#row !== NOWHERE && u[column] !== NONE) return -1;
    const p = this.#value(view, at, isSize ? MEMORY_SIZE : MEMORY_USED);
    const kib = (this.#number.thousandths / 1000) * 1024;
    if (p < 0 || kib > MAX_MEMORY_KIB || this.#number.thousandths % 1000 !== 0) return -1;
    u[column] = kib;
    return p;
  }

  #value(view: DataView, at: number, key: Literal): number {
    if (!key.at(view, at)) return -1;
    const p = this.#number.read(view, spaces(view, at + key.length));
    if (p < 0) return -1;
    const next = view.getUint8(p);
    return next === Byte.comma || next === Byte.closeBrace ? p : -1;
  }
}

const ESCAPED_QUOTE = pair('\\"');
const isQuote = (view: DataView, at: number): boolean => view.getUint16(at) === ESCAPED_QUOTE;

/** The place after `,` and spaces, or -1. */
const afterComma = (view: DataView, at: number): number =>
  at >= 0 && view.getUint8(at) === Byte.comma ? spaces(view, at + 1) : -1;

/** The place after the text at `at`, which holds no escapes, or -1. */
const skipText = (view: DataView, at: number): number => (isQuote(view, at) ? endOfText(view, at + 2) : -1);

/** The place after the escaped quote that ends the text `at` stands in, or -1. */
function endOfText(view: DataView, at: number): number {
  let p = at;
  let byte = view.getUint8(p);
  while (byte !== Byte.quote && byte !== Byte.backslash && byte >= Byte.space && byte < 0x80) byte = view.getUint8(++p);
  return isQuote(view, p) ? p + 2 : -1;
}

/** The place after the object or array at `at`, whose texts hold no escapes, or -1. Brackets are counted, not matched. */
function skipNested(view: DataView, at: number): number {
  let depth = 0;
  let inText = false;
  for (let p = at; ; p++) {
    const byte = view.getUint8(p);
    if (byte === Byte.backslash) {
      if (view.getUint8(++p) !== Byte.quote) return -1;
      inText = !inText;
    } else if (byte < Byte.space || byte >= 0x80 || byte === Byte.quote) return -1;
    else if (inText) continue;
    else if (byte === Byte.openBrace || byte === Byte.openBracket) depth++;
    else if (byte === Byte.closeBrace || byte === Byte.closeBracket) {
      if (--depth === 0) return p + 1;
      if (depth < 0) return -1;
    } else if (depth === 0) return -1;
  }
}
