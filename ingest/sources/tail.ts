import { createHash } from 'node:crypto';
import { type FileHandle, open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SourceError } from './bytes.ts';
import { describeSystemError } from './inputs.ts';

/** What a read takes at most: the size of the buffer that readers share. */
export const TAIL_BYTES = 256 * 1024;

/** Of so many first bytes a digest is kept. */
const HEAD_BYTES = 1024;

/** Which file it is, however it is called now. */
export interface FileIdentity {
  readonly device: number;
  readonly inode: number;
  /** of its first bytes: file systems give the inode of a file that was removed to the next one */
  readonly head?: { readonly bytes: number; readonly digest: string } | undefined;
}

/** How a file looks from outside. */
export interface FileLook {
  readonly device: number;
  readonly inode: number;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
}

/** What became of a file since the last read. */
export type TailEvent =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  /** nothing more at present; `isReplaced`: its name means another file by now */
  | { readonly kind: 'end'; readonly isReplaced: boolean }
  /** there is less in it than was read: reading begins anew at its start */
  | { readonly kind: 'cut' }
  /** it is not to be found under this name */
  | { readonly kind: 'elsewhere' }
  /** it cannot be read at present; the next call tries again */
  | { readonly kind: 'trouble'; readonly message: string };

/** Null where nothing is called so, or it cannot be looked at. */
export async function lookAt(path: string): Promise<FileLook | null> {
  return await stat(path).then(lookOf, () => null);
}

const lookOf = (stats: { dev: number; ino: number; size: number; mtimeMs: number }): FileLook => ({
  device: stats.dev,
  inode: stats.ino,
  sizeBytes: stats.size,
  modifiedMs: stats.mtimeMs,
});

/** True when the file at `path` is the one that was read up to `offset`. */
export async function isFile(path: string, identity: FileIdentity, offset: number): Promise<boolean> {
  const look = await lookAt(path);
  if (look?.inode !== identity.inode || look.sizeBytes < offset) return false;
  const handle = await open(path).catch(() => null);
  if (handle === null) return false;
  try {
    return await startsAs(handle, identity.head);
  } catch {
    return false; // cannot be read: nobody knows
  } finally {
    await handle.close();
  }
}

async function headOf(handle: FileHandle, bytes: number): Promise<NonNullable<FileIdentity['head']>> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(bytes), 0, bytes, 0);
  const digest = createHash('sha256').update(buffer.subarray(0, bytesRead)).digest('base64url').slice(0, 16);
  return { bytes: bytesRead, digest };
}

async function startsAs(handle: FileHandle, head: FileIdentity['head']): Promise<boolean> {
  return head === undefined || (await headOf(handle, head.bytes)).digest === head.digest;
}

/** Finds files of a folder by what they are; each folder is listed once. Costs a `stat` for each file in it. */
export class FolderIndex {
  readonly #folders = new Map<string, Promise<Map<number, string>>>();

  /** The path of the file with this inode, null = not in this folder. */
  async find(folder: string, inode: number): Promise<string | null> {
    const files = this.#folders.get(folder) ?? this.#list(folder);
    this.#folders.set(folder, files);
    return (await files).get(inode) ?? null;
  }

  async #list(folder: string): Promise<Map<number, string>> {
    const files = new Map<number, string>();
    for (const name of await readdir(folder).catch(() => [])) {
      const path = join(folder, name);
      const look = await lookAt(path);
      if (look !== null) files.set(look.inode, path);
    }
    return files;
  }
}

/**
 * Reads one file that grows. Once it is open it is read on, whatever becomes of its name: a file that was renamed keeps
 * its tail. Whoever reads it looks after the new file of the old name.
 */
export class TailedFile {
  /** what it is called now, as far as known */
  path: string;
  #handle: FileHandle | null = null;
  #look: FileLook | null = null;
  #identity: FileIdentity | null;
  #offset: number;

  /** @param identity that of the file which was read up to `offset` before; null = any */
  constructor(path: string, offset = 0, identity: FileIdentity | null = null) {
    this.path = path;
    this.#offset = offset;
    this.#identity = identity;
  }

  get identity(): FileIdentity | null {
    return this.#identity;
  }

  /** how it looked when it was opened, or at its last end */
  get look(): FileLook | null {
    return this.#look;
  }

  /** Bytes of the event lie in `buffer`. */
  async read(buffer: Buffer): Promise<TailEvent> {
    try {
      return await this.#read(buffer);
    } catch (error) {
      await this.close();
      return { kind: 'trouble', message: describeSystemError(error) };
    }
  }

  async #read(buffer: Buffer): Promise<TailEvent> {
    const failed = this.#handle === null ? await this.#open() : null;
    if (failed !== null) return failed;
    const handle = this.#handle as unknown as FileHandle;
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, this.#offset);
    if (bytesRead > 0) {
      this.#offset += bytesRead;
      await this.#remember(handle);
      return { kind: 'bytes', bytes: buffer.subarray(0, bytesRead) };
    }
    this.#look = lookOf(await handle.stat());
    if (this.#look.sizeBytes < this.#offset) return this.#cut();
    const named = await lookAt(this.path); // null: renamed, and nothing new there yet
    return {
      kind: 'end',
      isReplaced: named !== null && (named.inode !== this.#look.inode || named.device !== this.#look.device),
    };
  }

  /** Null when it is open. */
  async #open(): Promise<TailEvent | null> {
    this.#handle = await open(this.path);
    const look = lookOf(await this.#handle.stat());
    // the number of a device is another after each mount of a network volume: it tells nothing here
    const head = this.#identity?.head;
    const isCut = look.sizeBytes < this.#offset;
    const isOther = this.#identity !== null && this.#identity.inode !== look.inode;
    if (isOther || !(isCut || (await startsAs(this.#handle, head)))) {
      await this.close();
      return { kind: 'elsewhere' };
    }
    this.#look = look;
    this.#identity = { device: look.device, inode: look.inode, head: isCut ? undefined : head };
    return isCut ? this.#cut() : null;
  }

  async #remember(handle: FileHandle): Promise<void> {
    const identity = this.#identity!;
    if ((identity.head?.bytes ?? 0) < HEAD_BYTES)
      this.#identity = { ...identity, head: await headOf(handle, HEAD_BYTES) };
  }

  #cut(): TailEvent {
    this.#offset = 0;
    this.#identity = { ...this.#identity!, head: undefined };
    return { kind: 'cut' };
  }

  /** Reads from the start again with the next call. */
  rewind(): void {
    this.#offset = 0;
  }

  /** All that is in it at present, from its start, in memory of its own. @throws {SourceError} */
  async *bytes(): AsyncGenerator<Uint8Array, void> {
    this.#offset = 0;
    try {
      const failed = this.#handle === null ? await this.#open() : null;
      if (failed !== null && failed.kind !== 'cut') throw new SourceError('another file by now');
      while (this.#handle !== null) {
        const buffer = Buffer.allocUnsafeSlow(TAIL_BYTES);
        const { bytesRead } = await this.#handle.read(buffer, 0, buffer.length, this.#offset);
        if (bytesRead === 0) return;
        this.#offset += bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
    } catch (error) {
      if (error instanceof SourceError) throw error;
      throw new SourceError(describeSystemError(error), { cause: error });
    }
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = null;
    await handle?.close().catch(() => {});
  }
}
