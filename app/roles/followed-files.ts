import { dirname } from 'node:path';
import type { FragmentWriter } from '../../ingest/fragment.ts';
import { type FileLook, FolderIndex, isFile, lookAt } from '../../ingest/sources/tail.ts';
import { type FilePosition, FileReader, type FileReaderOptions, type Origin, type Positions } from './file-reader.ts';
import { type Entry, type FoundFile, type Fresh, holderOf, inodeOf, isStill, looksAs, NEVER } from './followed-file.ts';

/** A file that lost its name is read so long after its last byte: who writes it may have it open still, ms. */
const GRACE_MS = 60_000;
/** A file that says nothing for so long is closed until it looks different: longer than an invocation takes, ms. */
const QUIET_MS = 30 * 60_000;
/** The position of a name that is gone is kept so long, ms; … */
const REMEMBERED_MS = 30 * 24 * 3600_000;
/** … that of a file whose name another one has got, so long. */
const REPLACED_MS = 24 * 3600_000;

export type FollowOptions = Pick<FileReaderOptions, 'lane' | 'reject' | 'onTrouble' | 'gzipTurn' | 'fields'> & {
  readonly dictionary: () => FragmentWriter['dictionary'];
  /** wall clock, ms since 1970 */
  readonly nowMs: () => number;
  /** a clock that never jumps, ms */
  readonly elapsedMs: () => number;
};

/**
 * Which reader reads what. A file keeps its reader and its position when it is renamed; one that lost its name (rotation)
 * is read to its end, and the new file of that name is begun behind it. Only files that say something are open.
 */
export class FollowedFiles {
  readonly #options: FollowOptions;
  readonly #named = new Map<string, Entry>();
  #nameless: Entry[] = [];
  /** what a name meant before, while it is open: it is read first */
  readonly #before = new Map<string, Entry>();
  /** counts what happened to positions besides reading */
  #changes = 0;
  /** of readers that are no more */
  #past = { events: 0, bytes: 0 };
  /** a name means another file by now: worth looking for files before the time */
  hasReplaced = false;

  constructor(options: FollowOptions, kept: Positions) {
    this.#options = options;
    for (const [path, position] of kept) {
      const goneMs = position.goneMs === undefined ? null : Math.min(position.goneMs, options.nowMs());
      const settings = position.settings ?? null;
      const entry: Entry = { path, goneMs, settings, reader: null, position, heardMs: 0, look: null };
      if (goneMs === null) this.#named.set(path, entry);
      else this.#nameless.push(entry);
    }
  }

  /** Those that are open, in the order in which they are to be read. */
  readers(): FileReader[] {
    return this.#entries().flatMap(({ reader }) => reader ?? []);
  }

  #entries(): Entry[] {
    return [...this.#nameless, ...this.#named.values()];
  }

  /** names that are followed */
  get size(): number {
    return this.#named.size;
  }

  /** What was read since the start. */
  get totals(): { events: number; bytes: number } {
    let { events, bytes } = this.#past;
    for (const reader of this.readers()) {
      events += reader.events;
      bytes += reader.bytes;
    }
    return { events, bytes };
  }

  /** Is another whenever positions are. */
  get progress(): string {
    let settled = 0; // the last line of a file may be taken though nothing was read
    for (const { position } of this.readers()) settled += position.offset;
    return `${this.#changes} ${this.totals.bytes} ${settled}`;
  }

