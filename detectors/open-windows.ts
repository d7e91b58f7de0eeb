import { C } from './cells.ts';
import { wake } from './lifecycle.ts';
import { EPOCH_MINUTE, P, PAGE } from './page.ts';
import { minuteRow } from './rows.ts';
import type { Shard } from './shard.ts';
import { dropNewer } from './versions/newer.ts';

const MINUTE_MS = 60_000;

/** The open cell of a function and minute. */
export function cellAt(shard: Shard, slot: number, timeMs: number): number {
  const minute = Math.floor(timeMs / MINUTE_MS) - EPOCH_MINUTE;
  if (minute <= shard.graded) shard.late++;
  const first = shard.cellOf[slot]!;
  const { values } = shard.cells;
  for (let at = first; at >= 0; at = values[at + C.nextOfSlot]!) if (values[at + C.minute] === minute) return at;
  if (shard.cells.size >= shard.bounds.windows) storeFarthest(shard);
  const at = shard.cells.add(slot, minute, shard.cellOf[slot]!);
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

/** Rows of windows that were cut off are corrections, numbered apart from those of late data. */
const CUT = 0x8000_0000;
/** Minutes that go at a time: finding them costs a look at all. */
const FARTHEST = 1 / 16;

/** Windows are open for so many minutes that there must be events of the far future: they are stored as they are, unjudged. */
function storeFarthest(shard: Shard): void {
  const minutes = [...shard.cells.minutes.keys()].sort((a, b) => b - a);
  for (const minute of minutes.slice(0, Math.ceil(minutes.length * FARTHEST))) {
    for (let at = shard.cells.minutes.get(minute)!; at >= 0; at = shard.cells.values[at + C.nextOfMinute]!) {
      cutRow(shard, at, shard.cells.values[at + C.slot]!);
      shard.dropped.windows++;
    }
    dropMinute(shard, minute);
    dropNewer(shard, minute);
  }
}

/** Stores a window that was cut off before its minute was graded: what comes of it later adds up. */
export function cutRow(shard: Shard, at: number, slot: number): void {
  const { dropped, cells, histograms } = shard;
  const patch = CUT + dropped.functions + dropped.windows;
  if (shard.options.records) shard.minutes.push(minuteRow(shard, at, slot, patch));
  else histograms.takeAll(cells.values[at + C.histogram]!);
}

/** Calls at which an open window is first worth a look before its end: well above what the ring's last minutes held. */
function checkpoint(shard: Shard, page: number): number {
  const minutes = shard.pages[page + P.levelMinutes]!;
  const level = minutes > 0 ? shard.pages[page + P.levelSum]! / minutes : 0;
  return Math.max(24, 3 * level);
}

/** The open cells of a function. */
export function openCells(shard: Shard, slot: number): number[] {
  const out: number[] = [];
  for (let at = shard.cellOf[slot]!; at >= 0; at = shard.cells.values[at + C.nextOfSlot]!) out.push(at);
  return out;
}

/** Takes the cells of a function out of the pool. */
export function dropCells(shard: Shard, slot: number): void {
  for (const at of openCells(shard, slot)) {
    shard.cells.unlink(at);
    shard.cells.release(at);
  }
  shard.cellOf[slot] = -1;
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
