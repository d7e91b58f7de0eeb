import { type FragmentBlock, U } from '../ingest/fragment.ts';

/** FNV-1a over UTF-16 units: 32 bits that are the same everywhere. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** Two words and a number into one well-spread word. */
export function mix(a: number, b: number, c: number): number {
  let hash = Math.imul(a ^ Math.imul(c, 0x9e3779b1), 0x85ebca6b);
  hash ^= hash >>> 15;
  hash = Math.imul(hash ^ b, 0xc2b2ae35);
  return hash ^ (hash >>> 13); // signed: an unsigned word would not fit a small integer of the engine
}

/** A request id of the function with this salt as one exact number of 53 bits. */
export function idKey(block: FragmentBlock, u: number, salt: number): number {
  const { u: words } = block;
  const hi = mix(words[u + U.id0]!, words[u + U.id2]!, salt);
  const lo = mix(words[u + U.id1]!, words[u + U.id3]!, salt + 1);
  return (hi & 0x1fffff) * 4294967296 + (lo >>> 0);
}

export function hasId(block: FragmentBlock, u: number): boolean {
  const { u: words } = block;
  return (words[u + U.id0]! | words[u + U.id1]! | words[u + U.id2]! | words[u + U.id3]!) !== 0;
}

/** log2 of whole MiB, in KiB: what memory figures are made of. */
const LOG2_OF_MIB = Float64Array.from({ length: 10_241 }, (_, mib) => log2(mib * 1024));

/** As `log2`, from a table where it can. */
export function log2OfKib(kib: number): number {
  return kib % 1024 === 0 && kib < 10_486_784 ? LOG2_OF_MIB[kib / 1024]! : log2(kib);
}

/** log2, rounded to 1/4096 so that sums of it are exact and do not depend on their order. 0 and less count as 1. */
export function log2(value: number): number {
  return value <= 1 ? 0 : Math.round(Math.log2(value) * 4096) / 4096;
}
