import type { Files, OpenFile } from './durable-file.ts';
import {
  corrupt,
  FRAME_BYTES,
  frameBytes,
  frameEnd,
  HEADER_BYTES,
  readHeader,
  segmentHeader,
} from './segment-log-format.ts';

const EXTENSION = '.segment';
const READ_BYTES = 256 * 1024;
/** Distance of the remembered places in a segment: what a read has to skip at most. */
const MARK_BYTES = 64 * 1024;

/** Segments are named after their first offset, padded so that names sort as offsets do. */
export const segmentName = (baseOffset: number): string => String(baseOffset).padStart(16, '0') + EXTENSION;

export function baseOffsetOf(name: string): number | null {
  const match = /^(\d{16})\.segment$/.exec(name);
  return match === null ? null : Number(match[1]);
}

interface Place {
  readonly offset: number;
  readonly position: number;
}

/** One file of the log: where its acknowledged records end, and how to read them. */
export class Segment {
  readonly path: string;
  readonly baseOffset: number;
  /** one past the last acknowledged record, and the byte behind it */
  endOffset: number;
  endPosition: number;
  /** number of the last flush, for the segment that is written to */
  flush = 0;
  /** open for writing; null in sealed segments, which are opened for each read */
  file: OpenFile | null = null;
  #salt: number | null = null;
  readonly #files: Files;
  readonly #marks: Place[];

  constructor(files: Files, path: string, baseOffset: number, endOffset: number, endPosition: number) {
    this.#files = files;
    this.path = path;
    this.baseOffset = baseOffset;
    this.endOffset = endOffset;
    this.endPosition = endPosition;
    this.#marks = [{ offset: baseOffset, position: HEADER_BYTES }];
  }

  /** Makes the file anew with nothing but a synced header. The caller syncs the directory. */
  async create(): Promise<void> {
    const file = await this.#files.open(this.path, 'create');
    try {
      const { header, salt } = segmentHeader(this.baseOffset);
      await file.write(header, 0);
      await file.sync();
      this.#salt = salt;
    } catch (error) {
      await file.close();
      throw error;
    }
    this.file = file;
    this.endPosition = HEADER_BYTES;
  }

  async salt(file: OpenFile): Promise<number> {
    if (this.#salt !== null) return this.#salt;
    const header = Buffer.alloc(HEADER_BYTES);
    const length = await file.read(header, 0);
    const salt = readHeader(header.subarray(0, length), this.path, this.baseOffset);
    if (salt === null) throw corrupt(this.path, 0, 'damaged header');
    this.#salt = salt;
    return salt;
  }

  /**
   * Records from offset `from` on, which must be inside the segment: at least one, and no more once `maxBytes` are
   * reached. They are views of one buffer. @throws {StorageError} CORRUPT
   */
  async read(from: number, maxBytes: number): Promise<Uint8Array[]> {
    if (this.file !== null) return await this.#readFrom(this.file, from, maxBytes);
    const file = await this.#files.open(this.path, 'read');
    try {
      return await this.#readFrom(file, from, maxBytes);
    } finally {
      await file.close();
    }
  }

  async #readFrom(file: OpenFile, from: number, maxBytes: number): Promise<Uint8Array[]> {
    const { endOffset, endPosition } = this; // an append may move them while this read waits
    const salt = await this.salt(file);
    const records: Uint8Array[] = [];
    let { offset, position } = this.#placeBefore(from);
    let bytes: Buffer = Buffer.alloc(0);
    let at = 0; // `position` is where bytes[at] stands in the file
    for (let size = 0; offset < endOffset && size < maxBytes; offset++) {
      if (at + FRAME_BYTES > bytes.length || at + frameBytes(bytes, at) > bytes.length) {
        if (records.length > 0) break;
        bytes = await this.#fetch(file, position, endPosition);
        at = 0;
      }
      const end = frameEnd(bytes, at, salt);
      if (end === -1) throw corrupt(this.path, position, 'damaged record');
      if (offset >= from) {
        records.push(bytes.subarray(at + FRAME_BYTES, end));
        size += end - at;
      }
      position += end - at;
      at = end;
    }
    if (offset === endOffset && position !== endPosition)
      throw corrupt(this.path, position, 'bytes behind the last record');
    this.#remember({ offset, position });
    return records;
  }

  /** Bytes from `position` on that hold at least the whole frame there. */
  async #fetch(file: OpenFile, position: number, endPosition: number): Promise<Buffer> {
    const available = endPosition - position;
    const head = Buffer.alloc(Math.min(READ_BYTES, available));
    if (head.length < FRAME_BYTES || (await file.read(head, position)) < head.length) {
      throw corrupt(this.path, position, 'the file ends before its last record');
    }
    const needed = frameBytes(head, 0);
    if (needed > available) throw corrupt(this.path, position, 'damaged record');
    if (needed <= head.length) return head;
    const whole = Buffer.alloc(needed);
    if ((await file.read(whole, position)) < needed) throw corrupt(this.path, position, 'the file is cut');
    return whole;
  }

  #placeBefore(offset: number): Place {
    let low = 0;
    let high = this.#marks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#marks[middle]!.offset <= offset) low = middle;
      else high = middle - 1;
    }
    return this.#marks[low]!;
  }

  #remember(place: Place): void {
    const last = this.#marks[this.#marks.length - 1]!;
    if (place.position >= last.position + MARK_BYTES) this.#marks.push(place);
  }
}
