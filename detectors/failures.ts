import { F, Flag, type FragmentBlock, U } from '../ingest/fragment.ts';
import { C } from './cells.ts';
import { requestIdOf } from './evidence.ts';
import { hasId, idKey } from './keys.ts';
import { EPOCH_MINUTE, P, PAGE, TYPES_KEPT } from './page.ts';
import type { Shard } from './shard.ts';
import { addNewerFailure, isNewer } from './versions/newer.ts';

/** Failures of one invocation are told of by several lines; those of a retry come at least a minute later. */
const SAME_ATTEMPT_MS = 30_000;
const MINUTE_MS = 60_000;

/** Counts a failed invocation once, whatever lines tell of it. */
export function countFailure(
  shard: Shard,
  block: FragmentBlock,
  i: number,
  slot: number,
  at: number,
  timeMs: number,
): void {
  const u = i * U.stride;
  const flags = block.u[u]!;
  const kinds = ((flags & Flag.timeout) !== 0 ? KIND.timeout : 0) | ((flags & Flag.oom) !== 0 ? KIND.oom : 0);
  const newer = isNewer(shard, block, u, slot);
  const weight = block.f[i * F.stride + F.weight]!;
  if (!hasId(block, u)) {
    count(shard, at, weight, kinds, weight);
    if (newer) countNewer(shard, slot, timeMs, weight, kinds);
    newType(shard, block, u, slot, timeMs, true);
    return;
  }
  const key = idKey(block, u, shard.salts[slot]!);
  const known = shard.failures.get(key);
  const knownMs = known === undefined ? Number.NaN : failureMs(known);
  if (Math.abs(knownMs - timeMs) <= SAME_ATTEMPT_MS) {
    const before = known! & KIND.all;
    if (timeMs > knownMs) move(shard, slot, knownMs, at, before);
    count(shard, at, 0, kinds & ~before);
    if (newer) countNewer(shard, slot, timeMs, 0, kinds & ~before);
    shard.failures.set(key, Math.floor(Math.max(timeMs, knownMs)) * 4 + (before | kinds));
    return;
  }
  shard.failures.delete(key); // so that the map stays in the order of time
  shard.failures.set(key, Math.floor(timeMs) * 4 + kinds);
  if (shard.failures.size > shard.bounds.attempts) {
    shard.failures.delete(shard.failures.keys().next().value!);
    shard.dropped.attempts++;
  }
  shard.evidence.add(slot, 'failed', requestIdOf(block, i), block.f[i * F.stride]!);
  count(shard, at, weight, kinds, weight);
  if (newer) countNewer(shard, slot, timeMs, weight, kinds);
  newType(shard, block, u, slot, timeMs, true);
}

/** What an entry of `shard.failures` tells besides the time: which counts the failure is already part of. */
const KIND = { timeout: 1, oom: 2, all: 3 } as const;

/** Time of a failure that was counted, ms. */
export function failureMs(entry: number): number {
  return Math.floor(entry / 4);
}

/** Adds failures, and `each` to the counts of their kinds. A record of a sample stands for several. */
function count(shard: Shard, at: number, failures: number, kinds: number, each = failures < 0 ? -1 : 1): void {
  const { values } = shard.cells;
  values[at + C.err] = values[at + C.err]! + failures;
  if ((kinds & KIND.timeout) !== 0) values[at + C.tmo] = values[at + C.tmo]! + each;
  if ((kinds & KIND.oom) !== 0) values[at + C.oom] = values[at + C.oom]! + each;
}

function countNewer(shard: Shard, slot: number, timeMs: number, failures: number, kinds: number): void {
  const isTimeout = (kinds & KIND.timeout) !== 0 ? 1 : 0;
  addNewerFailure(shard, slot, timeMs, failures, isTimeout, (kinds & KIND.oom) !== 0 ? 1 : 0);
}

/** Lines of one failure may stand on both sides of a minute: it counts where the last of them stands, beside its report. */
function move(shard: Shard, slot: number, fromMs: number, at: number, kinds: number): void {
  const minute = Math.floor(fromMs / MINUTE_MS) - EPOCH_MINUTE;
  const { values } = shard.cells;
  for (let from = shard.cellOf[slot]!; from >= 0; from = values[from + C.nextOfSlot]!) {
    if (from === at || values[from + C.minute] !== minute || values[from + C.err]! < 1) continue;
    count(shard, from, -1, kinds);
    count(shard, at, 1, kinds);
    return;
  }
}

/** Error types a function is known for; calls that fail with another are counted until they are known too. */
export function newType(
  shard: Shard,
  block: FragmentBlock,
  u: number,
  slot: number,
  timeMs: number,
  failed: boolean,
): void {
  const text = block.dictionary.text(block.u[u + U.text]!);
  if (text === '') return;
  const type = shard.hash(text);
  const page = slot * PAGE;
  const { words, pages } = shard;
  const known = Math.min(TYPES_KEPT, pages[page + P.typeCount]!);
  for (let k = 0; k < known; k++) if (words[page + P.types + k] === type) return;
  if (!failed && known === 0) return;
  const minute = Math.floor(timeMs / MINUTE_MS) - EPOCH_MINUTE;
  if (pages[page + P.newType] === 0) {
    words[page + P.newType + 2] = type;
    pages[page + P.newType + 1] = minute;
  }
  pages[page + P.newType] = pages[page + P.newType]! + 1;
}
