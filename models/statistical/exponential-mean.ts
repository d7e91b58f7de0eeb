/** Cells of one mean in a page: weight, squared weights, mean, variance. All zero = nothing learnt. */
export const EXPONENTIAL_MEAN_CELLS = 4;
const WEIGHT = 0;
const SQUARED_WEIGHTS = 1;
const MEAN = 2;
const VARIANCE = 3;

/**
 * Absorbs `value` with `weight` > 0 into the mean at `offset`, after everything older was multiplied by `keep` in
 * [0, 1]: keep = 0.5 ** (elapsed / halfLife), 1 = never forget. O(1), allocates nothing. Cost ≈ 20 ns.
 *
 * Limits: cells are Float32, so the mean is good to 6e-8 of itself, and a variance under (6e-8 · mean)² reads as noise
 * of that size. Assumes one regime. West, 1979; Finch, "Incremental calculation of weighted mean and variance", 2009.
 */
export function learnMean(page: Float32Array, offset: number, value: number, weight: number, keep: number): void {
  if (!(weight > 0)) return;
  const olderWeight = page[offset + WEIGHT]! * keep;
  const total = olderWeight + weight;
  const gap = olderWeight > 0 ? value - page[offset + MEAN]! : 0;
  const mean = value - (gap * olderWeight) / total;
  const olderShare = olderWeight / total;
  page[offset + WEIGHT] = total;
  page[offset + SQUARED_WEIGHTS] = page[offset + SQUARED_WEIGHTS]! * keep * keep + weight * weight;
  page[offset + MEAN] = mean;
  page[offset + VARIANCE] = olderShare * (page[offset + VARIANCE]! + (1 - olderShare) * gap * gap);
}

/** Decayed sum of weights; 0 = nothing learnt. */
export function meanWeight(page: Float32Array, offset: number): number {
  return page[offset + WEIGHT]!;
}

/** NaN before anything was learnt. */
export function meanOf(page: Float32Array, offset: number): number {
  return page[offset + WEIGHT]! > 0 ? page[offset + MEAN]! : Number.NaN;
}

/** Kish's effective sample size, (Σ w)² / Σ w²: how many equal values the mean is worth. 0 before anything was learnt. */
export function effectiveSamples(page: Float32Array, offset: number): number {
  const weight = page[offset + WEIGHT]!;
  return weight > 0 ? (weight * weight) / page[offset + SQUARED_WEIGHTS]! : 0;
}

/** Variance of a single value, unbiased for weights that express reliability; NaN until two values are in. */
export function varianceOf(page: Float32Array, offset: number): number {
  const samples = effectiveSamples(page, offset);
  return samples > 1 + 1e-5 ? (page[offset + VARIANCE]! * samples) / (samples - 1) : Number.NaN;
}
