import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DeskCommand } from '../alerts/desk-commands.ts';
import { commandOf } from '../alerts/desk-commands.ts';

const FOLDER = 'commands';
const SUFFIX = '.json';
const BAD = '.bad';
/** Characters of a file. */
const LONGEST = 256 * 1024;
const DEEPEST = 20;

type Given<C> = C extends DeskCommand ? Omit<C, 'id' | 'atMs'> : never;

/**
 * Puts what somebody asks for where the running installation, or the next, takes it: a file, there whole or not at all.
 * @param state folder of the configuration
 */
export function putCommand(state: string, command: Given<DeskCommand>, atMs: number): void {
  const folder = join(state, FOLDER);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const id = randomUUID();
  const file = join(folder, `${id}${SUFFIX}`);
  writeFileSync(`${file}.tmp`, JSON.stringify({ id, atMs, ...command }), { mode: 0o600 });
  renameSync(`${file}.tmp`, file);
}

/** What was asked for and nobody has taken yet, in the order in which it was. What is no command is for who takes it. */
export function waitingCommands(state: string): DeskCommand[] {
  const folder = join(state, FOLDER);
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => name.endsWith(SUFFIX));
  const commands = names.map((name) => {
    try {
      return parsed(readFileSync(join(folder, name), 'utf8'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'it was taken meanwhile';
      throw error;
    }
  });
  return commands.filter((it) => typeof it !== 'string').sort(byTime);
}

const byTime = (a: DeskCommand, b: DeskCommand): number => (a.atMs ?? 0) - (b.atMs ?? 0);

export interface TakeHooks {
  /** Resolves when they are safe. */
  readonly publish: (commands: readonly DeskCommand[]) => Promise<void>;
  /** a file that is no command was set aside under that name */
  readonly onBad: (file: string, why: string) => void;
}

/** Takes what is there, in the order in which it was asked for, and removes it once it is safe: so it may come twice. */
export async function takeCommands(state: string, { publish, onBad }: TakeHooks): Promise<number> {
  const folder = join(state, FOLDER);
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(SUFFIX)).sort();
  const taken: { readonly file: string; readonly command: DeskCommand }[] = [];
  for (const name of names) {
    const file = join(folder, name);
    const text = await readFile(file, 'utf8').catch(() => null);
    if (text === null) continue; // another process was first
    const command = parsed(text);
    if (typeof command === 'string') {
      await rename(file, file + BAD).catch(() => {});
      onBad(file + BAD, command);
    } else taken.push({ file, command });
  }
  if (taken.length === 0) return 0;
  taken.sort((a, b) => byTime(a.command, b.command));
  await publish(taken.map(({ command }) => command));
  for (const { file } of taken) await rm(file, { force: true });
  return taken.length;
}

/** One that the bus would not take would hold up all behind it. */
function parsed(text: string): DeskCommand | string {
  if (text.length > LONGEST) return `it has ${text.length} characters, at most ${LONGEST}`;
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    return 'it is no JSON';
  }
  if (isDeeper(data, DEEPEST)) return `it is nested more than ${DEEPEST} deep`;
  const command = commandOf(data);
  const isOurs = typeof command !== 'string' && command.kind === 'settings';
  return isOurs ? 'settings come from the configuration alone' : command;
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((it) => isDeeper(it, levels - 1));
}
