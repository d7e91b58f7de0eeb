/**
 * What bounds the memory of a shard when names, ids or texts are made up: everything follows from how many functions may be
 * known. Generous: a fleet within the bound never meets the others.
 */
export interface Bounds {
  readonly functions: number;
  /** events remembered against duplicates, in each set (reports, other lines, …): 8 to 27 bytes each */
  readonly events: number;
  /** STARTs without a report, and failures whose other lines may come, each: about 150 bytes */
  readonly attempts: number;
  /** invocation rows that wait for their pieces: about 500 bytes each */
  readonly pending: number;
  /** open windows: 256 bytes each */
  readonly windows: number;
}

/** Functions of all shards together, unless the operator says otherwise: 1.7 GB of pages. */
export const DEFAULT_FUNCTIONS = 500_000;
const SHARDS_OF_ALL = 256;
/** Names do not spread evenly over shards: room for a quarter more, or five standard deviations where there are few. */
const UNEVEN = 1.25;
const DEVIATIONS = 5;

/** A shard's share of a bound on all functions. */
export function functionsPerShard(functions: number): number {
  const mean = functions / SHARDS_OF_ALL;
  return Math.ceil(Math.max(UNEVEN * mean, mean + DEVIATIONS * Math.sqrt(mean)));
}

/** The bounds of a shard that may know so many functions. */
export function boundsOf(functions: number): Bounds {
  return {
    functions,
    events: Math.max(65_536, 2048 * functions),
    attempts: Math.max(4096, 64 * functions),
    pending: Math.max(4096, 64 * functions),
    windows: Math.max(4096, 16 * functions),
  };
}

/** What bounds have cost so far. */
export interface Dropped {
  /** functions that were forgotten to make room for others */
  functions: number;
  /** STARTs and failures that were forgotten before their time */
  attempts: number;
  /** invocation rows that went to storage before their time: pieces that came later are not in them */
  rows: number;
  /** open windows that were stored without being judged */
  windows: number;
  /** announcements that were not made, as there were too many of their kind in an hour */
  unsaid: number;
}
