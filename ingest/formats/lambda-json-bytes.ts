import { ascii, Byte, MAX_MEMORY_KIB, matches } from '../bytes.ts';
import { NONE } from '../fragment.ts';
import type { LogStream } from '../identity.ts';
import { type Recorder, Status } from '../recorder.ts';
import { readUuid, UUID_LENGTH } from '../request-id.ts';
import { DecimalBytes } from './decimal-bytes.ts';
import { endOfMessage } from './lambda-text-bytes.ts';
import type { VersionBytes } from './version-bytes.ts';

/** JSON inside a JSON string: every quote is escaped. */
const escaped = (text: string): Uint8Array => ascii(text.replaceAll('"', '\\"'));
const TIME = escaped('{"time":');
const TYPE = escaped('"type":');
const PLATFORM = escaped('"platform.');
const RECORD = escaped('"record":');
const REPORT = escaped('report"');
const START = escaped('start"');
const RUNTIME_DONE = escaped('runtimeDone"');
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
const [b, d, f, i, m, p_, r, s, t, v, D] = [0x62, 0x64, 0x66, 0x69, 0x6d, 0x70, 0x72, 0x73, 0x74, 0x76, 0x44];
/** bits of record keys met, to notice a second one */
const Met = { id: 1, status: 2, version: 4, metrics: 8, producedBytes: 16 } as const;

/**
 * platform.start, platform.runtimeDone and platform.report as they stand inside a JSON string, without decoding it. As
 * with the text lines: the place after the closing quote, or -1 for any other shape, failures included.
 */
export class LambdaJsonBytes {
  readonly #recorder: Recorder;
  readonly #versions: VersionBytes;
  readonly #number = new DecimalBytes();
  #met = 0;

  constructor(recorder: Recorder, versions: VersionBytes) {
    this.#recorder = recorder;
    this.#versions = versions;
  }

  event(bytes: Uint8Array, at: number, stream: LogStream, timeMs: number): number {
    if (!matches(bytes, at, TIME)) return -1;
    let p = afterComma(bytes, skipText(bytes, spaces(bytes, at + TIME.length)));
    if (p < 0 || !matches(bytes, p, TYPE)) return -1;
    p = spaces(bytes, p + TYPE.length);
    if (!matches(bytes, p, PLATFORM)) return -1;
    p += PLATFORM.length;
    const isStart = matches(bytes, p, START);
    const isReport = !isStart && matches(bytes, p, REPORT);
    if (!isStart && !isReport && !matches(bytes, p, RUNTIME_DONE)) return -1;
    p = afterComma(bytes, p + (isStart ? START : isReport ? REPORT : RUNTIME_DONE).length);
    if (p < 0 || !matches(bytes, p, RECORD)) return -1;
    p = this.#record(bytes, spaces(bytes, p + RECORD.length), stream);
    if (p < 0 || bytes[p] !== Byte.closeBrace) return -1;
    const end = endOfMessage(bytes, p + 1);
    return end < 0 || !this.#write(isStart, isReport, stream, timeMs) ? -1 : end;
  }

