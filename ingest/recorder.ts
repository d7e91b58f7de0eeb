import { F, Flag, FragmentKind, type FragmentWriter, NONE, U } from './fragment.ts';
import type { LogStream } from './identity.ts';
import { clearRequestId, copyRequestId, hasRequestId, newRequestId, type RequestId } from './request-id.ts';

export const Status = { unknown: 0, success: 1, error: 2, timeout: 3 } as const;
export type Status = (typeof Status)[keyof typeof Status];

/** What a REPORT says; NaN and NONE = not said. One object, filled again for every report. */
export class ReportFacts {
  readonly id: RequestId = newRequestId();
  durationUs = Number.NaN;
  billedUs = Number.NaN;
  initUs = Number.NaN;
  restoreUs = Number.NaN;
  billedRestoreUs = Number.NaN;
  memorySizeKib = NONE;
  memoryUsedKib = NONE;
  status: Status = Status.unknown;
  /** dictionary number, 0 = none */
  errorType = 0;
  isJson = false;

  clear(): void {
    this.durationUs = Number.NaN;
    this.billedUs = Number.NaN;
    this.initUs = Number.NaN;
    this.restoreUs = Number.NaN;
    this.billedRestoreUs = Number.NaN;
    this.memorySizeKib = NONE;
    this.memoryUsedKib = NONE;
    this.status = Status.unknown;
    this.errorType = 0;
    this.isJson = false;
  }
}

/** Where the figures of the report being read belong; NaN and NONE until they are stored. */
export interface ReportRow {
  f: Float64Array;
  u: Uint32Array;
  fAt: number;
  uAt: number;
}

/**
 * Writes facts as fragments; the byte scanner and the text readers share it, so that they cannot differ. Between `begin`
 * and `end`, which enclose one subscription message, a START waits for its REPORT and becomes part of it.
 */
export class Recorder {
  readonly out: FragmentWriter;
  readonly report = new ReportFacts();
  /** facts that no function could be found for since `begin` */
  unplaced = 0;
  readonly #row: ReportRow = { f: new Float64Array(0), u: new Uint32Array(0), fAt: 0, uAt: 0 };
  readonly #start = newRequestId();
  #startStream: LogStream | null = null;
  #startTimeMs = 0;
  #startVersion = 0;
  #fusing = false;
  #outOfMemory = 0;

  constructor(out: FragmentWriter) {
    this.out = out;
    this.renew();
  }

  /** The dictionary of `out` is another. Not between `begin` and `end`. */
  renew(): void {
    this.#outOfMemory = this.out.dictionary.id('Runtime.OutOfMemory');
    this.report.clear();
  }

  begin(fusing: boolean): void {
    this.#fusing = fusing;
    this.#startStream = null;
    this.unplaced = 0;
  }

  /** Writes the START that no REPORT claimed. */
  end(): void {
    this.#flushStart();
    this.#fusing = false;
  }

  /** Forgets the START that waits, after the fragments since `begin` were taken back. */
  abandon(): void {
    this.#startStream = null;
    this.#fusing = false;
  }

