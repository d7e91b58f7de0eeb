import { basename, dirname } from 'node:path';
import type { Files, OpenFile } from './durable-file.ts';
import { StorageError } from './storage-error.ts';

/** Parts of a write smaller than this reach the disk together or not at all. */
const SECTOR_BYTES = 16;

interface Inode {
  /** what programs see, and what a power failure leaves for certain */
  bytes: Buffer;
  synced: Buffer;
  modifiedMs: number;
}

/** The power went: thrown by every operation from then on. */
export class PowerFailure extends Error {
  override readonly name = 'PowerFailure';
}

/**
 * A disk in memory that behaves as badly as a real one may. What was not synced is lost in parts, sector by sector and
 * in any order; so are names that were made, renamed or removed without a sync of their directory. It can fail at the
 * n-th operation and can be full. Deterministic: chance comes from the seed.
 */
export class SimulatedDisk implements Files {
  /** operations left until the power goes; a write or sync may be done in part then */
  operationsLeft = Number.POSITIVE_INFINITY;
  /** bytes that may still be written before the disk is full */
  freeBytes = Number.POSITIVE_INFINITY;
  /** syncs left until one fails, as on a dying disk */
  syncsLeft = Number.POSITIVE_INFINITY;
  /** the clock of the file system, ms: stands still unless a test moves it */
  nowMs = 0;
  /** false = a file system without hard links */
  hasLinks = true;
  /** called before each operation: tests let others go first here */
  pause: () => Promise<void> = async () => {};
  #names = new Map<string, Inode>();
  #syncedNames = new Map<string, Inode>();
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** Switches the power on again: what a computer finds after the failure. */
  restart(): void {
    const survivors = new Map<string, Inode>();
    const names = new Set([...this.#names.keys(), ...this.#syncedNames.keys()]);
    for (const name of names) {
      const choice = this.#random() < 0.5 ? this.#names : this.#syncedNames;
      const inode = choice.get(name);
      if (inode !== undefined) survivors.set(name, inode);
    }
    for (const inode of new Set(survivors.values())) this.#loseUnsynced(inode);
    this.#names = survivors;
    this.#syncedNames = new Map(survivors);
    this.operationsLeft = Number.POSITIVE_INFINITY;
  }

  /** For tests that damage a file: its bytes, live. */
  contents(path: string): Buffer {
    return this.#inode(path).bytes;
  }

  replace(path: string, bytes: Buffer): void {
    const inode: Inode = { bytes: Buffer.from(bytes), synced: Buffer.from(bytes), modifiedMs: this.nowMs };
    this.#names.set(path, inode);
    this.#syncedNames.set(path, inode);
  }

  async makeDirectory(): Promise<void> {}

  async list(dir: string): Promise<string[]> {
    await this.pause();
    const paths = [...this.#names.keys()].filter((path) => dirname(path) === dir);
    return paths.map((path) => basename(path)).sort((a, b) => (a < b ? -1 : 1));
  }

  async open(path: string, mode: 'read' | 'write' | 'create'): Promise<OpenFile> {
    await this.pause();
    this.#spend();
    if (mode === 'create') this.#create(path);
    const inode = this.#inode(path);
    return {
      path,
      size: async () => inode.bytes.length,
      read: async (target, position) => {
        await this.pause();
        return inode.bytes.copy(target, 0, position);
      },
      write: async (bytes, position) => {
        await this.pause();
        this.#write(inode, bytes, position, path);
      },
      truncate: async (size) => {
        this.#spend();
        inode.bytes = Buffer.from(inode.bytes.subarray(0, size));
      },
      sync: async () => {
        await this.pause();
        this.#spend();
        if (--this.syncsLeft < 0) throw new Error(`EIO: i/o error, fsync ${path}`);
        inode.synced = Buffer.from(inode.bytes);
      },
      close: async () => {},
    };
  }

  async rename(from: string, to: string): Promise<void> {
    await this.pause();
    this.#spend();
    this.#names.set(to, this.#inode(from));
    this.#names.delete(from);
  }

  async link(from: string, to: string): Promise<'linked' | 'exists' | 'unsupported'> {
    await this.pause();
    this.#spend();
    const inode = this.#inode(from);
    if (!this.hasLinks) return 'unsupported';
    if (this.#names.has(to)) return 'exists';
    this.#names.set(to, inode);
    return 'linked';
  }

  async claim(path: string): Promise<boolean> {
    await this.pause();
    this.#spend();
    if (this.#names.has(path)) return false;
    this.#create(path);
    return true;
  }

  async modifiedMs(path: string): Promise<number> {
    await this.pause();
    return this.#inode(path).modifiedMs;
  }

  async remove(path: string): Promise<void> {
    await this.pause();
    this.#spend();
    this.#names.delete(path);
  }

  async syncDirectory(dir: string): Promise<void> {
    await this.pause();
    this.#spend();
    for (const path of this.#syncedNames.keys()) if (dirname(path) === dir) this.#syncedNames.delete(path);
    for (const [path, inode] of this.#names) if (dirname(path) === dir) this.#syncedNames.set(path, inode);
  }

  async lock(): Promise<() => Promise<void>> {
    return async () => {};
  }

  /** A number in [0, 1): mulberry32. */
  #random(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  #spend(): void {
    if (--this.operationsLeft < 0) throw new PowerFailure('the power went');
  }

  #inode(path: string): Inode {
    const inode = this.#names.get(path);
    if (inode === undefined) throw Object.assign(new Error(`ENOENT: no such file, ${path}`), { code: 'ENOENT' });
    return inode;
  }

  #create(path: string): void {
    const old = this.#names.get(path);
    if (old === undefined)
      this.#names.set(path, { bytes: Buffer.alloc(0), synced: Buffer.alloc(0), modifiedMs: this.nowMs });
    else old.bytes = Buffer.alloc(0);
  }

  #write(inode: Inode, bytes: Uint8Array, position: number, path: string): void {
    const fits = Math.min(bytes.length, this.freeBytes);
    this.freeBytes -= fits;
    const dying = this.operationsLeft < 1;
    const done = dying ? Math.floor(this.#random() * (fits + 1)) : fits;
    const grown = Buffer.alloc(Math.max(inode.bytes.length, position + done));
    inode.bytes.copy(grown);
    grown.set(bytes.subarray(0, done), position);
    inode.bytes = grown;
    inode.modifiedMs = this.nowMs;
    this.#spend();
    if (fits < bytes.length) throw new StorageError('DISK_FULL', `cannot write ${path}: the disk is full`);
  }

  /** Sectors and length each come from before or after the last sync, by chance. */
  #loseUnsynced(inode: Inode): void {
    const { bytes, synced } = inode;
    const shortest = Math.min(bytes.length, synced.length);
    const longest = Math.max(bytes.length, synced.length);
    const kept = Buffer.alloc(shortest + Math.floor(this.#random() * (longest - shortest + 1)));
    for (let at = 0; at < kept.length; at += SECTOR_BYTES) {
      const end = Math.min(at + SECTOR_BYTES, kept.length);
      kept.set((this.#random() < 0.5 ? bytes : synced).subarray(at, end), at);
    }
    inode.bytes = kept;
    inode.synced = Buffer.from(kept);
  }
}
