import { type FileLook, isFile, lookAt } from '../../ingest/sources/tail.ts';
import type { FilePosition, FileReader, Origin } from './file-reader.ts';

/** A file that is to be read, and what it does not tell itself. */
export interface FoundFile {
  readonly path: string;
  readonly settings: Origin;
}

/** One file that is, or was, followed. */
export interface Entry {
  /** its name, or the last one that it had */
  path: string;
  /** since when it has no name, ms; null = it has one */
  goneMs: number | null;
  /** null = nobody has it open; then its position is known */
  reader: FileReader | null;
  position: FilePosition | null;
  settings: Origin | null;
  /** when its reader last had something, ms */
  heardMs: number;
  /** a compressed file that was not whole: how it looked at the last discovery. It is tried again once it rests */
  look: FileLook | null;
}

export type Fresh = FoundFile & { readonly look: FileLook };

/** Looks like no file: there is nothing to find any more. */
export const NEVER = { sizeBytes: -1, modifiedMs: 0 };

export const inodeOf = ({ reader, position }: Entry): number | undefined => (reader ?? position)?.identity?.inode;
export const looksAs = (a: FilePosition['seen'] | null, b: FileLook): boolean =>
  a?.sizeBytes === b.sizeBytes && a.modifiedMs === b.modifiedMs;

/** One that nobody has open is still what its name means. */
export async function isStill({ path, position }: Entry, look: FileLook): Promise<boolean> {
  if (position?.identity == null) return true;
  if (position.identity.inode !== look.inode) return false;
  if (looksAs(position.seen, look)) return true;
  // begun anew in any case: compressed, or cut
  return position.offset === 0 || look.sizeBytes < position.offset || isFile(path, position.identity, position.offset);
}

/** Which of the files that are known this name means. */
export async function holderOf(
  { path, look }: Fresh,
  candidates: readonly Entry[],
): Promise<Entry | 'second name' | null> {
  for (const entry of candidates) {
    const at = entry.reader?.position ?? entry.position;
    if (at?.identity == null) continue;
    const isAsPutAside = entry.reader === null && looksAs(at.seen, look);
    // device numbers change from mount to mount: they tell only what is open; an empty head tells nothing
    if (entry.reader === null ? at.offset === 0 && !isAsPutAside : at.identity.device !== look.device) continue;
    if (!isAsPutAside && !(await isFile(path, at.identity, at.offset))) continue;
    if (entry.goneMs !== null) return entry;
    const still = await lookAt(entry.path);
    return still?.inode === look.inode && still.device === look.device ? 'second name' : entry;
  }
  return null;
}
