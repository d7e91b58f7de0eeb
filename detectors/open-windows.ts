import { C } from './cells.ts';
import { wake } from './lifecycle.ts';
import { EPOCH_MINUTE, P, PAGE } from './page.ts';
import type { Shard } from './shard.ts';

const MINUTE_MS = 60_000;

/** The open cell of a function and minute. */
export function cellAt(shard: Shard, slot: number, timeMs: number): number {
  const minute = Math.floor(timeMs / MINUTE_MS) - EPOCH_MINUTE;
  if (minute <= shard.graded) shard.late++;
  const first = shard.cellOf[slot]!;
  const { values } = shard.cells;
  for (let at = first; at >= 0; at = values[at + C.nextOfSlot]!) if (values[at + C.minute] === minute) return at;
  const at = shard.cells.add(slot, minute, first);
  shard.cellOf[slot] = at;
  const page = slot * PAGE;
  const isFirst = shard.pages[page + P.age] === 0 && !(shard.pages[page + P.firstSeen]! <= minute);
  if (isFirst) {
    shard.pages[page + P.firstSeen] = minute;
    shard.pages[page + P.lastSeen] = minute;
  }
  if (shard.isAwake[slot] === 0) wake(shard, slot, minute);
  else if (isFirst) shard.pages[page + P.since] = minute; // earlier calls may come behind later ones
  shard.cells.values[at + C.nextCheck] = checkpoint(shard, page);
  shard.cells.values[at + C.nextBad] = 3;
  return at;
}

/** Calls at which an open window is first worth a look before its end: well above what the ring's last minutes held. */
function checkpoint(shard: Shard, page: number): number {
  const minutes = shard.pages[page + P.levelMinutes]!;
  const level = minutes > 0 ? shard.pages[page + P.levelSum]! / minutes : 0;
  return Math.max(24, 3 * level);
}

/** Takes the cells of a graded minute out of the pool. */
export function dropMinute(shard: Shard, minute: number): void {
  const { cells } = shard;
  let at = cells.minutes.get(minute) ?? -1;
  cells.minutes.delete(minute);
  while (at >= 0) {
    const next = cells.values[at + C.nextOfMinute]!;
    unlink(shard, at);
    cells.release(at);
    at = next;
  }
}

function unlink(shard: Shard, at: number): void {
  const { values } = shard.cells;
  const slot = values[at + C.slot]!;
  const next = values[at + C.nextOfSlot]!;
  if (shard.cellOf[slot] === at) {
    shard.cellOf[slot] = next;
    return;
  }
  for (let before = shard.cellOf[slot]!; before >= 0; before = values[before + C.nextOfSlot]!) {
    if (values[before + C.nextOfSlot] === at) {
      values[before + C.nextOfSlot] = next;
      return;
    }
  }
}
