import { ascii, Byte, MAX_MEMORY_KIB, matches } from '../bytes.ts';
import { NONE } from '../fragment.ts';
import type { LogStream } from '../identity.ts';
import type { Recorder } from '../recorder.ts';
import { newRequestId, readUuid, UUID_LENGTH } from '../request-id.ts';
import { DecimalBytes } from './decimal-bytes.ts';
import type { VersionBytes } from './version-bytes.ts';

const START = ascii('START RequestId: ');
const VERSION = ascii(' Version: ');
const END = ascii('END RequestId: ');
const REPORT = ascii('REPORT RequestId: ');
const DURATION = ascii('Duration: ');
const BILLED = ascii('Billed Duration: ');
const BILLED_RESTORE = ascii('Billed Restore Duration: ');
const MEMORY_SIZE = ascii('Memory Size: ');
const MEMORY_USED = ascii('Max Memory Used: ');
const INIT = ascii('Init Duration: ');
const RESTORE = ascii('Restore Duration: ');
const XRAY = ascii('XRAY TraceId: ');
const [B, D, I, M, R, e, m, n, s, t] = [0x42, 0x44, 0x49, 0x4d, 0x52, 0x65, 0x6d, 0x6e, 0x73, 0x74];

/**
 * START, END and REPORT as they stand inside a JSON string (TAB is `\t` there), without decoding it. Every method takes
 * the place after the opening quote and returns the place after the closing one, or -1 for whatever is not exactly the
 * usual shape: the caller then decodes the message for the text reader, which knows all shapes.
 */
export class LambdaTextBytes {
  readonly #recorder: Recorder;
  readonly #versions: VersionBytes;
  readonly #number = new DecimalBytes();
  readonly #id = newRequestId();

  constructor(recorder: Recorder, versions: VersionBytes) {
    this.#recorder = recorder;
    this.#versions = versions;
  }

  start(bytes: Uint8Array, at: number, stream: LogStream, timeMs: number): number {
    let p = at + START.length;
    if (!matches(bytes, at, START) || !readUuid(bytes, p, this.#id)) return -1;
    p += UUID_LENGTH;
    if (!matches(bytes, p, VERSION)) return -1;
    p = this.#versions.read(bytes, p + VERSION.length);
    const end = endOfMessage(bytes, p);
    if (p < 0 || end < 0) return -1;
    this.#recorder.start(stream, timeMs, this.#id, this.#versions.version);
    return end;
  }

  end(bytes: Uint8Array, at: number): number {
    const p = at + END.length;
    if (!matches(bytes, at, END) || !readUuid(bytes, p, this.#id)) return -1;
    return endOfMessage(bytes, p + UUID_LENGTH);
  }

  report(bytes: Uint8Array, at: number, stream: LogStream, timeMs: number): number {
    const { report } = this.#recorder;
    let p = at + REPORT.length;
    if (!matches(bytes, at, REPORT) || !readUuid(bytes, p, report.id)) return -1;
    p += UUID_LENGTH;
    report.clear();
    while (bytes[p] === Byte.backslash && bytes[p + 1] === t) {
      p += 2;
      if (bytes[p] === Byte.backslash || bytes[p] === Byte.quote) break;
      p = this.#field(bytes, p);
      if (p < 0) return -1;
    }
    p = endOfReport(bytes, p);
    if (p < 0 || Number.isNaN(report.durationUs)) return -1;
    this.#recorder.reportAt(stream, timeMs);
    return p;
  }

  /** One `Label: value unit`; -1 for a label not known here or met twice. */
  #field(bytes: Uint8Array, at: number): number {
    const { report } = this.#recorder;
    const number = this.#number;
    const first = bytes[at];
    let p = -1;
    if (first === D) {
      p = this.#value(bytes, at, DURATION, m, s);
      if (report.durationUs >= 0) return -1;
      report.durationUs = number.thousandths;
    } else if (first === M) {
      return this.#memory(bytes, at);
    } else if (first === B && bytes[at + 7] === D) {
      p = this.#value(bytes, at, BILLED, m, s);
      if (report.billedUs >= 0) return -1;
      report.billedUs = number.thousandths;
    } else if (first === I) {
      p = this.#value(bytes, at, INIT, m, s);
      if (report.initUs >= 0) return -1;
      report.initUs = number.thousandths;
    } else if (first === R) {
      p = this.#value(bytes, at, RESTORE, m, s);
      if (report.restoreUs >= 0) return -1;
      report.restoreUs = number.thousandths;
    } else if (first === B) {
      p = this.#value(bytes, at, BILLED_RESTORE, m, s);
      if (report.billedRestoreUs >= 0) return -1;
      report.billedRestoreUs = number.thousandths;
    }
    return p;
  }

  #memory(bytes: Uint8Array, at: number): number {
    const { report } = this.#recorder;
    const isSize = bytes[at + 1] === e;
    const p = this.#value(bytes, at, isSize ? MEMORY_SIZE : MEMORY_USED, M, B);
    const kib = (this.#number.thousandths / 1000) * 1024;
    if (p < 0 || kib > MAX_MEMORY_KIB || this.#number.thousandths % 1000 !== 0) return -1;
    if ((isSize ? report.memorySizeKib : report.memoryUsedKib) !== NONE) return -1;
    if (isSize) report.memorySizeKib = kib;
    else report.memoryUsedKib = kib;
    return p;
  }

  /** Reads `label`, a number, a space and a unit of two letters; the place after them or -1. */
  #value(bytes: Uint8Array, at: number, label: Uint8Array, unit0: number, unit1: number): number {
    if (!matches(bytes, at, label)) return -1;
    const p = this.#number.read(bytes, at + label.length);
    if (p < 0 || bytes[p] !== Byte.space || bytes[p + 1] !== unit0 || bytes[p + 2] !== unit1) return -1;
    return p + 3;
  }
}

/** The place after the closing quote, past one line feed at most. */
export function endOfMessage(bytes: Uint8Array, at: number): number {
  const p = bytes[at] === Byte.backslash && bytes[at + 1] === n ? at + 2 : at;
  return bytes[p] === Byte.quote ? p + 1 : -1;
}

/** As `endOfMessage`, past the X-Ray line, which is a second line of the same event. */
function endOfReport(bytes: Uint8Array, at: number): number {
  const end = endOfMessage(bytes, at);
  if (end >= 0 || !matches(bytes, at + 2, XRAY)) return end;
  let p = at + 2 + XRAY.length;
  for (;;) {
    const byte = bytes[p]!;
    if (byte === Byte.quote) return p + 1;
    if (byte === Byte.backslash) {
      if (bytes[p + 1] !== t && bytes[p + 1] !== n) return -1;
      p++;
    } else if (!(byte >= Byte.space && byte < 0x80)) return -1;
    p++;
  }
}
