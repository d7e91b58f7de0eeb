import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import type { OpenFile } from './durable-file.ts';
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
 * `snapshot-0000000012.state`: the number is the sequence number. A name is made once and never replaced, which is why
 * bases and deltas are named alike: of two workers that both come to save number 12, one cannot.
 *
 * 1.1 adds the identity of the file before and digests of pages. 1.0 named files `.base` and `.delta`.
 */
const MAJOR = 1;
const MINOR = 1;
const MAGIC = Buffer.from('TLSNAP', 'latin1');
const END = Buffer.from('TLSNAPEN', 'latin1');
const HEADER_BYTES = 8;
const FOOTER_BYTES = 24;
/** Small pages go to the disk together: a call to the system costs as much as writing 64 KiB. */
const BUFFER_BYTES = 1024 * 1024;
/** Hashed at a stretch: 1 ms. */
const SLICE_BYTES = 1024 * 1024;
/** Work at a stretch before others get their turn, ms. */
const TURN_MS = 5;

/** Name, position, length, CRC-32, digest (since 1.1): what tells an unchanged page from a changed one. */
export type PageEntry = readonly [name: string, position: number, length: number, crc32: number, digest?: string];

export interface Table {
  readonly sequence: number;
  /** sequence number of the file this one builds on; null in a base */
  readonly previous: number | null;
  /** its identity: a number alone may be somebody else's file. Since 1.1 */
  readonly previousIdentity?: string | null;
  readonly pages: readonly PageEntry[];
  /** names that the files before have and this snapshot has not */
  readonly removed: readonly string[];
  /** input → position, e.g. partition → offset: what this state has absorbed */
  readonly positions: readonly (readonly [string, string])[];
  readonly meta: unknown;
}

export const fileName = (sequence: number): string => `snapshot-${String(sequence).padStart(10, '0')}.state`;

/** Takes a sequence number on file systems without hard links. */
export const claimName = (sequence: number): string => `snapshot-${String(sequence).padStart(10, '0')}.claim`;

export function sequenceOf(name: string): number | null {
  const match = /^snapshot-(\d{10,})\.(?:base|delta|state)$/.exec(name);
  return match === null ? null : Number(match[1]);
}

/** As `sequenceOf`, also of claims: numbers that are taken. */
export function takenBy(name: string): number | null {
  return sequenceOf(name.replace(/\.claim$/, '.state'));
}

/**
 * Who a file is: a hash of its table, which holds the digests of its pages and the identity of the file before. So a
 * chain of files can be told from one in which somebody else's file stands under the same number.
 */
const identityOf = (table: Uint8Array): string => createHash('sha256').update(table).digest('hex').slice(0, 32);

/** Lets others have their turn after a few milliseconds of work. */
class Breath {
  #since = performance.now();

  async taken(): Promise<void> {
    if (performance.now() - this.#since < TURN_MS) return;
    await setImmediate();
    this.#since = performance.now();
  }
}

function* slicesOf(page: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < page.length; at += SLICE_BYTES) yield page.subarray(at, at + SLICE_BYTES);
}

/** SHA-256: 1.4 GB/s where the processor helps. What is twice as fast (a CRC) is too short to trust a state to. */
async function digestOf(page: Uint8Array, breath: Breath): Promise<string> {
  const hash = createHash('sha256');
  for (const slice of slicesOf(page)) {
    hash.update(slice);
    await breath.taken();
  }
  return hash.digest('base64').slice(0, 24); // 144 bits
}

async function checksumOf(page: Uint8Array, breath: Breath): Promise<number> {
  let checksum = 0;
  for (const slice of slicesOf(page)) {
    checksum = crc32(slice, checksum);
    await breath.taken();
  }
  return checksum;
}

/** Gathers small writes. What it was given may be used again as soon as a call resolves. */
class Buffered {
  readonly #file: OpenFile;
  readonly #buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  #used = 0;
  #position = 0;

  constructor(file: OpenFile) {
    this.#file = file;
  }

  get position(): number {
    return this.#position + this.#used;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#used + bytes.length > BUFFER_BYTES) await this.flush();
    if (bytes.length > BUFFER_BYTES) {
      await this.#file.write(bytes, this.#position);
      this.#position += bytes.length;
    } else {
      this.#buffer.set(bytes, this.#used);
      this.#used += bytes.length;
    }
  }

  async flush(): Promise<void> {
    if (this.#used > 0) await this.#file.write(this.#buffer.subarray(0, this.#used), this.#position);
    this.#position += this.#used;
    this.#used = 0;
  }
}

/** What a file was made of. */
export interface Written {
  readonly identity: string;
  /** of the file */
  readonly bytes: number;
  /** of the pages that differ from `before`, whether written or not, their lines of the table included */
  readonly changedBytes: number;
  /** page → digest, of all pages */
  readonly digests: ReadonlyMap<string, string>;
}

export type Pages = Iterable<readonly [name: string, page: Uint8Array]>;

/**
 * Writes a snapshot file: of a base all pages, of a delta those whose digests are not as in `before`. Takes each page once,
 * in turn, and needs no memory but the table's.
 */
export async function writeSnapshot(
  file: OpenFile,
  pages: Pages,
  before: ReadonlyMap<string, string>,
  rest: Omit<Table, 'pages' | 'removed'>,
): Promise<Written> {
  const out = new Buffered(file);
  const breath = new Breath();
  const digests = new Map<string, string>();
  const entries: PageEntry[] = [];
  let changedBytes = 0;
  await out.write(Buffer.concat([MAGIC, Buffer.from([MAJOR, MINOR])]));
  for (const [name, page] of pages) {
    const digest = await digestOf(page, breath);
    digests.set(name, digest);
    const isChanged = before.get(name) !== digest;
    if (isChanged) changedBytes += page.length + name.length + digest.length + 40;
    if (!isChanged && rest.previous !== null) continue;
    entries.push([name, out.position, page.length, await checksumOf(page, breath), digest]);
    await out.write(page);
  }
  const removed = rest.previous === null ? [] : [...before.keys()].filter((name) => !digests.has(name));
  const table = Buffer.from(JSON.stringify({ ...rest, removed, pages: entries } satisfies Table));
  const footer = Buffer.alloc(FOOTER_BYTES);
  footer.writeBigUInt64LE(BigInt(out.position), 0);
  footer.writeUInt32LE(table.length, 8);
  footer.writeUInt32LE(crc32(table), 12);
  END.copy(footer, 16);
  await out.write(table);
  await out.write(footer);
  await out.flush();
  return { identity: identityOf(table), bytes: out.position, changedBytes, digests };
}

const damaged = (path: string, what: string) => new StorageError('CORRUPT', `${path}: ${what}`);

async function readExactly(file: OpenFile, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  if ((await file.read(bytes, position)) < length) throw damaged(file.path, `it ends before byte ${position + length}`);
  return bytes;
}

/** The table of a file, and who the file is. @throws {StorageError} CORRUPT, NEWER_VERSION */
export async function readTable(file: OpenFile): Promise<{ readonly table: Table; readonly identity: string }> {
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
  return { table, identity: identityOf(text) };
}

/** @throws {StorageError} CORRUPT */
export async function readPage(file: OpenFile, [name, position, length, checksum]: PageEntry): Promise<Uint8Array> {
  const page = await readExactly(file, position, length);
  if ((await checksumOf(page, new Breath())) !== checksum) {
    throw damaged(file.path, `wrong checksum of page ${JSON.stringify(name)}`);
  }
  return page;
}
