import { dirname, join } from 'node:path';
import { DISK, type Files, isVanished, TEMPORARY, temporaryOf, writeTemporary } from './durable-file.ts';
import { claimName, fileName, type Pages, type Table, takenBy, type Written, writeSnapshot } from './state-file.ts';
import { loadChain, newestTable, snapshotsAmong } from './state-load.ts';
import { refuseIfBehind } from './state-positions.ts';
import { StorageError } from './storage-error.ts';

/** A new base is written when the deltas together would exceed this part of the base … */
const DELTAS_PER_BASE = 0.5;
/** … or are this many, so that a restart opens few files. */
const DELTAS_AT_MOST = 64;
/** A temporary file that nobody wrote to for so long is nobody's any more, ms. */
const ABANDONED_MS = 10 * 60_000;

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
 * The directory may be shared: whoever was overtaken is told so (`FENCED`), and changes nothing.
 */
export interface Snapshots {
  /**
   * The newest snapshot, null where none was ever saved. Where the newest file is damaged, the one before it, which
   * is right too, only older: its positions say so. After `FENCED`, this is how to go on: drop the state, load, save.
   * @throws {StorageError} CORRUPT, NEWER_VERSION
   */
  load(): Promise<Snapshot | null>;
  /**
   * Saves the state: resolves when it is safe. Pages are compared by hash with the last save and only what changed is
   * written; a page that is not in `pages` is gone. Pages are asked for once each, in turn, and may be made then: the bytes
   * of one must not change until the next is asked for, so a generator may use one buffer for all and the whole state needs
   * no second copy. Takes about 0.3 s for 350 MB besides writing, in slices of a few milliseconds.
   * On an error the previous snapshot stays and the call may be repeated.
   * @param positions those that are whole numbers must not be behind those of the newest snapshot here: what read its input
   *   further knows more. An input that begins anew (a file that was cut, a topic made anew) needs a name of its own
   * @throws {StorageError} DISK_FULL; FENCED where somebody else saved here since: `load`, or stop
   */
  save(pages: Pages, positions: Readonly<Record<string, string>>, meta: unknown): Promise<Saved>;
}

/** What the files on disk hold together, kept to find out what changed. */
interface Known {
  /** page → digest */
  readonly digests: ReadonlyMap<string, string>;
  /** of the newest file of the chain */
  readonly sequence: number;
  readonly identity: string;
  readonly baseBytes: number;
  readonly deltaBytes: number;
  readonly deltas: number;
  /** what changed between the last two saves: about what the next delta will take */
  readonly lastBytes: number;
}

class DirectorySnapshots implements Snapshots {
  readonly #files: Files;
  readonly #dir: string;
  #known: Known | null = null;
  /** positions of the newest snapshot here; null = not looked at yet */
  #positions: Table['positions'] | null = null;
  /** the highest sequence number of a file seen here, readable or not, and of what was only claimed: higher is somebody else's */
  #newest: number;
  #highest: number;
  #saving: Promise<unknown> = Promise.resolve();

  /** @param names of what is in `dir` */
  constructor(files: Files, dir: string, names: readonly string[]) {
    this.#files = files;
    this.#dir = dir;
    this.#newest = newestAmong(names);
    this.#highest = highestOf(names);
  }

  async load(): Promise<Snapshot | null> {
    await this.#saving;
    const { chain, damaged, names } = await loadChain(this.#files, this.#dir);
    this.#newest = newestAmong(names);
    this.#highest = highestOf(names);
    if (chain === null) return null;
    const { links, pages, digests } = chain;
    const { table, identity } = links[links.length - 1]!;
    const deltas = links.slice(1);
    this.#known = {
      digests,
      sequence: table.sequence,
      identity,
      baseBytes: links[0]!.bytes,
      deltaBytes: deltas.reduce((sum, { bytes }) => sum + bytes, 0),
      deltas: deltas.length,
      lastBytes: deltas.at(-1)?.bytes ?? 0,
    };
    this.#positions = table.positions;
    const positions: Record<string, string> = Object.fromEntries(table.positions);
    return { pages, positions, meta: table.meta, sequence: table.sequence, damaged };
  }

  async save(pages: Pages, positions: Readonly<Record<string, string>>, meta: unknown): Promise<Saved> {
    const saving = this.#saving.then(() => this.#save(pages, { positions: Object.entries(positions), meta }));
    this.#saving = saving.catch(() => {}); // the next save does not depend on this one
    return await saving;
  }

