import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { lockDirectory } from './directory-lock.ts';
import { type StorageCode, StorageError } from './storage-error.ts';

/** A file that is open. Positions and sizes are bytes; nothing here has a cursor. */
export interface OpenFile {
  readonly path: string;
  size(): Promise<number>;
  /** Fills `target` from `position`; returns fewer bytes than asked for only at the end of the file. */
  read(target: Uint8Array, position: number): Promise<number>;
  /** Writes all of `bytes`. They may be lost in a power failure until `sync`. */
  write(bytes: Uint8Array, position: number): Promise<void>;
  truncate(size: number): Promise<void>;
  /** Resolves when what was written is on the disk. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/**
 * The few operations that durable storage is built from. Two implementations: the disk (`DISK`), and a simulated disk
 * that loses power, fills up and fails on demand, on which the guarantees are tested.
 * Every method throws `StorageError` for what the caller may want to tell apart, and the system's own error otherwise.
 */
export interface Files {
  /** Makes the directory (and its parents) for the owner alone. */
  makeDirectory(dir: string): Promise<void>;
  /** Names of the entries, sorted. */
  list(dir: string): Promise<string[]>;
  /** `create` empties a file of that name; `write` needs it to exist. Files are for the owner alone. */
  open(path: string, mode: 'read' | 'write' | 'create'): Promise<OpenFile>;
  /** Atomic: afterwards `to` is the old or the new file, whatever happens. */
  rename(from: string, to: string): Promise<void>;
  /**
   * Gives a file a second name that must be free: `exists` where somebody has it, `unsupported` on file systems without
   * hard links. Atomic among all that share the directory.
   */
  link(from: string, to: string): Promise<'linked' | 'exists' | 'unsupported'>;
  /** Makes an empty file of a name that must be free; false where somebody has it. Atomic as `link`. */
  claim(path: string): Promise<boolean>;
  /** When the file was last written to by the clock of its file system, ms. */
  modifiedMs(path: string): Promise<number>;
  /** No error where there is no such file. */
  remove(path: string): Promise<void>;
  /** Makes creations, renames and removals in `dir` durable. */
  syncDirectory(dir: string): Promise<void>;
  /** Takes the directory for this process; the result gives it back. @throws {StorageError} LOCKED */
  lock(dir: string): Promise<() => Promise<void>>;
}

const CODES: Readonly<Record<string, StorageCode>> = { ENOSPC: 'DISK_FULL', EDQUOT: 'DISK_FULL', EFBIG: 'DISK_FULL' };

async function named<T>(path: string, action: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (cause) {
    const code = CODES[(cause as NodeJS.ErrnoException).code ?? ''];
    if (code === undefined) throw cause;
    throw new StorageError(code, `cannot ${action} ${path}: the disk is full`, { cause });
  }
}

const FLAGS = { read: 'r', write: 'r+', create: 'w+' } as const;
/** Node refuses single reads and writes of 2 GiB and more. */
const CHUNK_BYTES = 64 * 1024 * 1024;

async function openFile(path: string, mode: keyof typeof FLAGS): Promise<OpenFile> {
  const handle = await named(path, 'create', () => open(path, FLAGS[mode], 0o600));
  return {
    path,
    size: async () => (await handle.stat()).size,
    async read(target, position) {
      let done = 0;
      while (done < target.length) {
        const length = Math.min(CHUNK_BYTES, target.length - done);
        const { bytesRead } = await handle.read(target, done, length, position + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return done;
    },
    async write(bytes, position) {
      let done = 0; // a disk that is filling up writes a part first and fails then
      while (done < bytes.length) {
        const length = Math.min(CHUNK_BYTES, bytes.length - done);
        const start = done;
        done += (await named(path, 'write', () => handle.write(bytes, start, length, position + start))).bytesWritten;
      }
    },
    truncate: (size) => named(path, 'cut', () => handle.truncate(size)),
    sync: () => named(path, 'sync', () => handle.sync()),
    close: () => handle.close(),
  };
}

/** What file systems without hard links say: FAT, SMB, many of FUSE. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);
const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code ?? '';

/** Whether an error says that a file is not there (any more), by its path or, on NFS, by the handle of it that was open. */
export const isVanished = (error: unknown): boolean => ['ENOENT', 'ESTALE'].includes(codeOf(error));

async function linkFile(from: string, to: string): Promise<'linked' | 'exists' | 'unsupported'> {
  try {
    await named(to, 'link', () => link(from, to));
    return 'linked';
  } catch (error) {
    if (NO_LINKS.has(codeOf(error))) return 'unsupported';
    if (codeOf(error) !== 'EEXIST') throw error;
    // over NFS a link whose answer was lost is asked for again and then finds itself: only the inode tells
    const [own, theirs] = [await stat(from), await stat(to).catch(() => null)];
    return theirs !== null && theirs.ino === own.ino && theirs.dev === own.dev ? 'linked' : 'exists';
  }
}

async function claimFile(path: string): Promise<boolean> {
  try {
    await (await named(path, 'create', () => open(path, 'wx', 0o600))).close();
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

export const DISK: Files = {
  async makeDirectory(dir) {
    await named(dir, 'make', () => mkdir(dir, { recursive: true, mode: 0o700 }));
  },
  list: async (dir) => (await readdir(dir)).sort(),
  open: openFile,
  rename: (from, to) => named(to, 'rename to', () => rename(from, to)),
  link: linkFile,
  claim: claimFile,
  modifiedMs: async (path) => (await stat(path)).mtimeMs,
  remove: (path) => rm(path, { force: true }),
  async syncDirectory(dir) {
    if (process.platform === 'win32') return; // directories cannot be opened there; renames are journalled
    const handle = await open(dir, 'r');
    try {
      await named(dir, 'sync', () => handle.sync());
    } finally {
      await handle.close();
    }
  },
  lock: lockDirectory,
};

/** Suffix of files being written. */
export const TEMPORARY = '.tmp';

/** A name for writing `path` beside it, that no other process has: on a shared folder several may write at a time. */
export const temporaryOf = (path: string): string =>
  `${path}.${process.pid}-${randomBytes(6).toString('hex')}${TEMPORARY}`;

/** Writes a temporary file, syncs it, and hands it to `publish`. Removed on any error. */
export async function writeTemporary<T>(
  files: Files,
  temporary: string,
  write: (file: OpenFile) => Promise<void>,
  publish: () => Promise<T>,
): Promise<T> {
  try {
    const file = await files.open(temporary, 'create');
    try {
      await write(file);
      await file.sync();
    } finally {
      await file.close();
    }
    return await publish();
  } catch (error) {
    await files.remove(temporary).catch(() => {}); // the first error is the one to report
    throw error;
  }
}

/**
 * Replaces `path` with what `write` puts into the file it is given: whole, or not at all. On any error the old file
 * stays as it was and the temporary one is removed. For folders of one process: see `writeTemporary` for others.
 */
export async function replaceFile(files: Files, path: string, write: (file: OpenFile) => Promise<void>): Promise<void> {
  const temporary = path + TEMPORARY;
  await writeTemporary(files, temporary, write, () => files.rename(temporary, path));
  await files.syncDirectory(dirname(path));
}

/** Reads a file whole. */
export async function readWhole(files: Files, path: string): Promise<Uint8Array> {
  const file = await files.open(path, 'read');
  try {
    const bytes = new Uint8Array(await file.size());
    return bytes.subarray(0, await file.read(bytes, 0));
  } finally {
    await file.close();
  }
}
