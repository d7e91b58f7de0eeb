import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import { readNamed } from './config-store.ts';
import type { Io } from './io.ts';

/** What commands of a live installation read where no other file is named. */
export const CONFIG_NAME = 'tripline.yaml';

/** The option of commands that read the configuration of a live installation, for `Command.option`. */
export const CONFIG_FLAG = [
  '--config <file>',
  `settings (YAML); default: ./${CONFIG_NAME} where it is there; tripline check FILE tests them`,
] as const;

/** The file that `--config` names, else the one of the usual name in the working directory; null = neither, so the defaults. */
export function configFileOf(
  { config }: { readonly config?: string | undefined },
  { cwd = '.' }: Pick<Io, 'cwd'>,
): string | null {
  if (config !== undefined) return config;
  const usual = join(cwd, CONFIG_NAME);
  return existsSync(usual) ? usual : null;
}

const DEFAULT_STATE = './.tripline/state';

/**
 * The folder `state` of a config file, and nothing else of it: whoever asks a running process needs neither its secrets in
 * the environment nor a file without mistakes. @throws {ConfigError} where the file cannot be read
 */
export function stateFolderOf(file: string | null, env: Io['env']): string {
  if (file === null) return DEFAULT_STATE;
  const root: unknown = parseDocument(readNamed('--config', file), { logLevel: 'silent' }).toJS();
  const state = (root as { state?: unknown } | null)?.state;
  if (typeof state !== 'string' || state === '') return DEFAULT_STATE;
  return state.replace(/\$\{([A-Za-z_]\w*)\}/g, (_all, name: string) => env[name] ?? '');
}
