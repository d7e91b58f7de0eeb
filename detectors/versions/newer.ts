import type { FragmentBlock } from '../../ingest/fragment.ts';
import { U } from '../../ingest/fragment.ts';
import { C } from '../cells.ts';
import { log2OfKib } from '../keys.ts';
import { EPOCH_MINUTE } from '../page.ts';
import type { Shard } from '../shard.ts';
import { O, RECORD } from './observation.ts';

const MINUTE_MS = 60_000;
/** In a version's own cell: what its cold starts cost, pico-dollars. They bill their init, and every deploy brings them. */
export const COLD_COST = C.billedUs;

/** Whether this line comes from the version that is under observation; lines that name no version do not. */
export function isNewer(shard: Shard, block: FragmentBlock, u: number, slot: number): boolean {
  const record = shard.observed[slot]! - 1;
  const version = block.u[u + U.version]!;
  if (record < 0 || version === 0) return false;
  const watched = shard.watched[slot]!;
  if (watched !== 0 && block.dictionary === shard.versionSource) return watched === version;
  // no report of it has come in this dictionary yet
  return shard.hash(block.dictionary.text(version)) === shard.observations.words[record * RECORD + O.version];
}

/** Open cell of the version under observation. Same fields as the cell of the whole function, filled beside it. */
export function newerAt(shard: Shard, slot: number, timeMs: number): number {
  const { observations } = shard;
  const record = shard.observed[slot]! - 1;
  const minute = Math.floor(timeMs / MINUTE_MS) - EPOCH_MINUTE;
  const first = observations.cellOf[record]!;
  const { values } = observations.cells;
  for (let at = first; at >= 0; at = values[at + C.nextOfSlot]!) if (values[at + C.minute] === minute) return at;
  const at = observations.cells.add(slot, minute, first);
  observations.cellOf[record] = at;
  return at;
}

/** What of a report goes to the version's own cell. Unknown = -1. */
export function addNewer(
  shard: Shard,
  slot: number,
  timeMs: number,
  weight: number,
  cold: boolean,
  warmLog: number,
  usedKib: number,
  costPico: number,
): void {
  const at = newerAt(shard, slot, timeMs);
  const { values } = shard.observations.cells;
  values[at + C.n] = values[at + C.n]! + weight;
  if (cold) values[at + C.cold] = values[at + C.cold]! + weight;
  if (costPico >= 0) {
    values[at + C.costPico] = values[at + C.costPico]! + costPico * weight;
    if (cold) values[at + COLD_COST] = values[at + COLD_COST]! + costPico * weight;
  }
  if (usedKib > 0) {
    values[at + C.mn] = values[at + C.mn]! + 1;
    values[at + C.ms] = values[at + C.ms]! + log2OfKib(usedKib);
  }
  if (warmLog < 0) return;
  values[at + C.dn] = values[at + C.dn]! + 1;
  values[at + C.ds] = values[at + C.ds]! + warmLog;
  values[at + C.dss] = values[at + C.dss]! + warmLog * warmLog;
  const bar = shard.observations.values[(shard.observed[slot]! - 1) * RECORD + O.slowBar]!;
  if (warmLog > bar) values[at + C.tail] = values[at + C.tail]! + 1;
}

/** A failed call, or another kind of failure of one that was counted before. */
export function addNewerFailure(
  shard: Shard,
  slot: number,
  timeMs: number,
  failures: number,
  timeouts: number,
  ooms: number,
): void {
  const at = newerAt(shard, slot, timeMs);
  const { values } = shard.observations.cells;
  values[at + C.err] = values[at + C.err]! + failures;
  values[at + C.tmo] = values[at + C.tmo]! + timeouts;
  values[at + C.oom] = values[at + C.oom]! + ooms;
}

export function addNewerDenied(shard: Shard, slot: number, timeMs: number): void {
  const at = newerAt(shard, slot, timeMs);
  const { values } = shard.observations.cells;
  values[at + C.acc] = values[at + C.acc]! + 1;
}

/** Bytes that a call sent, as log2(1 + bytes). */
export function addNewerBytes(shard: Shard, slot: number, timeMs: number, log: number): void {
  const at = newerAt(shard, slot, timeMs);
  const { values } = shard.observations.cells;
  values[at + C.en] = values[at + C.en]! + 1;
  values[at + C.es] = values[at + C.es]! + log;
  values[at + C.ess] = values[at + C.ess]! + log * log;
}

/** Takes the cells of a graded minute out of the pool. */
export function dropNewer(shard: Shard, minute: number): void {
  const { cells, cellOf } = shard.observations;
  let at = cells.minutes.get(minute) ?? -1;
  if (at < 0) return;
  cells.minutes.delete(minute);
  while (at >= 0) {
    const next = cells.values[at + C.nextOfMinute]!;
    const slot = cells.values[at + C.slot]!; // -1: of an observation that has ended
    const record = slot < 0 ? -1 : shard.observed[slot]! - 1;
    if (record >= 0) unlink(cells.values, cellOf, record, at);
    cells.release(at);
    at = next;
  }
}

function unlink(values: Float64Array, cellOf: Int32Array, record: number, at: number): void {
  const next = values[at + C.nextOfSlot]!;
  if (cellOf[record] === at) {
    cellOf[record] = next;
    return;
  }
  for (let before = cellOf[record]!; before >= 0; before = values[before + C.nextOfSlot]!) {
    if (values[before + C.nextOfSlot] === at) {
      values[before + C.nextOfSlot] = next;
      return;
    }
  }
}
