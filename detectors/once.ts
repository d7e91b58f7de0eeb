import { Flag, type FragmentBlock, U } from '../ingest/fragment.ts';
import { hashText, hasId, mix } from './keys.ts';
import { noteLogGroup } from './log-groups.ts';
import { P, PAGE } from './page.ts';
import type { Shard } from './shard.ts';

/** The kind; and that access was denied, which may be said beside a status, by the same request at the same moment. */
const WHAT = 15 | Flag.denied;

/** False, and counted, for a line that was counted before. */
export function once(shard: Shard, block: FragmentBlock, u: number, slot: number, timeMs: number): boolean {
  const { u: words } = block;
  const hi = mix(words[u + U.id0]!, words[u + U.id2]!, Math.imul(shard.salts[slot]!, 16) + (words[u]! & WHAT));
  // a line that names no request is told from its like by the environment that wrote it
  const whose = hasId(block, u) ? 0 : hashText(block.dictionary.text(words[u + U.stream]!));
  const lo = mix(
    words[u + U.id1]! ^ hashText(block.dictionary.text(words[u + U.text]!)),
    words[u + U.id3]! ^ whose,
    timeMs % 4294967296,
  );
  if (shard.lines.add(timeMs, hi, lo)) {
    noteLogGroup(shard, block, u, slot);
    return true;
  }
  shard.duplicates++;
  return false;
}

/** Notes what the record of this function was seen to carry. */
export function field(shard: Shard, slot: number, bits: number): void {
  const at = slot * PAGE + P.fields;
  shard.words[at] = shard.words[at]! | bits;
}
