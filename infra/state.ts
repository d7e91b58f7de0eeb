import { dirname, join } from 'node:path';
import { DISK, type Files, TEMPORARY } from './durable-file.ts';
import { digestOf, fileName, pageCost, type Table, writeSnapshotFile } from './state-file.ts';
import { loadChain, snapshotFiles } from './state-load.ts';
import { StorageError } from './storage-error.ts';

/** A new base is written when the deltas together exceed this part of the base … */
const DELTAS_PER_BASE = 0.5;
/** … or are this many, so that a restart opens few files. */
const DELTAS_AT_MOST = 64;

/** The whole state at one moment, with how far it had read its inputs. */
export interface Snapshot {
  readonly pages: Map<string, Uint8Array>;
  /** input → position, as the input counts: what this state has absorbed */
  readonly positions: Record<string, string>;
  /** plain JSON of the caller */
  readonly meta: unknown;
  readonly sequence: number;
  /** newer snapshots that were damaged and passed over, a message each: worth a warning */
  readonly damaged: readonly string[];
}

export interface Saved {
  readonly sequence: number;
  readonly kind: 'base' | 'delta';
  readonly bytes: number;
}

/**
 * Snapshots of named binary pages in one directory: a base and deltas of the pages that changed. State and positions
 * are saved together, whole or not at all: a kill or a power failure at any moment leaves this snapshot or the previous.
 */
export interface Snapshots {
  /**
   * The newest snapshot, null where none was ever saved. Where the newest file is damaged, the one before it, which
   * is right too, only older: its positions say so. @throws {StorageError} CORRUPT, NEWER_VERSION
   */
  load(): Promise<Snapshot | null>;
  /**
   * Saves the state: resolves when it is safe. Pages are compared by hash with the last save and only what changed is
   * written; a page that is not in `pages` is gone. The bytes must not change meanwhile. Needs no second copy of them.
   * On an error the previous snapshot stays and the call may be repeated.
   * @throws {StorageError} DISK_FULL; FENCED where somebody else saved here since
   */
  save(
    pages: ReadonlyMap<string, Uint8Array>,
    positions: Readonly<Record<string, string>>,
    meta: unknown,
  ): Promise<Saved>;
}

/** What the files on disk hold together, kept to find out what changed. */
interface Known {
  /** page → digest */
  readonly digests: ReadonlyMap<string, string>;
  /** sequence number of the newest file of the chain */
  readonly sequence: number;
  readonly baseBytes: number;
  readonly deltaBytes: number;
  readonly deltas: number;
}

class DirectorySnapshots implements Snapshots {
  readonly #files: Files;
  readonly #dir: string;
  #known: Known | null = null;
  /** the highest sequence number ever seen here, readable or not */
  #highest: number;
  #saving: Promise<unknown> = Promise.resolve();

  constructor(files: Files, dir: string, highest: number) {
    this.#files = files;
    this.#dir = dir;
    this.#highest = highest;
  }

  async load(): Promise<Snapshot | null> {
    await this.#saving;
    const found = await loadChain(this.#files, this.#dir);
    if (found === null) return null;
    const { links, pages } = found.chain;
    const newest = links[links.length - 1]!.table;
    const deltas = links.slice(1);
    this.#known = {
      digests: new Map([...pages].map(([name, page]) => [name, digestOf(page)])),
      sequence: newest.sequence,
      baseBytes: links[0]!.bytes,
      deltaBytes: deltas.reduce((sum, { bytes }) => sum + bytes, 0),
      deltas: deltas.length,
    };
    this.#highest = Math.max(0, ...(await snapshotFiles(this.#files, this.#dir)).keys());
    const positions: Record<string, string> = Object.fromEntries(newest.positions);
    return { pages, positions, meta: newest.meta, sequence: newest.sequence, damaged: found.damaged };
  }

  async save(
    pages: ReadonlyMap<string, Uint8Array>,
    positions: Readonly<Record<string, string>>,
    meta: unknown,
  ): Promise<Saved> {
    const saving = this.#saving.then(() => this.#save(pages, { positions: Object.entries(positions), meta }));
    this.#saving = saving.catch(() => {}); // the next save does not depend on this one
    return await saving;
  }

  async #save(pages: ReadonlyMap<string, Uint8Array>, input: Pick<Table, 'positions' | 'meta'>): Promise<Saved> {
    await this.#refuseIfFenced();
    const digests = new Map([...pages].map(([name, page]) => [name, digestOf(page)]));
    const changed = [...pages].filter(([name]) => this.#known?.digests.get(name) !== digests.get(name));
    const removed = [...(this.#known?.digests.keys() ?? [])].filter((name) => !pages.has(name));
    const base = this.#extends(changed);
    const previous = base?.sequence ?? null;
    const sequence = this.#highest + 1;
    const rest = { sequence, previous, removed: base === null ? [] : removed, ...input };
    const path = join(this.#dir, fileName(sequence, previous));
    let bytes: number;
    try {
      bytes = await writeSnapshotFile(this.#files, path, base === null ? pages : changed, rest);
    } catch (error) {
      // Written and named, but the directory may not be safe: it counts as a file, not as a snapshot to go on from.
      if ((await snapshotFiles(this.#files, this.#dir)).has(sequence)) this.#highest = sequence;
      throw error;
    }
    this.#highest = sequence;
    if (base === null) {
      this.#known = { digests, sequence, baseBytes: bytes, deltaBytes: 0, deltas: 0 };
      await this.#removeBefore(sequence);
    } else {
      this.#known = { ...base, digests, sequence, deltaBytes: base.deltaBytes + bytes, deltas: base.deltas + 1 };
    }
    return { sequence, kind: base === null ? 'base' : 'delta', bytes };
  }

  /** The chain that a delta of `changed` may go on, null where a new base is due. */
  #extends(changed: readonly (readonly [string, Uint8Array])[]): Known | null {
    const known = this.#known;
    if (known === null || known.deltas >= DELTAS_AT_MOST) return null;
    const bytes = changed.reduce((sum, [name, page]) => sum + pageCost(name, page), known.deltaBytes);
    return bytes > known.baseBytes * DELTAS_PER_BASE ? null : known;
  }

  async #refuseIfFenced(): Promise<void> {
    const newest = Math.max(0, ...(await snapshotFiles(this.#files, this.#dir)).keys());
    if (newest <= this.#highest) return;
    throw new StorageError(
      'FENCED',
      `${this.#dir}: snapshot ${newest} was saved by somebody else after ${this.#highest}`,
    );
  }

  /** The new base is safe: what came before it is not needed any more. */
  async #removeBefore(sequence: number): Promise<void> {
    for (const [old, name] of await snapshotFiles(this.#files, this.#dir)) {
      if (old < sequence) await this.#files.remove(join(this.#dir, name));
    }
  }
}

/**
 * Opens the snapshots in `dir`, made if it is not there. Only one process may save; a second is noticed at the next
 * save (`FENCED`) and must not go on. Without `load` first, the first save begins anew with a base.
 */
export async function openSnapshots(dir: string, files: Files = DISK): Promise<Snapshots> {
  await files.makeDirectory(dir);
  await files.syncDirectory(dirname(dir));
  for (const name of await files.list(dir)) if (name.endsWith(TEMPORARY)) await files.remove(join(dir, name));
  await files.syncDirectory(dir); // what is loaded is gone on from: it must not vanish any more
  const highest = Math.max(0, ...(await snapshotFiles(files, dir)).keys());
  return new DirectorySnapshots(files, dir, highest);
}
