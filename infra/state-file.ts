import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { type Files, type OpenFile, replaceFile } from './durable-file.ts';
import { crc32 } from './segment-log-format.ts';
import { StorageError } from './storage-error.ts';

/**
 * A snapshot file; all numbers little-endian:
 *
 *     header  "TLSNAP" | u8 major | u8 minor
 *     pages   their bytes, back to back
 *     table   JSON: the `Table` below, UTF-8
 *     footer  u64 position of the table | u32 its length | u32 its CRC-32 | "TLSNAPEN"
 *
 * A base holds every page, a delta the pages that changed or went since the file that it names as `previous`.
 * `snapshot-0000000012.base`, `snapshot-0000000013.delta`: the number is the sequence number.
 */
const MAJOR = 1;
const MINOR = 0;
const MAGIC = Buffer.from('TLSNAP', 'latin1');
const END = Buffer.from('TLSNAPEN', 'latin1');
const HEADER_BYTES = 8;
const FOOTER_BYTES = 24;

/** Name, position, length, CRC-32. */
export type PageEntry = readonly [name: string, position: number, length: number, crc32: number];

export interface Table {
  readonly sequence: number;
  /** sequence number of the file this one builds on; null in a base */
  readonly previous: number | null;
  readonly pages: readonly PageEntry[];
  /** names that the files before have and this snapshot has not */
  readonly removed: readonly string[];
  /** input → position, e.g. partition → offset: what this state has absorbed */
  readonly positions: readonly (readonly [string, string])[];
  readonly meta: unknown;
}

export const fileName = (sequence: number, previous: number | null): string =>
  `snapshot-${String(sequence).padStart(10, '0')}.${previous === null ? 'base' : 'delta'}`;

export function sequenceOf(name: string): number | null {
  const match = /^snapshot-(\d{10,})\.(?:base|delta)$/.exec(name);
  return match === null ? null : Number(match[1]);
}

/** What tells an unchanged page from a changed one. 2 GB take about a second. */
export const digestOf = (page: Uint8Array): string => createHash('sha256').update(page).digest('base64');

/** Bytes that a page costs in a file, about: its own and its line of the table. */
export const pageCost = (name: string, page: { readonly length: number }): number => page.length + name.length + 40;

/** Writes a whole snapshot file or none, page by page: needs no memory but the table's. Returns its size in bytes. */
export async function writeSnapshotFile(
  files: Files,
  path: string,
  pages: Iterable<readonly [string, Uint8Array]>,
  rest: Omit<Table, 'pages'>,
): Promise<number> {
  let size = 0;
  await replaceFile(files, path, async (file) => {
    await file.write(Buffer.concat([MAGIC, Buffer.from([MAJOR, MINOR])]), 0);
    let position = HEADER_BYTES;
    const entries: PageEntry[] = [];
    for (const [name, page] of pages) {
      await file.write(page, position);
      entries.push([name, position, page.length, crc32(page)]);
      position += page.length;
    }
    const table = Buffer.from(JSON.stringify({ ...rest, pages: entries } satisfies Table));
    const footer = Buffer.alloc(FOOTER_BYTES);
    footer.writeBigUInt64LE(BigInt(position), 0);
    footer.writeUInt32LE(table.length, 8);
    footer.writeUInt32LE(crc32(table), 12);
    END.copy(footer, 16);
    await file.write(Buffer.concat([table, footer]), position);
    size = position + table.length + FOOTER_BYTES;
  });
  return size;
}

const damaged = (path: string, what: string) => new StorageError('CORRUPT', `${path}: ${what}`);

async function readExactly(file: OpenFile, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  if ((await file.read(bytes, position)) < length) throw damaged(file.path, `it ends before byte ${position + length}`);
  return bytes;
}

/** @throws {StorageError} CORRUPT, NEWER_VERSION */
export async function readTable(file: OpenFile): Promise<Table> {
  const { path } = file;
  const size = await file.size();
  if (size < HEADER_BYTES + FOOTER_BYTES) throw damaged(path, 'it is too short');
  const header = await readExactly(file, 0, HEADER_BYTES);
  if (!header.subarray(0, 6).equals(MAGIC)) throw damaged(path, 'it does not begin as a snapshot does');
  const footer = await readExactly(file, size - FOOTER_BYTES, FOOTER_BYTES);
  if (!footer.subarray(16).equals(END)) throw damaged(path, 'its end is missing');
  const major = header.readUInt8(6); // judged only in a file that is whole: a torn one says nothing
  if (major > MAJOR) {
    throw new StorageError('NEWER_VERSION', `${path}: snapshot format ${major}, this program reads up to ${MAJOR}`);
  }
  const position = Number(footer.readBigUInt64LE(0));
  const length = footer.readUInt32LE(8);
  if (position + length + FOOTER_BYTES !== size) throw damaged(path, 'its table is not where its end says');
  const text = await readExactly(file, position, length);
  if (crc32(text) !== footer.readUInt32LE(12)) throw damaged(path, 'wrong checksum of the table');
  const table = JSON.parse(text.toString('utf8')) as Table;
  if (table.sequence !== sequenceOf(basename(path))) throw damaged(path, 'its name and its content differ');
  return table;
}

/** @throws {StorageError} CORRUPT */
export async function readPage(file: OpenFile, [name, position, length, checksum]: PageEntry): Promise<Uint8Array> {
  const page = await readExactly(file, position, length);
  if (crc32(page) !== checksum) throw damaged(file.path, `wrong checksum of page ${JSON.stringify(name)}`);
  return page;
}
