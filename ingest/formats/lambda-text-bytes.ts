import { Byte, Literal, MAX_MEMORY_KIB, pair, quad } from '../bytes.ts';
import { F, U } from '../fragment.ts';
import type { LogStream } from '../identity.ts';
import { type Recorder, type ReportRow, Status } from '../recorder.ts';
import { UUID_LENGTH, type UuidBytes } from '../request-id.ts';
import { DecimalBytes } from './decimal-bytes.ts';
import type { VersionBytes } from './version-bytes.ts';

const START = new Literal('START RequestId: ');
const VERSION = new Literal(' Version: ');
const LATEST = new Literal(' Version: $LATEST\\n"');
const END = new Literal('END RequestId: ');
const REPORT = new Literal('REPORT RequestId: ');
const DURATION = new Literal('\\tDuration: ');
const BILLED = new Literal(' ms\\tBilled Duration: ');
const MEMORY_SIZE = new Literal(' ms\\tMemory Size: ');
const MEMORY_USED = new Literal(' MB\\tMax Memory Used: ');
const BILLED_RESTORE = new Literal('Billed Restore Duration: ');
const INIT = new Literal('Init Duration: ');
const RESTORE = new Literal('Restore Duration: ');
const XRAY = new Literal('XRAY TraceId: ');
const ESCAPED_TAB = pair('\\t');
const ESCAPED_NEWLINE = pair('\\n');
const LAST_TAB = quad('\\t\\n');
/** three bytes: a space and a unit */
const MILLISECONDS = quad('\0 ms');
const MEGABYTES = quad('\0 MB');
/** thousandths of MB */
const MAX_MEMORY = (MAX_MEMORY_KIB / 1024) * 1000;
const [I, R] = [0x49, 0x52];

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
    if (LATEST.at(view, p)) {
      this.#recorder.start(stream, timeMs, this.#uuids.id, this.#versions.latest);
      return p + LATEST.length;
    }
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
    let p = at + REPORT.length;
    if (!REPORT.at(view, at) || !this.#uuids.read(view, p)) return -1;
    const row = this.#recorder.openReport(stream, timeMs);
    p = this.#usual(view, p + UUID_LENGTH, row);
    if (p >= 0 && !(view.getUint32(p) === LAST_TAB && view.getUint8(p + 4) === Byte.quote))
      p = this.#more(view, p, row);
    else if (p >= 0) p += 5;
    if (p < 0) {
      this.#recorder.dropReport();
      return -1;
    }
    this.#recorder.closeReport(stream, this.#uuids.id, Status.unknown, false);
    return p;
  }

  /** The four figures that every report begins with, in the order of all real ones; the place after them or -1. */
  #usual(view: DataView, at: number, { f, u, fAt, uAt }: ReportRow): number {
    const number = this.#number;
    if (!DURATION.at(view, at)) return -1;
    let p = number.read(view, at + DURATION.length);
    if (p < 0 || !BILLED.at(view, p)) return -1;
    f[fAt + F.durationUs] = number.thousandths;
    p = number.read(view, p + BILLED.length);
    if (p < 0 || !MEMORY_SIZE.at(view, p)) return -1;
    f[fAt + F.billedUs] = number.thousandths;
    p = number.read(view, p + MEMORY_SIZE.length);
    if (p < 0 || !MEMORY_USED.at(view, p) || number.thousandths > MAX_MEMORY) return -1;
    u[uAt + U.memorySizeKib] = kibibytes(number.thousandths);
    p = number.read(view, p + MEMORY_USED.length);
    if (p < 0 || view.getUint32(p) >>> 8 !== MEGABYTES || number.thousandths > MAX_MEMORY) return -1;
    u[uAt + U.memoryUsedKib] = kibibytes(number.thousandths);
    return p + 3;
  }

  /** What may come after them: the figures of a cold start, the X-Ray line. The place after the closing quote or -1. */
  #more(view: DataView, at: number, { f, fAt }: ReportRow): number {
    let p = at;
    while (view.getUint16(p) === ESCAPED_TAB) {
      p += 2;
      const next = view.getUint8(p);
      if (next === Byte.backslash || next === Byte.quote) break;
      const label = next === I ? INIT : next === R ? RESTORE : BILLED_RESTORE;
      const column = fAt + (next === I ? F.initUs : next === R ? F.b : F.c);
      if (!label.at(view, p) || !Number.isNaN(f[column])) return -1;
      p = this.#number.read(view, p + label.length);
      if (p < 0 || view.getUint32(p) >>> 8 !== MILLISECONDS) return -1;
      f[column] = this.#number.thousandths;
      p += 3;
    }
    return endOfReport(view, p);
  }
}

/** Thousandths of MB in KiB, as the text reader rounds it. */
const kibibytes = (thousandths: number): number => Math.round((thousandths / 1000) * 1024);

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
