import { oneShot } from './lifecycle.ts';
import { EPOCH_MINUTE, P } from './page.ts';
import type { Shard } from './shard.ts';
import { observe } from './versions/observe.ts';

const MINUTE_MS = 60_000;
/** Memory is billed by size: a step of this much is worth a look, less is a fact for the record. */
const DEARER = 1.75;

/** The memory size of a function is another than before: an event, never an alarm. */
export function sizeChanged(
  shard: Shard,
  slot: number,
  page: number,
  sizeKib: number,
  timeMs: number,
  nowMs: number,
): void {
  const before = shard.pages[page + P.memoryKib]!;
  shard.pages[page + P.memoryKib] = sizeKib;
  shard.pages[page + P.memorySince] = Math.floor(timeMs / MINUTE_MS) - EPOCH_MINUTE;
  const detail = sizeKib >= DEARER * before ? 'memory-grown' : 'memory-size';
  if (before > 0)
    oneShot(shard, slot, timeMs, nowMs, `${detail}:${Math.round(before / 1024)}→${Math.round(sizeKib / 1024)} MiB`, '');
}

/** A version answers; a newer one than known is an event. */
export function versionSeen(
  shard: Shard,
  slot: number,
  page: number,
  version: number,
  timeMs: number,
  nowMs: number,
): void {
  const before = shard.words[page + P.version]!;
  const minute = Math.floor(timeMs / MINUTE_MS) - EPOCH_MINUTE;
  const order = versionOrder(shard, version) - versionOrder(shard, before);
  if (before !== 0 && order <= 0) return; // an environment of the version before still answers
  shard.words[page + P.version] = version;
  shard.pages[page + P.versionSince] = minute;
  if (before === 0) return;
  observe(shard, slot, version, before, minute);
  oneShot(shard, slot, timeMs, nowMs, `new-version:${shard.texts.get(version)}`, '');
}

/** Published versions are numbers that grow; $LATEST stands before them. */
function versionOrder(shard: Shard, version: number): number {
  const number = Number(shard.texts.get(version));
  return Number.isFinite(number) ? number : -1;
}
