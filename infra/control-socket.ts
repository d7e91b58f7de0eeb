import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

/** A socket's path may have 107 bytes on Linux and 103 on macOS. */
const MAX_PATH_BYTES = 100;
const CARD = /^[0-9a-f]{8}-(\d+)\.json$/;

/** How one running process of an installation is reached, as it stands in a file that only its owner can read. */
export interface ControlCard {
  /** socket or named pipe */
  readonly path: string;
  /** shown with every request: a named pipe has no permissions of its own */
  readonly token: string;
  readonly pid: number;
  /** run, ingest, detect or notify */
  readonly name: string;
}

export const controlDir = (stateDir: string): string => join(resolve(stateDir), 'control');

/** Several hosts may share a state folder, and a socket is of one of them. */
const hostMark = (): string => createHash('sha256').update(hostname()).digest('hex').slice(0, 8);

/**
 * The place of this process, its folder made (0700) and what dead processes of this host left there removed.
 * @throws what the file system says
 */
export function claimCard(stateDir: string, name: string): { readonly card: ControlCard; readonly file: string } {
  const dir = controlDir(stateDir);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  for (const { card, file } of readCards(stateDir))
    if (card.pid === process.pid || !isAlive(card.pid)) remove(card, file);
  const base = `${hostMark()}-${process.pid}`;
  const token = randomUUID();
  const card = { path: socketPath(dir, base, token), token, pid: process.pid, name };
  return { card, file: join(dir, `${base}.json`) };
}

/** From now on others find the process. */
export function showCard(card: ControlCard, file: string): void {
  writeFileSync(file, `${JSON.stringify(card)}\n`, { mode: 0o600 });
}

export function remove(card: ControlCard, file: string): void {
  rmSync(file, { force: true });
  if (card.path.startsWith('\\\\')) return;
  rmSync(card.path, { force: true });
  if (/[/\\]tripline-[0-9a-f-]{18}[/\\]control\.sock$/.test(card.path))
    rmSync(dirname(card.path), { recursive: true, force: true });
}

function socketPath(dir: string, base: string, token: string): string {
  if (process.platform === 'win32') return `\\\\.\\pipe\\tripline-${base}-${token.slice(0, 8)}`;
  const path = join(dir, `${base}.sock`);
  if (Buffer.byteLength(path) <= MAX_PATH_BYTES) return path;
  const short = join(tmpdir(), `tripline-${token.slice(0, 18)}`); // 0700, and its name is known to the owner alone
  mkdirSync(short, { mode: 0o700 });
  return join(short, 'control.sock');
}

/** Cards of this host, by process. Empty where there are none. */
export function readCards(stateDir: string): { readonly card: ControlCard; readonly file: string }[] {
  const dir = controlDir(stateDir);
  const mark = hostMark();
  let names: string[];
  try {
    names = readdirSync(dir);
  } catch {
    return [];
  }
  return names
    .filter((name) => CARD.test(name) && name.startsWith(mark))
    .sort((a, b) => Number(CARD.exec(a)?.[1]) - Number(CARD.exec(b)?.[1]))
    .flatMap((name) => {
      const card = readCard(join(dir, name));
      return card === null ? [] : [{ card, file: join(dir, name) }];
    });
}

function readCard(file: string): ControlCard | null {
  try {
    const { path, token, pid, name } = JSON.parse(readFileSync(file, 'utf8')) as Partial<ControlCard>;
    if (typeof path !== 'string' || typeof token !== 'string' || typeof pid !== 'number') return null;
    return { path, token, pid, name: name ?? 'tripline' };
  } catch {
    return null; // being written or removed, or another user's
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
