import { accessSync, constants, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { firstLine, StoreError } from './store-error.ts';

/** Files of ours in a store's folder, `dir`. */
export const engineDir = (dir: string): string => join(resolve(dir), 'clickhouse');

/** Something was stored in `dir` once. */
export function hasStore(dir: string): boolean {
  return statSync(join(engineDir(dir), 'metadata'), { throwIfNoEntry: false })?.isDirectory() === true;
}

/** Makes the folder, 0700, and what lies in it readable to its owner alone. @throws {StoreError} STORE_FAILED */
export function makeFolder(dir: string): void {
  try {
    mkdirSync(engineDir(dir), { recursive: true, mode: 0o700 });
    accessSync(engineDir(dir), constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    const { code = '' } = cause as NodeJS.ErrnoException;
    throw new StoreError('STORE_FAILED', `cannot use ${dir} as a store: ${WHY[code] ?? firstLine(String(cause))}`, {
      cause,
    });
  }
}

const WHY: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EEXIST: 'it is a file, not a folder',
  ENOTDIR: 'part of the path is a file, not a folder',
  ENOSPC: 'no space left on the disk',
  EROFS: 'the file system is read-only',
};

/**
 * The process that has the engine's files open, or null. The engine writes it into `status`, under a lock that ends with
 * the process; the text may outlive it.
 */
export function holderOf(dir: string): number | null {
  let status: string;
  try {
    status = readFileSync(join(engineDir(dir), 'status'), 'utf8');
  } catch {
    return null; // not there: nobody
  }
  const pid = Number(/^PID: (\d+)/.exec(status)?.[1] ?? Number.NaN);
  return Number.isNaN(pid) || !isAlive(pid) ? null : pid;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * From now on this process makes files that only their owner can read; the engine also writes in the background. Returns
 * how to undo it. Outside the main thread the mask cannot be changed: the folder's own 0700 must do there.
 */
export function keepPrivate(): () => void {
  if (!isMainThread) return () => undefined;
  const before = process.umask(0o077);
  return () => {
    process.umask(before);
  };
}
