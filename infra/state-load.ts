import { join } from 'node:path';
import { type Files, isVanished, type OpenFile } from './durable-file.ts';
import { type PageEntry, readPage, readTable, sequenceOf, type Table } from './state-file.ts';
import { StorageError } from './storage-error.ts';

/** A snapshot file with its table. */
export interface ChainLink {
  readonly name: string;
  readonly bytes: number;
  readonly table: Table;
  readonly identity: string;
}

export interface Chain {
  /** base first, newest last */
  readonly links: readonly ChainLink[];
  readonly pages: Map<string, Uint8Array>;
  /** page → digest; '' where the file is too old to tell */
  readonly digests: Map<string, string>;
}

/** What a folder held at one moment. */
export interface Found {
  /** null where there never was a snapshot */
  readonly chain: Chain | null;
  /** why newer files were passed over */
  readonly damaged: readonly string[];
  /** names of the folder when it was looked at */
  readonly names: readonly string[];
}

/** Lists of the folder that a load looks at: each further one means that somebody wrote a whole new base meanwhile. */
const ATTEMPTS = 10;

async function using<T>(files: Files, path: string, run: (file: OpenFile) => Promise<T>): Promise<T> {
  const file = await files.open(path, 'read');
  try {
    return await run(file);
  } finally {
    await file.close();
  }
}

async function readLink(files: Files, dir: string, name: string): Promise<ChainLink> {
  return await using(files, join(dir, name), async (file) => ({
    name,
    bytes: await file.size(),
    ...(await readTable(file)),
  }));
}

/** The files from the base to `newest`. @throws {StorageError} CORRUPT */
async function readLinks(
  files: Files,
  dir: string,
  names: ReadonlyMap<number, string>,
  newest: string,
): Promise<ChainLink[]> {
  const links = [await readLink(files, dir, newest)];
  for (let after = links[0]!.table; after.previous !== null; after = links[0]!.table) {
    const name = names.get(after.previous);
    const builds = `${join(dir, newest)}: it builds on snapshot ${after.previous}`;
    if (name === undefined || after.previous >= after.sequence) {
      throw new StorageError('CORRUPT', `${builds}, which is not there`);
    }
    const link = await readLink(files, dir, name);
    if (after.previousIdentity !== undefined && after.previousIdentity !== link.identity) {
      throw new StorageError('CORRUPT', `${builds} as it was before somebody else saved under that number`);
    }
    links.unshift(link);
  }
  return links;
}

/** Reads each live page once, from the newest file that has it: no more memory than the pages take. */
async function readChain(files: Files, dir: string, links: readonly ChainLink[]): Promise<Chain> {
  const places = new Map<string, { link: ChainLink; entry: PageEntry }>();
  for (const link of links) {
    for (const name of link.table.removed) places.delete(name);
    for (const entry of link.table.pages) places.set(entry[0], { link, entry });
  }
  const pages = new Map<string, Uint8Array>();
  for (const link of links) {
    const entries = link.table.pages.filter(([name]) => places.get(name)?.link === link);
    if (entries.length === 0) continue;
    await using(files, join(dir, link.name), async (file) => {
      for (const entry of entries) pages.set(entry[0], await readPage(file, entry));
    });
  }
  return { links, pages, digests: new Map([...places].map(([name, { entry }]) => [name, entry[4] ?? ''])) };
}

/** Sequence number → file name, ascending. */
export function snapshotsAmong(names: readonly string[]): Map<number, string> {
  const found = new Map<number, string>();
  for (const name of names) {
    const sequence = sequenceOf(name);
    if (sequence !== null) found.set(sequence, name);
  }
  return new Map([...found].sort(([a], [b]) => a - b));
}

/** The newest snapshot among `names` that is whole; files that are damaged are passed over with a word in `damaged`. */
async function newestOf(files: Files, dir: string, names: readonly string[], damaged: string[]): Promise<Chain | null> {
  const snapshots = snapshotsAmong(names);
  for (const newest of [...snapshots.values()].reverse()) {
    try {
      return await readChain(files, dir, await readLinks(files, dir, snapshots, newest));
    } catch (error) {
      if (isVanished(error)) damaged.push(`${join(dir, newest)}: a file of its chain was removed while it was read`);
      else if (error instanceof StorageError && error.code === 'CORRUPT') damaged.push(error.message);
      else throw error;
    }
  }
  return null;
}

/**
 * The newest snapshot that is whole. Others may save and remove old chains meanwhile, and a list of a folder is no moment
 * in time: whatever looks damaged is believed only if the folder has not changed since it was listed.
 * @throws {StorageError} CORRUPT where there are files and none can be read, NEWER_VERSION
 */
export async function loadChain(files: Files, dir: string): Promise<Found> {
  let damaged: string[] = [];
  for (let names = await files.list(dir), attempt = 1; ; attempt++) {
    damaged = [];
    const chain = await newestOf(files, dir, names, damaged);
    if (damaged.length === 0) return { chain, damaged, names };
    const now = await files.list(dir);
    const isSame = [...snapshotsAmong(now).values()].join() === [...snapshotsAmong(names).values()].join();
    if (chain !== null && isSame) return { chain, damaged, names };
    if (isSame || attempt === ATTEMPTS) break;
    names = now;
  }
  throw new StorageError('CORRUPT', `no snapshot can be read:\n${damaged.join('\n')}`);
}

/** The newest file whose table can be read, with what it says; null where there is none. @throws {StorageError} NEWER_VERSION */
export async function newestTable(files: Files, dir: string, names: readonly string[]): Promise<Table | null> {
  for (const name of [...snapshotsAmong(names).values()].reverse()) {
    try {
      return (await readLink(files, dir, name)).table;
    } catch (error) {
      if (!isVanished(error) && !(error instanceof StorageError && error.code === 'CORRUPT')) throw error;
    }
  }
  return null;
}
