import { readFileSync } from 'node:fs';
import { open, readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { StorageError } from './storage-error.ts';

const PATTERN = /^writer~(?<host>[^~]*)~(?<pid>\d+)~(?<started>\d+)\.lock$/;

/** When a process began, in clock ticks since boot: tells a process from a later one with the same number. */
function startedTicks(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // the name in brackets may hold anything
    return fields[0] === 'Z' ? null : (fields[19] ?? '0'); // a zombie holds nothing any more
  } catch {
    return null;
  }
}

const HAS_PROC = process.platform === 'linux';

function isAlive(pid: number, started: string): boolean {
  if (HAS_PROC) return startedTicks(pid) === started;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function refuseIfHeld(dir: string, own: string, host: string): Promise<void> {
  for (const name of await readdir(dir)) {
    const owner = PATTERN.exec(name)?.groups;
    if (owner === undefined || name === own) continue;
    const { host: theirs = '', pid = '', started = '' } = owner;
    const place = join(dir, name);
    if (theirs !== host) {
      const where = decodeURIComponent(theirs);
      throw new StorageError(
        'LOCKED',
        `${dir} belongs to process ${pid} on host ${where}; if it is gone, remove ${place}`,
      );
    }
    if (isAlive(Number(pid), started)) throw new StorageError('LOCKED', `${dir} is in use by process ${pid}`);
    await rm(place, { force: true }); // its owner died without cleaning up
  }
}

/**
 * Makes this process the only one that writes in `dir`, and returns what gives it back. A lock left by a process that
 * was killed is taken over. Each contender first creates a file named after itself and then looks for others that live:
 * two can fail together, never succeed together, and no lock of a living process is ever removed.
 *
 * @throws {StorageError} LOCKED
 */
export async function lockDirectory(dir: string): Promise<() => Promise<void>> {
  const host = encodeURIComponent(hostname());
  const own = `writer~${host}~${process.pid}~${startedTicks(process.pid) ?? '0'}.lock`;
  const path = join(dir, own);
  try {
    await (await open(path, 'wx', 0o600)).close();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new StorageError('LOCKED', `${dir} is already open in this process`, { cause: error });
  }
  const release = () => rm(path, { force: true });
  try {
    await refuseIfHeld(dir, own, host);
  } catch (error) {
    await release();
    throw error;
  }
  return release;
}

/** Who holds one of the folders in and below `dir`; a process of another host may be gone. Reads only. */
export async function lockHolders(dir: string): Promise<{ readonly pid: number; readonly host: string | null }[]> {
  const names = await readdir(dir, { recursive: true }).catch(() => []);
  const own = encodeURIComponent(hostname());
  const holders = names.flatMap((name) => {
    const { host, pid = '', started = '' } = PATTERN.exec(basename(name))?.groups ?? {};
    if (host === undefined || (host === own && !isAlive(Number(pid), started))) return [];
    return [{ pid: Number(pid), host: host === own ? null : decodeURIComponent(host) }];
  });
  return [...new Map(holders.map((holder) => [`${holder.host}/${holder.pid}`, holder])).values()];
}
