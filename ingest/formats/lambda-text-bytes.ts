import { Byte, Literal, MAX_MEMORY_KIB, pair, quad } from '../bytes.ts';
import { NONE } from '../fragment.ts';
import type { LogStream } from '../identity.ts';
import type { Recorder } from '../recorder.ts';
import { copyRequestId, UUID_LENGTH, type UuidBytes } from '../request-id.ts';
import { DecimalBytes } from './decimal-bytes.ts';
import type { VersionBytes } from './version-bytes.ts';

const START = new Literal('START RequestId: ');
const VERSION = new Literal(' Version: ');
const END = new Literal('END RequestId: ');
const REPORT = new Literal('REPORT RequestId: ');
const DURATION = new Literal('Duration: ');
const BILLED = new Literal('Billed Duration: ');
const BILLED_RESTORE = new Literal('Billed Restore Duration: ');
const MEMORY_SIZE = new Literal('Memory Size: ');
const MEMORY_USED = new Literal('Max Memory Used: ');
const INIT = new Literal('Init Duration: ');
const RESTORE = new Literal('Restore Duration: ');
const XRAY = new Literal('XRAY TraceId: ');
const ESCAPED_TAB = pair('\\t');
const ESCAPED_NEWLINE = pair('\\n');
const MILLISECONDS = quad(' ms ');
const MEGABYTES = quad(' MB ');
const [B, D, I, M, R, e] = [0x42, 0x44, 0x49, 0x4d, 0x52, 0x65];

/**
 * START, END and REPORT as they stand inside a JSON string (TAB is `\t` there), without decoding it. Every method takes
 * the place after the opening quote and returns the place after the closing one, or -1 for whatever is not exactly the
 * usual shape: the caller then decodes the message for the text reader, which knows all shapes. 100 bytes of any kind
 * must follow the message.
 */
export class LambdaTextBytes {
  readonly #recorder: Recorder;
  readonly #versions: VersionBytes;
  readonly #uuids: UuidBytes;
  readonly #number = new DecimalBytes();

  constructor(recorder: Recorder, versions: VersionBytes, uuids: UuidBytes) {
    this.#recorder = recorder;
    this.#versions = versions;
    this.#uuids = uuids;
  }

  start(view: DataView, at: number, stream: LogStream, timeMs: number): number {
    let p = at + START.length;
    if (!START.at(view, at) || !this.#uuids.read(view, p)) return -1;
    p += UUID_LENGTH;
    if (!VERSION.at(view, p)) return -1;
    p = this.#versions.read(view, p + VERSION.length);
    if (p < 0) return -1;
    p = endOfMessage(view, p);
    if (p >= 0) this.#recorder.start(stream, timeMs, this.#uuids.id, this.#versions.version);
    return p;
  }

  end(view: DataView, at: number): number {
    const p = at + END.length;
    if (!END.at(view, at) || !this.#uuids.read(view, p)) return -1;
    return endOfMessage(view, p + UUID_LENGTH);
  }

  report(view: DataView, at: number, stream: LogStream, timeMs: number): number {
    const { report } = this.#recorder;
    let p = at + REPORT.length;
    if (!REPORT.at(view, at) || !this.#uuids.read(view, p)) return -1;
    copyRequestId(this.#uuids.id, report.id);
    p += UUID_LENGTH;
    report.clear();
    while (view.getUint16(p) === ESCAPED_TAB) {
      p += 2;
      const next = view.getUint8(p);
      if (next === Byte.backslash || next === Byte.quote) break;
      p = this.#field(view, p);
      if (p < 0) return -1;
    }
    p = endOfReport(view, p);
    if (p < 0 || Number.isNaN(report.durationUs)) return -1;
    this.#recorder.reportAt(stream, timeMs);
    return p;
  }

  /** One `Label: value unit`; -1 for a label not known here or met twice. */
  #field(view: DataView, at: number): number {
    const { report } = this.#recorder;
    const number = this.#number;
    const first = view.getUint8(at);
    let p = -1;
    if (first === D) {
      p = this.#value(view, at, DURATION, MILLISECONDS);
      if (report.durationUs >= 0) return -1;
      report.durationUs = number.thousandths;
    } else if (first === M) {
      return this.#memory(view, at);
    } else if (first === B && view.getUint8(at + 7) === D) {
      p = this.#value(view, at, BILLED, MILLISECONDS);
      if (report.billedUs >= 0) return -1;
      report.billedUs = number.thousandths;
    } else if (first === I) {
      p = this.#value(view, at, INIT, MILLISECONDS);
      if (report.initUs >= 0) return -1;
      report.initUs = number.thousandths;
    } else if (first === R) {
      p = this.#value(view, at, RESTORE, MILLISECONDS);
      if (report.restoreUs >= 0) return -1;
      report.restoreUs = number.thousandths;
    } else if (first === B) {
      p = this.#value(view, at, BILLED_RESTORE, MILLISECONDS);
      if (report.billedRestoreUs >= 0) return -1;
      report.billedRestoreUs = number.thousandths;
    }
    return p;
  }

  #memory(view: DataView, at: number): number {
    const { report } = this.#recorder;
    const isSize = view.getUint8(at + 1) === e;
    const p = this.#value(view, at, isSize ? MEMORY_SIZE : MEMORY_USED, MEGABYTES);
    const kib = (this.#number.thousandths / 1000) * 1024;
    if (p < 0 || kib > MAX_MEMORY_KIB || this.#number.thousandths % 1000 !== 0) return -1;
    if ((isSize ? report.memorySizeKib : report.memoryUsedKib) !== NONE) return -1;
    if (isSize) report.memorySizeKib = kib;
    else report.memoryUsedKib = kib;
    return p;
  }

  /** Reads `label`, a number and its unit, after which an escape or the closing quote comes; the place there or -1. */
  #value(view: DataView, at: number, label: Literal, unit: number): number {
    if (!label.at(view, at)) return -1;
    const p = this.#number.read(view, at + label.length);
    if (p < 0) return -1;
    const found = view.getInt32(p);
    return (found ^ unit) >>> 8 === 0 ? p + 3 : -1; // the fourth byte is the next token's
  }
}

/** The place after the closing quote, past one line feed at most. */
export function endOfMessage(view: DataView, at: number): number {
  const p = view.getUint16(at) === ESCAPED_NEWLINE ? at + 2 : at;
  return view.getUint8(p) === Byte.quote ? p + 1 : -1;
}

/** As `endOfMessage`, past the X-Ray line, which is a second line of the same event. */
function endOfReport(view: DataView, at: number): number {
  const end = endOfMessage(view, at);
  if (end >= 0 || !XRAY.at(view, at + 2)) return end;
  let p = at + 2 + XRAY.length;
  for (;;) {
    const byte = view.getUint8(p);
    if (byte === Byte.quote) return p + 1;
    if (byte === Byte.backslash) {
      const escaped = view.getUint16(p++);
      if (escaped !== ESCAPED_TAB && escaped !== ESCAPED_NEWLINE) return -1;
    } else if (byte < Byte.space || byte >= 0x80) return -1;
    p++;
  }
}
