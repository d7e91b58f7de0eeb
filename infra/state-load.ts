import { join } from 'node:path';
import type { Files, OpenFile } from './durable-file.ts';
import { type PageEntry, readPage, readTable, sequenceOf, type Table } from './state-file.ts';
import { StorageError } from './storage-error.ts';

/** A snapshot file with its table. */
export interface ChainLink {
  readonly name: string;
  readonly bytes: number;
  readonly table: Table;
}

export interface Chain {
  /** base first, newest last */
  readonly links: readonly ChainLink[];
  readonly pages: Map<string, Uint8Array>;
}

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
    table: await readTable(file),
  }));
}

/** The files from the base to `name`. @throws {StorageError} CORRUPT */
async function readLinks(
  files: Files,
  dir: string,
  names: ReadonlyMap<number, string>,
  newest: string,
): Promise<ChainLink[]> {
  const links = [await readLink(files, dir, newest)];
  for (let previous = links[0]!.table.previous; previous !== null; previous = links[0]!.table.previous) {
    const name = names.get(previous);
    const after = links[0]!.table.sequence;
    if (name === undefined || previous >= after) {
      throw new StorageError('CORRUPT', `${join(dir, newest)}: it builds on snapshot ${previous}, which is not there`);
    }
    links.unshift(await readLink(files, dir, name));
  }
  return links;
}

/** Reads each live page once, from the newest file that has it: no more memory than the pages take. */
async function readPages(files: Files, dir: string, links: readonly ChainLink[]): Promise<Map<string, Uint8Array>> {
  const places = new Map<string, { link: ChainLink; entry: PageEntry }>();
  for (const link of links) {
    for (const name of link.table.removed) places.delete(name);
    for (const entry of link.table.pages) places.set(entry[0], { link, entry });
  }
  const pages = new Map<string, Uint8Array>();
  for (const link of links) {
    const entries = link.table.pages.filter(([name]) => places.get(name)?.link === link);
    await using(files, join(dir, link.name), async (file) => {
      for (const entry of entries) pages.set(entry[0], await readPage(file, entry));
    });
  }
  return pages;
}

/** Sequence number → file name. */
export async function snapshotFiles(files: Files, dir: string): Promise<Map<number, string>> {
  const found = new Map<number, string>();
  for (const name of await files.list(dir)) {
    const sequence = sequenceOf(name);
    if (sequence !== null) found.set(sequence, name);
  }
  return new Map([...found].sort(([a], [b]) => a - b));
}

/**
 * The newest snapshot that is whole. Null where there never was one.
 * @throws {StorageError} CORRUPT where there are files and none can be read, NEWER_VERSION
 */
export async function loadChain(files: Files, dir: string): Promise<{ chain: Chain; damaged: string[] } | null> {
  const names = await snapshotFiles(files, dir);
  const damaged: string[] = [];
  for (const newest of [...names.values()].reverse()) {
    try {
      const links = await readLinks(files, dir, names, newest);
      return { chain: { links, pages: await readPages(files, dir, links) }, damaged };
    } catch (error) {
      if (!(error instanceof StorageError && error.code === 'CORRUPT')) throw error;
      damaged.push(error.message);
    }
  }
  if (damaged.length === 0) return null;
  throw new StorageError('CORRUPT', `no snapshot can be read:\n${damaged.join('\n')}`);
}