  get positions(): Positions {
    return this.#entries().flatMap(({ path, goneMs, reader, position, settings }) => {
      const at = reader?.position ?? position;
      if (at === null) return [];
      const { goneMs: _, settings: __, ...rest } = at;
      return [[path, { ...rest, ...(goneMs !== null && { goneMs }), ...(settings !== null && { settings }) }]];
    });
  }

  /** These are the names to read from now on. True when somebody reads who did not. */
  async follow(found: readonly FoundFile[]): Promise<boolean> {
    const before = new Set(this.readers());
    this.hasReplaced = false;
    const names = new Set(found.map(({ path }) => path));
    // what had lost its name when it was last read, and was not at its end for long enough
    const lost = this.#nameless.filter(({ reader, position }) => reader === null && position?.seen === undefined);
    for (const entry of [...this.#named.values()])
      if (!names.has(entry.path) || entry.reader?.last === 'replaced') lost.push(this.#unname(entry));
    const fresh: Fresh[] = [];
    for (const file of found) {
      const entry = this.#named.get(file.path);
      if (entry !== undefined && entry.reader !== null) continue;
      const look = await lookAt(file.path);
      if (look === null) continue;
      if (entry !== undefined && (await isStill(entry, look))) this.#wake(entry, file.settings, look);
      else {
        if (entry !== undefined) lost.push(this.#unname(entry));
        fresh.push({ ...file, look });
      }
    }
    const byInode = new Map<number | undefined, Entry[]>();
    if (fresh.length > 0)
      for (const entry of this.#entries()) byInode.set(inodeOf(entry), [...(byInode.get(inodeOf(entry)) ?? []), entry]);
    for (const file of fresh) {
      const same = await holderOf(file, byInode.get(file.look.inode) ?? []);
      if (same === 'second name') continue;
      if (same === null) this.#add(file);
      else this.#give(file, same, lost);
    }
    await this.#finish(lost);
    for (const [path, entry] of this.#before) {
      if (entry.reader === null) this.#before.delete(path);
      else this.#named.get(path)?.reader?.waitFor(entry.reader);
    }
    this.#forget();
    return this.readers().some((reader) => !before.has(reader));
  }

  #unname(entry: Entry): Entry {
    this.#named.delete(entry.path);
    if (entry.reader !== null && entry.reader.identity === null)
      entry.reader = null; // was never opened
    else this.#nameless.push(entry);
    this.#before.set(entry.path, entry);
    entry.goneMs = this.#options.nowMs();
    entry.heardMs = this.#options.elapsedMs();
    this.#changes++;
    return entry;
  }

  /** Opens a file that looks different from when it was put aside. */
  #wake(entry: Entry, settings: Origin, look: FileLook): void {
    const { position } = entry;
    if (looksAs(position?.seen, look)) return;
    if (position?.seen !== undefined && position.isGzip === true && !looksAs(entry.look ?? undefined, look)) {
      entry.look = look; // it is being written: reading it again and again would not make that faster
      return;
    }
    this.#open(entry, entry.path, settings, position?.offset === 0 ? null : position);
  }

  #open(entry: Entry, path: string, settings: Origin, position: FilePosition | null): void {
    const { dictionary, nowMs: _, elapsedMs, ...rest } = this.#options;
    entry.settings = settings;
    entry.reader = new FileReader({ ...rest, dictionary: dictionary(), path, settings, position });
    entry.heardMs = elapsedMs();
    entry.look = null;
    this.#changes++;
  }

  /** The file has a new name: its reader and its position go with it. */
  #give({ path, settings, look }: Fresh, entry: Entry, lost: Entry[]): void {
    if (entry.goneMs === null) lost.push(this.#unname(entry));
    this.#nameless = this.#nameless.filter((other) => other !== entry);
    entry.path = path;
    entry.goneMs = null;
    entry.reader?.rename(path);
    this.#named.set(path, entry);
    this.#changes++;
    if (entry.reader === null) this.#wake(entry, settings, look);
  }

  #add({ path, settings }: Fresh): void {
    const entry: Entry = { path, settings, goneMs: null, reader: null, position: null, heardMs: 0, look: null };
    this.#open(entry, path, settings, null);
    this.#named.set(path, entry);
  }

  /** Those that have lost their names: where they are in their folders, and nobody has them open, their tails are read. */
  async #finish(lost: readonly Entry[]): Promise<void> {
    const folders = new FolderIndex();
    for (const entry of lost) {
      const identity = (entry.reader ?? entry.position)?.identity;
      if (entry.goneMs === null || identity == null || entry.position?.isDone === true) continue;
      const { path } = entry;
      const now = await folders.find(dirname(path), identity.inode);
      if (entry.reader !== null) {
        if (now !== null) entry.reader.rename(now); // should it have to be opened again
        continue;
      }
      const { position } = entry;
      if (now !== null && (await isFile(now, identity, position!.offset))) {
        this.#open(entry, now, entry.settings ?? {}, position);
      } else if (this.#named.has(path)) {
        const from = `what it had after byte ${position!.offset}, if anything, was not read`;
        entry.position = { ...position!, seen: NEVER };
        this.#options.onTrouble(path, `it was replaced meanwhile, and the old file is not in its folder: ${from}`);
      }
    }
  }

  /** A piece of each file that has one. True when there was any. */
  async readRound(buffer: Buffer, afterEach: () => Promise<void>, isStopped: () => boolean): Promise<boolean> {
    let isAnyMore = false;
    for (const entry of this.#entries()) {
      const { reader } = entry;
      if (reader === null) continue;
      if (isStopped()) return true;
      const result = await reader.read(buffer);
      if (result === 'more' || result === 'waits' || result === 'aside') isAnyMore = true;
      if (result === 'replaced' && entry.goneMs === null) this.hasReplaced = true;
      await this.#afterRead(entry, reader);
      await afterEach();
    }
    return isAnyMore;
  }

  /** Closes what has nothing more to say. */
  async #afterRead(entry: Entry, reader: FileReader): Promise<void> {
    const atMs = this.#options.elapsedMs();
    const { last } = reader;
    if (last === 'more' || last === 'waits') entry.heardMs = atMs;
    const silentMs = atMs - entry.heardMs;
    const isOver = entry.goneMs === null ? last === 'end' && silentMs >= QUIET_MS : silentMs >= GRACE_MS;
    if (last !== 'aside' && !isOver) return;
    if (last !== 'trouble') reader.setAside();
    entry.position = reader.position;
    entry.reader = null;
    this.#past.events += reader.events;
    this.#past.bytes += reader.bytes;
    this.#changes++;
    await reader.close();
  }

  #forget(): void {
    const nowMs = this.#options.nowMs();
    const kept = this.#nameless.filter(({ path, goneMs, reader }) => {
      const forMs = this.#named.has(path) ? REPLACED_MS : REMEMBERED_MS;
      return reader !== null || nowMs - (goneMs ?? nowMs) < forMs;
    });
    if (kept.length < this.#nameless.length) this.#changes++;
    this.#nameless = kept;
  }

  renew(dictionary: FragmentWriter['dictionary']): void {
    for (const reader of this.readers()) reader.renew(dictionary);
  }

  async close(): Promise<void> {
    for (const reader of this.readers()) await reader.close();
  }
}
