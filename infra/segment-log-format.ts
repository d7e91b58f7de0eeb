import { randomBytes } from 'node:crypto';
import zlib from 'node:zlib';
import type { OpenFile } from './durable-file.ts';
import { StorageError } from './storage-error.ts';

/**
 * A segment is a header and then frames, one a record; all numbers little-endian:
 *
 *     header  "TLSEG" 0x00 | u8 major | u8 minor | u64 base offset | u32 salt | u32 CRC-32 of the above
 *     frame   u32 CRC-32 of the rest, begun at the salt | u32 length of the payload | u32 flush | u8 flags | payload
 *
 * A flush is what one sync made safe: it counts from 1 in each segment, and flag 1 marks its last frame. This makes
 * recovery exact. Flush n + 1 is written only after flush n was synced, so a damaged frame of flush n with a good frame
 * of a later flush behind it was once acknowledged: that is corruption, an error. With none behind it, it belongs to
 * the flush during which the power went: nobody was told that it was safe, and the whole flush is cut off, whichever of
 * its parts the disk happened to keep. The salt keeps payloads from passing for frames.
 */
export const HEADER_BYTES = 24;
export const FRAME_BYTES = 13;
export const MAX_RECORD_BYTES = 64 * 1024 * 1024;
const MAJOR = 1;
const MINOR = 0;
const MAGIC = Buffer.from('TLSEG\0', 'latin1');
const LAST_OF_FLUSH = 1;

/** CRC-32 of the zlib kind; Node has it from 20.15 on, older ones get the table. */
export const crc32: (bytes: Uint8Array, start?: number) => number = zlib.crc32 ?? tableCrc32;

const TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let remainder = index;
  for (let bit = 0; bit < 8; bit++) remainder = (remainder >>> 1) ^ (remainder & 1 ? 0xedb88320 : 0);
  return remainder;
});

export function tableCrc32(bytes: Uint8Array, start = 0): number {
  let crc = ~start;
  for (const byte of bytes) crc = (crc >>> 8) ^ TABLE[(crc ^ byte) & 0xff]!;
  return ~crc >>> 0;
}

/** Header of a new segment, with a salt of its own. */
export function segmentHeader(baseOffset: number): { readonly header: Buffer; readonly salt: number } {
  const header = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(header);
  header.writeUInt8(MAJOR, 6);
  header.writeUInt8(MINOR, 7);
  header.writeBigUInt64LE(BigInt(baseOffset), 8);
  randomBytes(4).copy(header, 16);
  header.writeUInt32LE(crc32(header.subarray(0, 20)), 20);
  return { header, salt: header.readUInt32LE(16) };
}

/** The salt of a segment; null where its header is torn or damaged. @throws {StorageError} NEWER_VERSION, CORRUPT */
export function readHeader(header: Buffer, path: string, baseOffset: number): number | null {
  if (header.length < HEADER_BYTES || !header.subarray(0, 6).equals(MAGIC)) return null;
  if (header.readUInt32LE(20) !== crc32(header.subarray(0, 20))) return null;
  const major = header.readUInt8(6);
  if (major > MAJOR) {
    throw new StorageError('NEWER_VERSION', `${path}: segment format ${major}, this program reads up to ${MAJOR}`);
  }
  if (header.readBigUInt64LE(8) !== BigInt(baseOffset))
    throw corrupt(path, 8, 'base offset differs from the file name');
  return header.readUInt32LE(16);
}

export function corrupt(path: string, position: number, what: string): StorageError {
  return new StorageError(
    'CORRUPT',
    `${path}: at byte ${position}: ${what}; the records from here on cannot be trusted`,
  );
}