  #write(isStart: boolean, isReport: boolean, stream: LogStream, timeMs: number): boolean {
    const { report } = this.#recorder;
    const met = this.#met;
    if ((met & Met.id) === 0) return false;
    if (isStart) {
      if ((met & (Met.status | Met.metrics)) !== 0) return false;
      this.#recorder.start(stream, timeMs, report.id, (met & Met.version) === 0 ? 0 : this.#versions.version);
      return true;
    }
    if ((met & Met.version) !== 0) return false;
    if (!isReport) return (met & Met.status) !== 0;
    if (!(report.durationUs >= 0) || (met & Met.producedBytes) !== 0) return false;
    report.managed = !(report.billedUs >= 0) && report.memorySizeKib === NONE;
    this.#recorder.reportAt(stream, timeMs);
    return true;
  }

  /** Reads the object at `at` into the recorder's report; the place after it or -1. */
  #record(bytes: Uint8Array, at: number, stream: LogStream): number {
    this.#recorder.report.clear();
    this.#met = 0;
    if (bytes[at] !== Byte.openBrace) return -1;
    let p = at + 1;
    for (;;) {
      p = this.#key(bytes, p, stream);
      if (p < 0) return -1;
      if (bytes[p] === Byte.closeBrace) return p + 1;
      p = afterComma(bytes, p);
      if (p < 0) return -1;
    }
  }

  /** One key of the record with its value. The letter after `\"` tells the known keys apart. */
  #key(bytes: Uint8Array, at: number, stream: LogStream): number {
    const { report } = this.#recorder;
    const first = bytes[at + 2];
    if (first === r) {
      const p = spaces(bytes, at + REQUEST_ID.length) + 2;
      if (!matches(bytes, at, REQUEST_ID) || !this.#once(Met.id) || !isQuote(bytes, p - 2)) return -1;
      return readUuid(bytes, p, report.id) && isQuote(bytes, p + UUID_LENGTH) ? p + UUID_LENGTH + 2 : -1;
    }
    if (first === m) return matches(bytes, at, METRICS) && this.#once(Met.metrics) ? this.#metrics(bytes, spaces(bytes, at + METRICS.length)) : -1;
    if (first === t) return matches(bytes, at, TRACING) ? skipNested(bytes, spaces(bytes, at + TRACING.length)) : -1;
    if (first === f) {
      // in a group that is not one function's the ARN tells the name: the text reader learns it
      return stream.group.kind === 'function' && matches(bytes, at, FUNCTION_ARN) ? skipText(bytes, spaces(bytes, at + FUNCTION_ARN.length)) : -1;
    }
    if (first === v) {
      const p = spaces(bytes, at + VERSION.length);
      if (!matches(bytes, at, VERSION) || !this.#once(Met.version) || !isQuote(bytes, p)) return -1;
      const end = this.#versions.read(bytes, p + 2);
      return end >= 0 && isQuote(bytes, end) ? end + 2 : -1;
    }
    if (first !== s) return -1;
    if (matches(bytes, at, SPANS)) return skipNested(bytes, spaces(bytes, at + SPANS.length));
    const p = spaces(bytes, at + STATUS.length);
    if (!matches(bytes, at, STATUS) || !matches(bytes, p, SUCCESS) || !this.#once(Met.status)) return -1;
    report.status = Status.success;
    return p + SUCCESS.length;
  }

  #once(bit: number): boolean {
    const isFirst = (this.#met & bit) === 0;
    this.#met |= bit;
    return isFirst;
  }

  #metrics(bytes: Uint8Array, at: number): number {
    if (bytes[at] !== Byte.openBrace) return -1;
    let p = at + 1;
    for (;;) {
      p = this.#metric(bytes, p);
      if (p < 0) return -1;
      if (bytes[p] === Byte.closeBrace) return p + 1;
      p = afterComma(bytes, p);
      if (p < 0) return -1;
    }
  }

  #metric(bytes: Uint8Array, at: number): number {
    const { report } = this.#recorder;
    const number = this.#number;
    const first = bytes[at + 2];
    let p = -1;
    if (first === d) {
      p = this.#value(bytes, at, DURATION);
      if (report.durationUs >= 0) return -1;
      report.durationUs = number.thousandths;
    } else if (first === m) {
      return this.#memory(bytes, at);
    } else if (first === b && bytes[at + 8] === D) {
      p = this.#value(bytes, at, BILLED);
      if (report.billedUs >= 0) return -1;
      report.billedUs = number.thousandths;
    } else if (first === i) {
      p = this.#value(bytes, at, INIT);
      if (report.initUs >= 0) return -1;
      report.initUs = number.thousandths;
    } else if (first === r) {
      p = this.#value(bytes, at, RESTORE);
      if (report.restoreUs >= 0) return -1;
      report.restoreUs = number.thousandths;
    } else if (first === b) {
      p = this.#value(bytes, at, BILLED_RESTORE);
      if (report.billedRestoreUs >= 0) return -1;
      report.billedRestoreUs = number.thousandths;
    } else if (first === p_) {
      p = this.#once(Met.producedBytes) ? this.#value(bytes, at, PRODUCED) : -1;
    }
    return p;
  }

  #memory(bytes: Uint8Array, at: number): number {
    const { report } = this.#recorder;
    const isSize = matches(bytes, at, MEMORY_SIZE);
    const p = this.#value(bytes, at, isSize ? MEMORY_SIZE : MEMORY_USED);
    const kib = (this.#number.thousandths / 1000) * 1024;
    if (p < 0 || kib > MAX_MEMORY_KIB || this.#number.thousandths % 1000 !== 0) return -1;
    if ((isSize ? report.memorySizeKib : report.memoryUsedKib) !== NONE) return -1;
    if (isSize) report.memorySizeKib = kib;
    else report.memoryUsedKib = kib;
    return p;
  }

  #value(bytes: Uint8Array, at: number, key: Uint8Array): number {
    if (!matches(bytes, at, key)) return -1;
    const p = this.#number.read(bytes, spaces(bytes, at + key.length));
    return bytes[p] === Byte.comma || bytes[p] === Byte.closeBrace ? p : -1;
  }
}

const isQuote = (bytes: Uint8Array, at: number): boolean => bytes[at] === Byte.backslash && bytes[at + 1] === Byte.quote;

function spaces(bytes: Uint8Array, at: number): number {
  let p = at;
  while (bytes[p] === Byte.space) p++;
  return p;
}

/** The place after `,` and spaces, or -1. */
const afterComma = (bytes: Uint8Array, at: number): number => (bytes[at] === Byte.comma ? spaces(bytes, at + 1) : -1);

/** The place after the text at `at`, which holds no escapes, or -1. */
function skipText(bytes: Uint8Array, at: number): number {
  if (!isQuote(bytes, at)) return -1;
  let p = at + 2;
  while (bytes[p]! >= Byte.space && bytes[p] !== Byte.quote && bytes[p] !== Byte.backslash && bytes[p]! < 0x80) p++;
  return isQuote(bytes, p) ? p + 2 : -1;
}

/** The place after the object or array at `at`, whose texts hold no escapes, or -1. Brackets are counted, not matched. */
function skipNested(bytes: Uint8Array, at: number): number {
  let depth = 0;
  let inText = false;
  for (let p = at; ; p++) {
    const byte = bytes[p]!;
    if (byte === Byte.backslash) {
      if (bytes[++p] !== Byte.quote) return -1;
      inText = !inText;
    } else if (!(byte >= Byte.space && byte < 0x80) || byte === Byte.quote) return -1;
    else if (inText) continue;
    else if (byte === Byte.openBrace || byte === Byte.openBracket) depth++;
    else if (byte === Byte.closeBrace || byte === Byte.closeBracket) {
      if (--depth === 0) return p + 1;
      if (depth < 0) return -1;
    } else if (depth === 0) return -1;
  }
}
