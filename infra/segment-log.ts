import { join } from 'node:path';
import type { Files } from './durable-file.ts';
import { frameRecords, HEADER_BYTES, MAX_RECORD_BYTES, sealFlush } from './segment-log-format.ts';
import type { Positions } from './segment-log-positions.ts';
import { Segment, segmentName } from './segment-log-segment.ts';
import { StorageError } from './storage-error.ts';

const SEGMENT_BYTES = 64 * 1024 * 1024;
/** One sync covers at most this much (and at least one append). */
const FLUSH_BYTES = 8 * 1024 * 1024;

export interface SegmentLogOptions {
  /** a segment that has reached this size is closed and the next begun */
  readonly segmentBytes?: number;
}

export interface Retention {
  /** segments are kept while the newer ones hold fewer bytes, or fewer records, than this; default 0 */
  readonly keepBytes?: number;
  readonly keepRecords?: number;
}

interface Waiting {
  readonly frames: Buffer;
  readonly records: number;
  readonly resolve: (offset: number) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * An append-only log on disk: "acknowledged" means safe from a kill and from a power failure. Records are opaque bytes
 * with offsets 0, 1, 2 …; consumers keep their positions in it, and what all of them have passed can be trimmed.
 * Appends that wait for the same sync share it. Only synced records are ever read.
 */
export class SegmentLog {
  readonly #files: Files;
  readonly #dir: string;
  readonly #segmentBytes: number;
  readonly #segments: Segment[];
  readonly #positions: Positions;
  readonly #unlock: () => Promise<void>;
  readonly #listeners = new Set<() => void>();
  readonly #reads = new Set<Promise<unknown>>();
  #waiting: Waiting[] = [];
  #flushing: Promise<void> | null = null;
  /** a write failed and what it left could not be cut off yet */
  #needsCut: boolean = false;
  #closed: boolean = false;

  /** Use `openSegmentLog`. */
  constructor(
    files: Files,
    dir: string,
    options: SegmentLogOptions,
    state: { segments: Segment[]; positions: Positions; unlock: () => Promise<void> },
  ) {
    this.#files = files;
    this.#dir = dir;
    this.#segmentBytes = options.segmentBytes ?? SEGMENT_BYTES;
    this.#segments = state.segments;
    this.#positions = state.positions;
    this.#unlock = state.unlock;
  }

  get #active(): Segment {
    return this.#segments[this.#segments.length - 1]!;
  }

  /** Offset of the oldest record kept. */
  get startOffset(): number {
    return this.#segments[0]!.baseOffset;
  }

  /** One past the newest acknowledged record. */
  get endOffset(): number {
    return this.#active.endOffset;
  }

  /**
   * Resolves with the offset of the first record once all of `records` are safe; after a crash they are all there or,
   * if it did not resolve, all or none. The bytes are copied. After a rejection none of them is in the log, and it can
   * be used on. @throws {StorageError} DISK_FULL, TOO_LARGE, CLOSED
   */
  async append(records: readonly Uint8Array[]): Promise<number> {
    this.#refuseIfClosed();
    const largest = records.reduce((bytes, record) => Math.max(bytes, record.length), 0);
    if (largest > MAX_RECORD_BYTES) {
      throw new StorageError('TOO_LARGE', `a record of ${largest} bytes; the log takes ${MAX_RECORD_BYTES}`);
    }
    if (records.length === 0) return this.endOffset;
    const offset = new Promise<number>((resolve, reject) => {
      this.#waiting.push({ frames: frameRecords(records), records: records.length, resolve, reject });
    });
    this.#flushing ??= this.#flushAll();
    return await offset;
  }

  /**
   * Records from offset `from` on: none at the end of the log, else at least one, and no more once `maxBytes` are
   * reached. @throws {StorageError} OFFSET_GONE, CORRUPT, CLOSED
   */
  async read(from: number, maxBytes = 1024 * 1024): Promise<readonly Uint8Array[]> {
    this.#refuseIfClosed();
    if (from < this.startOffset || from > this.endOffset) {
      const range = `${this.startOffset} to ${this.endOffset}`;
      throw new StorageError('OFFSET_GONE', `${this.#dir}: offset ${from} is not in the log, which has ${range}`);
    }
    const segment = this.#segments.findLast(({ baseOffset }) => baseOffset <= from)!;
    if (from === segment.endOffset) return [];
    const reading = segment.read(from, maxBytes);
    this.#reads.add(reading);
    try {
      return await reading;
    } finally {
      this.#reads.delete(reading);
    }
  }

