/**
 * A decayed histogram of positive values in buckets of equal ratio, as a slice of a page: `buckets` cells from an offset.
 * The first bucket begins at 2^firstOctave; what lies outside is counted in the first or last bucket. Inside the range
 * a quantile is off by at most one bucket: a factor of 2^(1 / bucketsPerOctave), and half of that in ln if values are
 * spread evenly. Kin: DDSketch (Masson, Rim & Lee, VLDB 2019), here without growing.
 *
 * Cells are Float32: a bucket stops growing at 1.7e7 times the weight of what is added, so long-lived ones must decay.
 */
export interface LogHistogramLayout {
  readonly buckets: number;
  readonly bucketsPerOctave: number;
  readonly firstOctave: number;
}

/** Buckets of one minute's row: bucket b covers [2^(b/8), 2^((b+1)/8)), quantiles within ± 9 %. */
export const ROW_LAYOUT: LogHistogramLayout = { buckets: 8 * 53, bucketsPerOctave: 8, firstOctave: 0 };

/** The layout of `buckets` cells that reaches from 2^firstOctave to 2^lastOctave. */
export function layoutOver(buckets: number, firstOctave: number, lastOctave: number): LogHistogramLayout {
  return { buckets, firstOctave, bucketsPerOctave: buckets / (lastOctave - firstOctave) };
}

/** Bucket of `value`, from 0 to buckets − 1; 0 and negative values go to the first. Cost ≈ 30 ns. */
export function bucketOf(layout: LogHistogramLayout, value: number): number {
  const bucket = value > 0 ? Math.floor((Math.log2(value) - layout.firstOctave) * layout.bucketsPerOctave) : 0;
  return Math.min(layout.buckets - 1, Math.max(0, bucket));
}

/** Lower end of a bucket; that of `bucket + 1` is its upper end. A fraction lies evenly between in ln. Cost ≈ 20 ns. */
export function bucketStart(layout: LogHistogramLayout, bucket: number): number {
  return 2 ** (layout.firstOctave + bucket / layout.bucketsPerOctave);
}

/** Counts one value. Cost ≈ 40 ns. */
export function addValue(
  page: Float32Array,
  offset: number,
  layout: LogHistogramLayout,
  value: number,
  weight: number,
): void {
  const cell = offset + bucketOf(layout, value);
  page[cell] = page[cell]! + weight;
}

/** Adds a minute's sparse row, whose buckets are those of `ROW_LAYOUT`, each at its geometric middle. Cost ≈ 8 ns a bucket. */
export function addRow(
  page: Float32Array,
  offset: number,
  layout: LogHistogramLayout,
  rowBuckets: ArrayLike<number>,
  rowCounts: ArrayLike<number>,
  weight: number,
): void {
  for (let i = 0; i < rowBuckets.length; i++) {
    const octaves = (rowBuckets[i]! + 0.5) / ROW_LAYOUT.bucketsPerOctave - layout.firstOctave;
    const bucket = Math.min(layout.buckets - 1, Math.max(0, Math.floor(octaves * layout.bucketsPerOctave)));
    page[offset + bucket] = page[offset + bucket]! + rowCounts[i]! * weight;
  }
}

/** Multiplies all by `keep` in [0, 1]. Cost ≈ 3 ns a bucket. */
export function decayHistogram(page: Float32Array, offset: number, layout: LogHistogramLayout, keep: number): void {
  for (let cell = offset; cell < offset + layout.buckets; cell++) page[cell] = page[cell]! * keep;
}

/** Adds `weight` times the histogram at `fromOffset` of `from`, of the same layout. Cost ≈ 3 ns a bucket. */
export function mergeHistogram(
  page: Float32Array,
  offset: number,
  layout: LogHistogramLayout,
  from: Float32Array,
  fromOffset: number,
  weight: number,
): void {
  for (let i = 0; i < layout.buckets; i++) page[offset + i] = page[offset + i]! + weight * from[fromOffset + i]!;
}

/** Sum of all weights. Cost ≈ 3 ns a bucket. */
export function histogramTotal(page: Float32Array, offset: number, layout: LogHistogramLayout): number {
  let total = 0;
  for (let cell = offset; cell < offset + layout.buckets; cell++) total += page[cell]!;
  return total;
}

/** The value below which a share `p` in [0, 1] lies, even in ln within a bucket; NaN if empty. Cost ≈ 6 ns a bucket. */
export function histogramQuantile(page: Float32Array, offset: number, layout: LogHistogramLayout, p: number): number {
  const total = histogramTotal(page, offset, layout);
  if (!(total > 0)) return Number.NaN;
  let left = p * total;
  let lastFilled = 0;
  for (let bucket = 0; bucket < layout.buckets; bucket++) {
    const weight = page[offset + bucket]!;
    if (weight <= 0) continue;
    if (left <= weight) return bucketStart(layout, bucket + left / weight);
    left -= weight;
    lastFilled = bucket;
  }
  return bucketStart(layout, lastFilled + 1); // rounding left a trace of p = 1
}

/** Share of the weight above `value`, even in ln within its bucket; NaN if empty. Cost ≈ 6 ns a bucket. */
export function shareAbove(page: Float32Array, offset: number, layout: LogHistogramLayout, value: number): number {
  const position = value > 0 ? (Math.log2(value) - layout.firstOctave) * layout.bucketsPerOctave : 0;
  let above = 0;
  let total = 0;
  for (let bucket = 0; bucket < layout.buckets; bucket++) {
    const weight = page[offset + bucket]!;
    total += weight;
    above += weight * Math.min(1, Math.max(0, bucket + 1 - position));
  }
  return total > 0 ? above / total : Number.NaN;
}
