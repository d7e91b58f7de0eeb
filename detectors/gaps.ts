import { P } from './page.ts';

/** What a gap of an hour and more takes off the largest ones on record: ×1/e after 2,000 of them. */
const RECORD_DECAY = 0.0005;
/** A gap like the one of an earlier incident, as a share of it, is the function's nature. */
const ALIKE = 0.6;
/** Below this much history no silence was judged, so none can have been an incident. */
const YOUNG_MINUTES = 1440;
/** Weight that a usual gap leaves to those before it: some 33 are remembered, whatever their length. */
const GAP_DECAY = 0.97;
/** What the longest gap leaves to them at least: one outage does not undo weeks at once. */
const LEAST_KEPT = 0.8;

/** Offsets within `P.gaps`. */
const G = { minutes: 0, mean: 1, variance: 2 } as const;

/**
 * Gaps between the runs of a function: mean and variance of log2 of their minutes. A gap counts by its length: where a
 * moment without a call falls, so that breaks within a batch or a retry in between weigh nothing beside the gaps between.
 */
export interface GapMoments {
  /** gaps of the usual length that all known ones make up, decayed */
  readonly count: number;
  readonly mean: number;
  readonly variance: number;
}

const MOMENTS: { -readonly [K in keyof GapMoments]: GapMoments[K] } = { count: 0, mean: 0, variance: 0 };

/** The object is reused by the next call. */
export function gapMoments(page: Float32Array, base: number): GapMoments {
  const at = base + P.gaps;
  MOMENTS.mean = page[at + G.mean]!;
  MOMENTS.count = page[at + G.minutes]! / 2 ** MOMENTS.mean;
  MOMENTS.variance = page[at + G.variance]!;
  return MOMENTS;
}

/**
 * Learns a gap of `gap` minutes without a call, in which `due` calls were expected, now that it is over. One that was an
 * incident (`silenced`) is not the measure of the next, unless another like it has been: then it is habit. About 20 ns.
 */
export function learnGap(page: Float32Array, base: number, gap: number, due: number, silenced: boolean): void {
  const longest = page[base + P.longestGap]!;
  const candidate = page[base + P.gapCandidate]!;
  const isHabit = !silenced || candidate >= ALIKE * gap || page[base + P.levelMinutes]! < YOUNG_MINUTES;
  if (silenced) page[base + P.gapCandidate] = Math.max(gap, candidate);
  const keep = 1 - RECORD_DECAY * Math.min(1, gap / 60);
  const longestDue = page[base + P.longestDue]!;
  page[base + P.longestDue] = isHabit && due > longestDue ? due : longestDue * keep;
  page[base + P.longestGap] = isHabit && gap > longest ? gap : longest * keep;
  if (isHabit) learnMoments(page, base + P.gaps, gap);
}

/** Weighted mean and variance in one pass (West 1979), decayed. */
function learnMoments(page: Float32Array, at: number, gap: number): void {
  const mean = page[at + G.mean]!;
  const known = page[at + G.minutes]! * Math.max(LEAST_KEPT, GAP_DECAY ** (gap / 2 ** mean));
  const minutes = known + gap;
  const away = Math.log2(gap) - mean;
  const step = (away * gap) / minutes;
  page[at + G.minutes] = minutes;
  page[at + G.mean] = mean + step;
  page[at + G.variance] = Math.max(0, (page[at + G.variance]! * known + gap * away * (away - step)) / minutes);
}
