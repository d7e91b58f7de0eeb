import { type FileHandle, open } from 'node:fs/promises';
import type { Notice } from '../../alerts/notice.ts';
import type { Outcome } from '../../alerts/sinks/sink.ts';
import type { Outlet } from './outlet.ts';

interface FileMark {
  /** bytes of the file that hold what was delivered */
  readonly size: number;
  readonly inode: number;
}

/** A notice as one line of JSON. */
export const lineOf = (notice: Notice): string => `${JSON.stringify(notice)}\n`;

/**
 * Lines behind what is in the file. What a process wrote that died before it could say so, or what a full disk took of a
 * batch, is cut off again and written anew: each notice stands there once. A file that somebody has replaced or shortened
 * is left as it is.
 * @param mark of the last process; null = there was none
 */
export function fileOutlet(name: string, path: string, mark: unknown): Outlet {
  let expected = mark as FileMark | null;
  let isCertain = false;
  async function append(text: string): Promise<Outcome> {
    try {
      const file = await open(path, 'a', 0o600); // made where it is not there: a mark needs a file
      try {
        if (!isCertain && expected !== null) await cutBack(file, expected);
        expected = await markOf(file);
        isCertain = false;
        await file.appendFile(text);
        if ((await file.stat()).isFile()) await file.sync();
        expected = await markOf(file);
        isCertain = true;
      } finally {
        await file.close();
      }
      return { kind: 'taken' };
    } catch (error) {
      return { kind: 'retry', why: (error as Error).message, afterMs: 0 };
    }
  }
  return {
    name,
    type: 'file',
    atOnce: Number.POSITIVE_INFINITY,
    send: (deliveries) => append(deliveries.map(({ notice }) => lineOf(notice)).join('')),
    prepare: async () => (expected === null ? await append('') : { kind: 'taken' }),
    mark: () => expected,
  };
}

async function markOf(file: FileHandle): Promise<FileMark> {
  const { size, ino: inode } = await file.stat();
  return { size, inode };
}

async function cutBack(file: FileHandle, { size, inode }: FileMark): Promise<void> {
  const found = await file.stat();
  if (found.isFile() && found.ino === inode && found.size > size) await file.truncate(size);
}