/** Frames of `records`, complete but for what `sealFlush` fills in. Copies the bytes. */
export function frameRecords(records: readonly Uint8Array[]): Buffer {
  const bytes = records.reduce((sum, record) => sum + FRAME_BYTES + record.length, 0);
  const frames = Buffer.allocUnsafe(bytes);
  let at = 0;
  for (const record of records) {
    frames.writeUInt32LE(record.length, at + 4);
    frames.set(record, at + FRAME_BYTES);
    at += FRAME_BYTES + record.length;
  }
  return frames;
}

/** Makes `frames` flush number `flush` of a segment. */
export function sealFlush(frames: Buffer, flush: number, salt: number): void {
  for (let at = 0; at < frames.length; ) {
    const end = at + FRAME_BYTES + frames.readUInt32LE(at + 4);
    frames.writeUInt32LE(flush, at + 8);
    frames.writeUInt8(end === frames.length ? LAST_OF_FLUSH : 0, at + 12);
    frames.writeUInt32LE(crc32(frames.subarray(at + 4, end), salt), at);
    at = end;
  }
}

/** Position behind the frame at `at`, or -1 where `bytes` do not hold a whole good frame there. */
export function frameEnd(bytes: Buffer, at: number, salt: number): number {
  if (at + FRAME_BYTES > bytes.length) return -1;
  const end = at + FRAME_BYTES + bytes.readUInt32LE(at + 4);
  if (end > bytes.length || bytes.readUInt32LE(at + 8) === 0) return -1;
  return bytes.readUInt32LE(at) === crc32(bytes.subarray(at + 4, end), salt) ? end : -1;
}

/** Bytes of the frame at `at` by its length field, which must be inside `bytes`. */
export const frameBytes = (bytes: Buffer, at: number): number => FRAME_BYTES + bytes.readUInt32LE(at + 4);

/** Whether a good frame of a flush after `flush` stands anywhere behind `from`. */
function hasLaterFlush(bytes: Buffer, from: number, flush: number, salt: number): boolean {
  for (let at = from; at + FRAME_BYTES <= bytes.length; at++) {
    // the cheap tests first: a checksum at every byte of a large tail would take minutes
    if (bytes.readUInt32LE(at + 8) <= flush || bytes.readUInt8(at + 12) > LAST_OF_FLUSH) continue;
    if (bytes.readUInt32LE(at + 4) <= MAX_RECORD_BYTES && frameEnd(bytes, at, salt) !== -1) return true;
  }
  return false;
}

export interface Scan {
  readonly salt: number;
  /** records of whole flushes */
  readonly records: number;
  /** where the whole flushes end: what lies behind was never acknowledged */
  readonly endPosition: number;
  /** number of the last whole flush, 0 = none */
  readonly flush: number;
}

/**
 * Reads the newest segment after a start, into memory. Null where not even the header is whole: then nothing was ever
 * acknowledged from it, for the header is synced before the first record is written.
 *
 * @throws {StorageError} CORRUPT where acknowledged records are damaged; NEWER_VERSION
 */
export async function scanSegment(file: OpenFile, baseOffset: number): Promise<Scan | null> {
  const buffer = Buffer.alloc(await file.size());
  const bytes = buffer.subarray(0, await file.read(buffer, 0));
  const salt = readHeader(bytes.subarray(0, HEADER_BYTES), file.path, baseOffset);
  if (salt === null) {
    if (bytes.length > HEADER_BYTES) throw corrupt(file.path, 0, 'damaged header');
    return null;
  }
  let whole = { salt, records: 0, endPosition: HEADER_BYTES, flush: 0 };
  let at = HEADER_BYTES;
  for (let records = 1, end = frameEnd(bytes, at, salt); end !== -1; records++, end = frameEnd(bytes, at, salt)) {
    const isLast = bytes.readUInt8(at + 12) === LAST_OF_FLUSH;
    if (isLast) whole = { salt, records, endPosition: end, flush: bytes.readUInt32LE(at + 8) };
    at = end;
  }
  if (hasLaterFlush(bytes, at, whole.flush + 1, salt)) throw corrupt(file.path, at, 'damaged record');
  return whole;
}
