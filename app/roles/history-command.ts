import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RoleContext } from './context.ts';

/**
 * Tells the notify role that what happened before `untilMs` is the past: it is learnt from, and nobody is told of it. One
 * file, whole or not there at all; a later one replaces it.
 */
export async function commandHistory({ config }: Pick<RoleContext, 'config'>, untilMs: number): Promise<void> {
  const folder = join(config.live.state, 'commands');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const temporary = join(folder, `.history-${process.pid}.tmp`);
  await writeFile(temporary, JSON.stringify({ kind: 'history', untilMs }), { mode: 0o600 });
  await rename(temporary, join(folder, 'history.json'));
}
