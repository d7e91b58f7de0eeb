import { P, PAGE, TYPES_KEPT } from './page.ts';
import { O, type Observations } from './versions/observation.ts';

/** What texts are kept for. */
interface Texts {
  readonly texts: Map<number, string>;
  textsAtMost: number;
  readonly words: Uint32Array;
  readonly slots: ReadonlyMap<string, number>;
  readonly observations: Observations;
}

/** Fewer are not worth a look. */
export const LEAST_TEXTS = 4096;
/** Texts of late whose word may be on its way into a page. */
const NEWEST = 64;

/**
 * Forgets the texts of versions and error types that no function is known for any more: they come with the logs, so anything may
 * be in them. The next look is due when there are twice as many as are in use, so a text costs its share of two looks.
 */
export function forgetTexts(shard: Texts): void {
  const { texts, words, observations } = shard;
  const used = new Set([...texts.keys()].slice(-NEWEST));
  for (const slot of shard.slots.values()) {
    const page = slot * PAGE;
    used.add(words[page + P.version]!);
    used.add(words[page + P.newType + 2]!);
    for (let k = 0; k < TYPES_KEPT; k++) used.add(words[page + P.types + k]!);
  }
  for (const record of observations.live()) {
    const ofRecord = new Uint32Array(record.buffer, record.byteOffset, record.length);
    for (const field of [O.version, O.before, O.label]) used.add(ofRecord[field]!);
  }
  for (const word of texts.keys()) if (!used.has(word)) texts.delete(word);
  shard.textsAtMost = Math.max(LEAST_TEXTS, 2 * texts.size);
}