  /** Where `consumer` goes on after a restart; null if it never committed. */
  position(consumer: string): number | null {
    return this.#positions.get(consumer);
  }

  /**
   * Resolves when it is safe that `consumer` needs nothing before `offset` any more. Positions only grow.
   * @throws {StorageError} DISK_FULL, CLOSED @throws {RangeError} on an offset past the end
   */
  async commit(consumer: string, offset: number): Promise<void> {
    this.#refuseIfClosed();
    if (offset > this.endOffset)
      throw new RangeError(`position ${offset} past the end of the log at ${this.endOffset}`);
    await this.#positions.commit(consumer, offset);
  }

  /** Consumers that have a position. */
  groups(): readonly string[] {
    return this.#positions.names();
  }

  /** Forgets a consumer for good: retention no longer waits for it. */
  async forget(consumer: string): Promise<void> {
    this.#refuseIfClosed();
    await this.#positions.forget(consumer);
  }

  /**
   * Removes the oldest segments that `retention` does not keep and every consumer has passed; none where nobody ever
   * committed. Returns how many records went.
   */
  async trim(retention: Retention = {}): Promise<number> {
    this.#refuseIfClosed();
    const needed = this.#positions.lowest() ?? 0;
    const before = this.startOffset;
    for (let next = this.#segments[1]; next !== undefined && next.baseOffset <= needed; next = this.#segments[1]) {
      const bytesBehind = this.#segments.slice(1).reduce((sum, { endPosition }) => sum + endPosition, 0);
      const recordsBehind = this.endOffset - next.baseOffset;
      if (bytesBehind < (retention.keepBytes ?? 0) || recordsBehind < (retention.keepRecords ?? 0)) break;
      const oldest = this.#segments.shift()!;
      await this.#files.remove(oldest.path);
      await this.#files.syncDirectory(this.#dir); // one by one: a power failure must not leave a gap
    }
    return this.startOffset - before;
  }

  /** Calls `listener` after each acknowledged append; the result stops that. */
  onAppend(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Waits for what is under way, then gives the directory back. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#flushing;
    await this.#positions.settled();
    await Promise.allSettled(this.#reads);
    await this.#active.file?.close();
    await this.#unlock();
  }

  #refuseIfClosed(): void {
    if (this.#closed) throw new StorageError('CLOSED', `${this.#dir}: the log is closed`);
  }

  async #flushAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#takeGroup();
      try {
        let offset = await this.#flush(Buffer.concat(group.map(({ frames }) => frames)), group);
        for (const { records, resolve } of group) {
          resolve(offset);
          offset += records;
        }
        for (const listener of this.#listeners) listener();
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    this.#flushing = null;
  }

  #takeGroup(): Waiting[] {
    let count = 0;
    for (let bytes = 0; count < this.#waiting.length && bytes < FLUSH_BYTES; count++) {
      bytes += this.#waiting[count]!.frames.length;
    }
    return this.#waiting.splice(0, count);
  }

  async #flush(frames: Buffer, group: readonly Waiting[]): Promise<number> {
    if (this.#needsCut) await this.#cut();
    if (this.#active.endPosition >= this.#segmentBytes) await this.#rotate();
    const segment = this.#active;
    const file = segment.file!;
    sealFlush(frames, segment.flush + 1, await segment.salt(file));
    try {
      await file.write(frames, segment.endPosition);
      await file.sync();
    } catch (error) {
      this.#needsCut = true;
      await this.#cut().catch(() => {}); // tried again before the next write; the first error is the one to report
      throw error;
    }
    const offset = segment.endOffset;
    segment.flush++;
    segment.endPosition += frames.length;
    segment.endOffset += group.reduce((sum, { records }) => sum + records, 0);
    return offset;
  }

  /** Removes what a failed write left. The number of its flush is used again, so recovery is not misled. */
  async #cut(): Promise<void> {
    const { file, endPosition } = this.#active;
    await file!.truncate(endPosition);
    await file!.sync();
    this.#needsCut = false;
  }

  async #rotate(): Promise<void> {
    const sealed = this.#active;
    const path = join(this.#dir, segmentName(sealed.endOffset));
    const next = new Segment(this.#files, path, sealed.endOffset, sealed.endOffset, HEADER_BYTES);
    await next.create();
    try {
      await this.#files.syncDirectory(this.#dir);
    } catch (error) {
      await next.file?.close();
      throw error;
    }
    this.#segments.push(next);
    const { file } = sealed;
    sealed.file = null;
    await Promise.allSettled(this.#reads); // some may be using the handle
    await file?.close();
  }
}
