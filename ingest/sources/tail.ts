import { type FileHandle, open } from 'node:fs/promises';
import { describeSystemError } from './inputs.ts';

const CHUNK_BYTES = 256 * 1024;

/** Which file it is, however it is called now. */
export interface FileIdentity {
  readonly device: number;
  readonly inode: number;
}

/** What became of a file between two reads. */
export type TailEvent =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  /** nothing more at present */
  | { readonly kind: 'end' }
  /** it is another file now, or was cut: reading begins anew at its start */
  | { readonly kind: 'replaced' }
  /** it cannot be read at present; the next call tries again */
  | { readonly kind: 'trouble'; readonly message: string };

/**
 * Reads a file that grows, as `tail -F` does: a renamed file is read to its end before the new one of that name is begun.
 * Its bytes are valid until the next call.
 */
export class TailedFile {
  readonly path: string;
  #handle: FileHandle | null = null;
  #identity: FileIdentity | null;
  #offset: number;
  readonly #buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);

  /** @param identity that of the file which was read up to `offset` before; null = any */
  constructor(path: string, offset = 0, identity: FileIdentity | null = null) {
    this.path = path;
    this.#offset = offset;
    this.#identity = identity;
  }

  get identity(): FileIdentity | null {
    return this.#identity;
  }

  async read(): Promise<TailEvent> {
    try {
      return await this.#read();
    } catch (error) {
      await this.close();
      return { kind: 'trouble', message: describeSystemError(error) };
    }
  }

  async #read(): Promise<TailEvent> {
    if (this.#handle === null) {
      const handle = await open(this.path);
      this.#handle = handle;
      const { dev: device, ino: inode, size } = await handle.stat();
      const known = this.#identity;
      this.#identity = { device, inode };
      if ((known !== null && (known.device !== device || known.inode !== inode)) || size < this.#offset) {
        this.#offset = 0;
        return { kind: 'replaced' };
      }
    }
    const { bytesRead } = await this.#handle.read(this.#buffer, 0, CHUNK_BYTES, this.#offset);
    if (bytesRead > 0) {
      this.#offset += bytesRead;
      return { kind: 'bytes', bytes: this.#buffer.subarray(0, bytesRead) };
    }
    return (await this.#isReplaced()) ? { kind: 'replaced' } : { kind: 'end' };
  }

  /** At the end of what is open: looks whether the name means another file, or the same one with less in it. */
  async #isReplaced(): Promise<boolean> {
    const handle = this.#handle as FileHandle;
    if ((await handle.stat()).size < this.#offset) {
      this.#offset = 0;
      return true;
    }
    const next = await open(this.path).catch(() => null); // renamed, and nothing new there yet
    if (next === null) return false;
    const { dev: device, ino: inode } = await next.stat();
    if (device === this.#identity?.device && inode === this.#identity.inode) {
      await next.close();
      return false;
    }
    await handle.close();
    this.#handle = next;
    this.#identity = { device, inode };
    this.#offset = 0;
    return true;
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = null;
    await handle?.close().catch(() => {});
  }
}
