import { type FragmentBlock, FragmentKind, U } from '../ingest/fragment.ts';
import type { Shard } from './shard.ts';

/**
 * Notes where the function of a fragment logs: what it said last counts. For fragments that were not seen before, so that a
 * repetition of old ones changes nothing. Costs two comparisons, and a look-up where functions of the shard have groups of their own.
 */
export function noteLogGroup(shard: Shard, { dictionary, u: words }: FragmentBlock, u: number, slot: number): void {
  const number = words[u + U.logGroup]!;
  const { logGroups } = shard;
  if (number === 0 && logGroups.size === 0) return;
  // Lambda Insights writes to a group of its own, which tells nothing of the function's
  if ((words[u]! & 0xff) === FragmentKind.insights) return;
  if (number === 0) logGroups.delete(slot);
  else if (logGroups.get(slot) !== dictionary.text(number)) logGroups.set(slot, dictionary.text(number));
}

/** Of a verdict. */
export function loggedIn(shard: Shard, slot: number): { readonly logGroup?: string } {
  const logGroup = shard.logGroups.get(slot);
  return logGroup === undefined ? {} : { logGroup };
}
