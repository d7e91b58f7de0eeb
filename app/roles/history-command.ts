import type { RoleContext } from './context.ts';
import { encodeCommand } from './messages.ts';

/**
 * Tells the desk that what happened before `untilMs` is the past: it is learnt from, nobody is told of it, and what is still
 * open then is told once. Resolves when that is safe: what is sent on afterwards is heard after it.
 * @throws {BusError | StorageError}
 */
export async function commandHistory({ topics }: Pick<RoleContext, 'topics'>, untilMs: number): Promise<void> {
  // a command that comes twice, after a crash, is known by its id
  await topics.alerts.publish(0, [encodeCommand({ command: { id: `history-${untilMs}`, kind: 'history', untilMs } })]);
}