  async #save(pages: Pages, input: Pick<Table, 'positions' | 'meta'>): Promise<Saved> {
    const names = await this.#files.list(this.#dir);
    this.#refuseIfOvertaken(names);
    this.#positions ??= (await newestTable(this.#files, this.#dir, names))?.positions ?? [];
    refuseIfBehind(this.#dir, this.#positions, input.positions);
    const base = this.#extends();
    const sequence = this.#highest + 1;
    const { sequence: previous, identity: previousIdentity } = base ?? { sequence: null, identity: null };
    const rest = { sequence, previous, previousIdentity, ...input };
    const temporary = temporaryOf(join(this.#dir, fileName(sequence)));
    let written!: Written;
    await writeTemporary(
      this.#files,
      temporary,
      async (file) => {
        written = await writeSnapshot(file, pages, this.#known?.digests ?? new Map(), rest);
      },
      () => this.#publish(temporary, sequence),
    ).catch((error: unknown) => {
      // its temporary file is gone: somebody took it for abandoned, who wrote a base while this process slept
      throw isVanished(error) ? this.#fenced(`somebody else saved while ${temporary} was written`) : error;
    });
    this.#positions = input.positions;
    const { identity, digests, bytes } = written;
    const lastBytes = this.#known === null ? 0 : written.changedBytes;
    const now = { digests, sequence, identity, lastBytes };
    if (base === null) this.#known = { ...now, baseBytes: bytes, deltaBytes: 0, deltas: 0 };
    else this.#known = { ...base, ...now, deltaBytes: base.deltaBytes + bytes, deltas: base.deltas + 1 };
    await this.#clean(sequence, base === null);
    return { sequence, kind: base === null ? 'base' : 'delta', bytes };
  }

  /** The chain that a delta may go on, null where a new base is due. */
  #extends(): Known | null {
    const known = this.#known;
    if (known === null || known.deltas >= DELTAS_AT_MOST) return null;
    return known.deltaBytes + known.lastBytes > known.baseBytes * DELTAS_PER_BASE ? null : known;
  }

  /** Names the file, if nobody was faster, and makes the name safe. @throws {StorageError} FENCED */
  async #publish(temporary: string, sequence: number): Promise<void> {
    const linked = await this.#files.link(temporary, join(this.#dir, fileName(sequence)));
    if (linked === 'exists') throw this.#fenced(`snapshot ${sequence} was saved by somebody else meanwhile`);
    // From here on the number is used up, whatever happens: it counts as a file, not as a snapshot to go on from.
    if (linked === 'linked') {
      this.#highest = this.#newest = sequence;
      await this.#files.remove(temporary).catch(() => {}); // cleaned later
    } else await this.#publishByClaim(temporary, sequence);
    await this.#files.syncDirectory(this.#dir);
    // Numbers below a new base are free again: who slept for long may have taken one of them.
    this.#refuseIfOvertaken(await this.#files.list(this.#dir));
  }

  /** Where there are no hard links: an empty file takes the number, and only who made it may rename his to the snapshot. */
  async #publishByClaim(temporary: string, sequence: number): Promise<void> {
    if (!(await this.#files.claim(join(this.#dir, claimName(sequence))))) {
      throw this.#fenced(`snapshot ${sequence} is being saved by somebody else`);
    }
    this.#highest = sequence;
    try {
      // A number that was only claimed when this process last looked may have become a snapshot since.
      this.#refuseIfOvertaken(await this.#files.list(this.#dir));
    } catch (error) {
      await this.#files.remove(join(this.#dir, claimName(sequence))).catch(() => {});
      throw error;
    }
    this.#newest = sequence;
    await this.#files.rename(temporary, join(this.#dir, fileName(sequence)));
  }

  #refuseIfOvertaken(names: readonly string[]): void {
    const newest = newestAmong(names);
    if (newest > this.#newest)
      throw this.#fenced(`snapshot ${newest} was saved by somebody else after ${this.#newest}`);
    const highest = highestOf(names);
    if (highest > this.#highest) throw this.#fenced(`snapshot ${highest} is being saved by somebody else`);
  }

  #fenced(what: string): StorageError {
    return new StorageError('FENCED', `${this.#dir}: ${what}`);
  }

  /**
   * Removes what a new base replaces, and temporary files that a crash left. Others may be writing theirs into a shared
   * folder, on other hosts too, so neither a process id nor this host's clock tells whether one is in use: only that it has
   * not been written to for long, by the clock of the file system that also dated the file just saved. A process that
   * slept for longer finds its file gone, and is rightly told that it was overtaken.
   */
  async #clean(sequence: number, isBase: boolean): Promise<void> {
    const names = await this.#files.list(this.#dir);
    const old = isBase ? names.filter((name) => (takenBy(name) ?? sequence) < sequence) : [];
    for (const name of old) await this.#files.remove(join(this.#dir, name));
    const temporaries = names.filter((name) => name.startsWith('snapshot-') && name.endsWith(TEMPORARY));
    if (temporaries.length === 0) return;
    const modifiedMs = (name: string) =>
      this.#files.modifiedMs(join(this.#dir, name)).catch((error: unknown) => {
        if (isVanished(error)) return Number.NaN; // its owner was faster, or somebody else cleans too
        throw error;
      });
    const nowMs = await modifiedMs(fileName(sequence));
    for (const name of temporaries) {
      if (nowMs - (await modifiedMs(name)) > ABANDONED_MS) await this.#files.remove(join(this.#dir, name));
    }
  }
}

const highestOf = (names: readonly string[]): number =>
  names.reduce((max, name) => Math.max(max, takenBy(name) ?? 0), 0);
const newestAmong = (names: readonly string[]): number => Math.max(0, ...snapshotsAmong(names).keys());

/**
 * Opens the snapshots in `dir`, made if it is not there. Several processes may have it open: the one that saved last goes
 * on, the others hear `FENCED` at their next save. Without `load` first, the first save begins anew with a base.
 */
export async function openSnapshots(dir: string, files: Files = DISK): Promise<Snapshots> {
  await files.makeDirectory(dir);
  await files.syncDirectory(dirname(dir));
  await files.syncDirectory(dir); // what is loaded is gone on from: it must not vanish any more
  return new DirectorySnapshots(files, dir, await files.list(dir));
}
