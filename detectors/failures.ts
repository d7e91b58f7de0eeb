import { Flag, type FragmentBlock, U } from '../ingest/fragment.ts';
import { C } from './cells.ts';
import { requestIdOf } from './evidence.ts';
import { hasId, idKey } from './keys.ts';
import { EPOCH_MINUTE, P, PAGE, TYPES_KEPT } from './page.ts';
import type { Shard } from './shard.ts';

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
  const { values } = shard.cells;
  if (hasId(block, u)) {
    const key = idKey(block, u, slot);
    const known = shard.failures.get(key);
    if (known !== undefined && Math.abs(known - timeMs) <= SAME_ATTEMPT_MS) {
      if ((flags & Flag.timeout) !== 0 && !shard.failures.has(-key)) bump(shard, at, C.tmo, key, timeMs);
      return;
    }
    shard.failures.set(key, timeMs);
    if ((flags & Flag.timeout) !== 0) bump(shard, at, C.tmo, key, timeMs);
    shard.evidence.add(slot, 'failed', requestIdOf(block, i));
  } else if ((flags & Flag.timeout) !== 0) values[at + C.tmo] = values[at + C.tmo]! + 1;
  values[at + C.err] = values[at + C.err]! + 1;
  if ((flags & Flag.oom) !== 0) values[at + C.oom] = values[at + C.oom]! + 1;
  newType(shard, block, u, slot, timeMs, true);
}

function bump(shard: Shard, at: number, counter: number, key: number, timeMs: number): void {
  const { values } = shard.cells;
  values[at + counter] = values[at + counter]! + 1;
  shard.failures.set(-key, timeMs);
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
