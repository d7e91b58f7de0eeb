import { failureMs } from './failures.ts';
import { releasePending } from './pending.ts';
import { LONE_SPAN_MS, type PendingStart, type Shard } from './shard.ts';
import { endOver } from './versions/observe.ts';

/** How long a START may wait for its REPORT: the longest time limit and the longest delay known, ms. */
const LOST_AFTER_MS = 60 * 60_000;

/** Lets a START wait for its report; where too many wait, the one that has waited longest is given up. */
export function holdStart(shard: Shard, key: number, start: PendingStart): void {
  shard.starts.set(key, start);
  if (shard.starts.size <= shard.bounds.attempts) return;
  shard.starts.delete(shard.starts.keys().next().value!);
  shard.partial++;
  shard.dropped.attempts++;
}

/** Lets go of what has waited long enough, and forgets what can no longer matter. */
export function housekeeping(shard: Shard, watermarkMs: number): void {
  releasePending(shard, watermarkMs);
  const forgetMs = watermarkMs - shard.options.settings.latenessMs - 120_000;
  if (shard.graded % 60 === 0) {
    shard.reports.expire(forgetMs);
    shard.lines.expire(forgetMs);
    endOver(shard);
  }
  for (const [key, entry] of shard.failures) {
    if (failureMs(entry) > watermarkMs - LOST_AFTER_MS) break;
    shard.failures.delete(key);
  }
  for (const [key, start] of shard.starts) {
    if (start.timeMs > watermarkMs - LOST_AFTER_MS) break;
    shard.starts.delete(key);
    shard.partial++;
  }
  shard.loneReports.expire(watermarkMs - 2 * LONE_SPAN_MS);
  shard.released.expire(forgetMs);
}
