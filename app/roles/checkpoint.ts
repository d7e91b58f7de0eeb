import { BusError } from '../../infra/bus.ts';
import type { Snapshot } from '../../infra/state.ts';
import { StorageError } from '../../infra/storage-error.ts';
import type { HeldStage } from './stage.ts';

const POSITION = 'offset';

/** null where it was taken before the first record */
export function offsetOf({ positions }: Snapshot): number | null {
  const offset = positions[POSITION];
  return offset === undefined ? null : Number(offset);
}

export interface CheckpointHooks {
  /** wall clock, ms since 1970 */
  readonly nowMs: () => number;
  /** a clock that never jumps, ms */
  readonly elapsedMs: () => number;
  readonly onSaved: (held: HeldStage, bytes: number, tookMs: number) => void;
  /** nothing is lost by it: the tail will be read again */
  readonly onTrouble: (held: HeldStage, reason: string, message: string) => void;
}

/**
 * Makes the progress of a stage safe: first what it said, then its state with the offset, then the group's position. So
 * whatever a snapshot stands for is safe outside. Long waits for what is outside happen before the stage is held up.
 * Returns whether it was saved; a failure is told to the hooks, and what is there already stays.
 */
export async function checkpoint(held: HeldStage, hooks: CheckpointHooks): Promise<boolean> {
  if (!held.isDirty || held.isLost) return true;
  const startedMs = hooks.elapsedMs();
  await held.stage.settle(); // as long as it takes: nothing is copied while the receivers are away
  const moment = await held.run(async () =>
    held.isLost ? null : { offset: held.nextOffset, ack: held.ack, pages: held.stage.snapshot() },
  );
  if (moment === null || Number.isNaN(moment.offset)) return false;
  await held.stage.settle(); // what was said up to that moment; the stage goes on meanwhile
  if (held.isLost) return false;
  try {
    const bytes = await save(held, moment.pages, moment.offset);
    await moment.ack?.();
    held.savedOffset = Math.max(Number.isNaN(held.savedOffset) ? 0 : held.savedOffset, moment.offset);
    held.savedAtMs = hooks.nowMs();
    if (bytes > 0) held.savedBytes = bytes;
    hooks.onSaved(held, bytes, hooks.elapsedMs() - startedMs);
    return true;
  } catch (error) {
    if (!(error instanceof Error) || !isPassing(error)) throw error;
    hooks.onTrouble(held, String((error as { code?: unknown }).code), error.message);
    return false;
  }
}

/** The folder or the bus refuses; a network file system does so in many ways. */
function isPassing(error: Error): boolean {
  if (error instanceof StorageError || error instanceof BusError) return true;
  return /^E[A-Z]+$/.test(String((error as NodeJS.ErrnoException).code));
}

/**
 * Saves, and where somebody else has saved here since, looks how far they came: a state is right for its offset whoever
 * made it, so what is further stays, and what is not is followed by ours. Returns the bytes written.
 */
async function save(held: HeldStage, pages: ReadonlyMap<string, Uint8Array>, offset: number): Promise<number> {
  const positions = { [POSITION]: String(offset) };
  try {
    return (await held.snapshots.save(pages, positions, null)).bytes;
  } catch (error) {
    if (!(error instanceof StorageError && error.code === 'FENCED')) throw error;
    const theirs = await held.snapshots.load();
    if (theirs !== null && (offsetOf(theirs) ?? 0) >= offset) return 0;
    return (await held.snapshots.save(pages, positions, null)).bytes;
  }
}