  start(stream: LogStream, timeMs: number, id: RequestId, version: number): void {
    copyRequestId(id, stream.open);
    if (version !== 0) stream.version = version;
    this.#flushStart();
    copyRequestId(id, this.#start);
    this.#startStream = stream;
    this.#startTimeMs = timeMs;
    this.#startVersion = stream.version;
    if (!this.#fusing) this.#flushStart();
  }

  /** Writes `this.report`. Its start time is known only where START stood in the same message. */
  reportAt(stream: LogStream, timeMs: number): void {
    const report = this.report;
    if (stream.fn === 0) {
      this.unplaced++;
      return;
    }
    const row = this.openReport(stream, timeMs);
    const { f, u } = row;
    f[row.fAt + F.durationUs] = report.durationUs;
    f[row.fAt + F.billedUs] = report.billedUs;
    f[row.fAt + F.initUs] = report.initUs;
    f[row.fAt + F.b] = report.restoreUs;
    f[row.fAt + F.c] = report.billedRestoreUs;
    u[row.uAt + U.text] = report.errorType;
    u[row.uAt + U.memorySizeKib] = report.memorySizeKib;
    u[row.uAt + U.memoryUsedKib] = report.memoryUsedKib;
    this.closeReport(stream, report.id, report.status, report.isJson);
  }

  /**
   * Starts a report whose figures are stored straight into the row returned, which is the same object every time;
   * `closeReport` or `dropReport` must follow before anything else is written. The stream's function must be known.
   */
  openReport(stream: LogStream, timeMs: number): ReportRow {
    const row = this.#row;
    const i = this.out.add(FragmentKind.report, stream.fn, timeMs);
    const { block } = this.out;
    row.f = block.f;
    row.u = block.u;
    row.fAt = i * F.stride;
    row.uAt = i * U.stride;
    return row;
  }

  dropReport(): void {
    this.out.block.n--;
  }

  closeReport(stream: LogStream, id: RequestId, status: Status, isJson: boolean): void {
    const { f, u, fAt, uAt } = this.#row;
    let flags = FragmentKind.report | flagsOf(this.#row, status, isJson, stream);
    if (u[uAt + U.text] === this.#outOfMemory) flags |= Flag.oom;
    u[uAt + U.version] = stream.version;
    if (this.#startStream === stream && isSameId(this.#start, id)) {
      flags |= Flag.fusedStart;
      f[fAt + F.a] = this.#startTimeMs;
      u[uAt + U.version] = this.#startVersion;
      this.#startStream = null;
    }
    if (isSameId(stream.open, id)) clearRequestId(stream.open);
    u[uAt] = flags;
    u[uAt + U.stream] = stream.stream;
    u[uAt + U.logGroup] = stream.logGroup;
    u[uAt + U.id0] = id.w0;
    u[uAt + U.id1] = id.w1;
    u[uAt + U.id2] = id.w2;
    u[uAt + U.id3] = id.w3;
    u[uAt + U.idText] = id.text;
  }

  /** A fragment with function, version and stream set; its index in `out.block`, or -1 if the function is not known. */
  add(kindFlags: number, stream: LogStream, timeMs: number): number {
    if (stream.fn === 0) {
      this.unplaced++;
      return -1;
    }
    const i = this.out.add(kindFlags, stream.fn, timeMs);
    const u = this.out.block.u;
    u[i * U.stride + U.version] = stream.version;
    u[i * U.stride + U.stream] = stream.stream;
    u[i * U.stride + U.logGroup] = stream.logGroup;
    return i;
  }

  /** As `add`, about the attempt `id`, or about the one open in the stream where the line names none. */
  addAbout(id: RequestId, kindFlags: number, stream: LogStream, timeMs: number): number {
    const i = this.add(kindFlags, stream, timeMs);
    if (i >= 0) this.setId(i, hasRequestId(id) ? id : stream.open);
    return i;
  }

  setId(i: number, id: RequestId): void {
    const u = this.out.block.u;
    const at = i * U.stride;
    u[at + U.id0] = id.w0;
    u[at + U.id1] = id.w1;
    u[at + U.id2] = id.w2;
    u[at + U.id3] = id.w3;
    u[at + U.idText] = id.text;
  }

  #flushStart(): void {
    const stream = this.#startStream;
    if (stream === null) return;
    this.#startStream = null;
    const i = this.add(FragmentKind.start | (stream.durable ? Flag.durable : 0), stream, this.#startTimeMs);
    if (i < 0) return;
    this.out.block.u[i * U.stride + U.version] = this.#startVersion;
    this.setId(i, this.#start);
  }
}

function isSameId(a: RequestId, b: RequestId): boolean {
  return a.w0 === b.w0 && a.w1 === b.w1 && a.w2 === b.w2 && a.w3 === b.w3;
}

function flagsOf({ f, u, fAt, uAt }: ReportRow, status: Status, isJson: boolean, stream: LogStream): number {
  const durationUs = f[fAt + F.durationUs]!;
  const billedUs = f[fAt + F.billedUs]!;
  let flags = f[fAt + F.initUs]! >= 0 || f[fAt + F.b]! >= 0 ? Flag.cold : 0;
  // Managed Instances, which write JSON only, have no bill and no memory
  const isManaged = stream.managed || (isJson && !(billedUs >= 0) && u[uAt + U.memorySizeKib] === NONE);
  if (isManaged) flags |= Flag.managed;
  if (stream.durable) flags |= Flag.durable;
  if (status !== Status.unknown) flags |= Flag.statusKnown;
  if (status >= Status.error) flags |= Flag.failed;
  if (status === Status.timeout) flags |= Flag.timeout;
  // lines without Status: the bill is capped at the timeout, the duration is not
  const isCapped = billedUs < Math.floor(durationUs / 1000) * 1000;
  return status === Status.unknown && isCapped ? flags | Flag.failed | Flag.timeout : flags;
}
