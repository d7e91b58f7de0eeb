import type { Dirent, Stats } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { globPattern, globRoot, isGlob } from './glob.ts';

/** One file to read, or standard input (`-`). */
export interface Input {
  /** as the user would name it: what messages and rejects call it */
  readonly name: string;
  /** bytes as stored; null where nobody can tell (standard input, a pipe) */
  readonly sizeBytes: number | null;
}

/** Something about an input that the user must know: which, and what is wrong. */
export interface InputProblem {
  readonly name: string;
  readonly message: string;
}

export interface Inputs {
  /** in the order of the arguments, a folder's files by path; a file named twice is read once */
  readonly inputs: readonly Input[];
  readonly problems: readonly InputProblem[];
}

/** CloudWatch's export task leaves this file beside the logs; it holds none. */
const NOT_A_LOG = 'aws-logs-write-test';

/** What the arguments stand for: files, folders (walked, without dot files), globs, `-`. Never throws for a bad one. */
export async function expandInputs(args: readonly string[]): Promise<Inputs> {
  const found = new Map<string, Input>(); // by real path
  const problems: InputProblem[] = [];
  for (const name of args) {
    if (name === '-') found.set('-', { name, sizeBytes: null });
    else {
      const problem = await expand(name, found);
      if (problem !== null) problems.push({ name, message: problem });
    }
  }
  return { inputs: [...found.values()], problems };
}

/** Adds what one argument stands for; returns what is wrong with it. */
async function expand(name: string, found: Map<string, Input>): Promise<string | null> {
  const stats = await statOf(name);
  if (typeof stats === 'string') {
    if (isGlob(name)) return await expandGlob(name, found);
    return stats;
  }
  if (!stats.isDirectory()) {
    found.set(await realpath(name), { name, sizeBytes: stats.isFile() ? stats.size : null });
    return null;
  }
  const before = found.size;
  const problem = await walk(name, found, () => true, new Set());
  if (problem !== null) return problem;
  return found.size === before ? 'folder without log files' : null;
}

async function expandGlob(glob: string, found: Map<string, Input>): Promise<string | null> {
  let pattern: RegExp;
  try {
    pattern = globPattern(glob);
  } catch {
    return 'not a valid pattern'; // such as a range that runs backwards
  }
  let matches = 0;
  const takes = (path: string) => {
    const isMatch = pattern.test(path);
    if (isMatch) matches++;
    return isMatch;
  };
  await walk(globRoot(glob), found, takes, new Set());
  return matches === 0 ? 'no file matches' : null;
}

/** Depth first, by name in code-unit order, so that the order is the same on every machine. Links are followed, loops are not. */
async function walk(
  dir: string,
  found: Map<string, Input>,
  takes: (path: string) => boolean,
  visited: Set<string>,
): Promise<string | null> {
  let entries: Dirent[];
  try {
    const real = await realpath(dir);
    if (visited.has(real)) return null;
    visited.add(real);
    entries = await readdir(dir, { withFileTypes: true });
  } catch (error) {
    return describeSystemError(error);
  }
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  let problem: string | null = null;
  for (const entry of entries) {
    if (entry.name.startsWith('.') || entry.name === NOT_A_LOG) continue;
    const path = dir === '.' ? entry.name : join(dir, entry.name);
    const stats = await statOf(path);
    if (typeof stats === 'string') problem ??= `${entry.name}: ${stats}`;
    else if (stats.isDirectory()) problem ??= await walk(path, found, takes, visited);
    else if (stats.isFile() && takes(path)) found.set(await realpath(path), { name: path, sizeBytes: stats.size });
  }
  return problem;
}

async function statOf(path: string): Promise<Stats | string> {
  try {
    return await stat(path);
  } catch (error) {
    return describeSystemError(error);
  }
}

const SYSTEM_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'is a directory',
  ENOTDIR: 'a part of the path is not a directory',
  ELOOP: 'too many symbolic links',
  EMFILE: 'too many open files',
  ENOSPC: 'disk full',
  EIO: 'input/output error',
};

/** What the operating system said, in words. @throws what is not a system error: that is a bug, not an input */
export function describeSystemError(error: unknown): string {
  const code = String((error as NodeJS.ErrnoException | null)?.code);
  if (!/^E[A-Z0-9]+$/.test(code)) throw error;
  return SYSTEM_ERRORS[code] ?? code;
}
