import type { Shard } from './shard.ts';

/** What the shards have tested since they were last asked. */
export function takeTested(living: readonly Shard[]): number {
  let tested = 0;
  for (const shard of living) {
    tested += shard.tested;
    shard.tested = 0;
  }
  return tested;
}

/** The first minute from `from` on that has data; beyond `to` when none has. */
export function nextMinute(shards: readonly Shard[], from: number, to: number): number {
  let next = to + 1;
  for (const shard of shards) {
    for (const minute of shard.cells.minutes.keys()) if (minute >= from && minute < next) next = minute;
  }
  return next;
}
