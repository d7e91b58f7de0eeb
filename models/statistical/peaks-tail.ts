/** Cells of one tail in a state array. All zero is not a valid tail: call `resetTail`. */
export const TAIL_CELLS = 7;
const THRESHOLD = 0;
const MEAN = 1;
const MEAN_SQUARE = 2;
const PEAKS = 3;
const BLOCK_MAXIMUM = 4;
const BLOCK_ROWS = 5;
const SINCE_PEAK = 6;

/** How a tail is learnt; one for all series. */
export interface TailRules {
  /** rows whose maximum counts as one observation: neighbours are not independent */
  readonly blockRows: number;
  /** share of blocks that should lie above the threshold */
  readonly share: number;
  /** peaks after which old ones are forgotten exponentially */
  readonly memoryPeaks: number;
}

/** Before anything is known: what standardised noise looks like, worth so many peaks. */
const PRIOR_THRESHOLD = 2;
const PRIOR_MEAN = 0.7;
const PRIOR_MEAN_SQUARE = 1;
const PRIOR_PEAKS = 8;
/** Shape of the tail: never lighter than this (exponential is 0), for a light tail that meets one outlier is wrong by orders of magnitude. */
const LEAST_SHAPE = 0.1;
const PRIOR_SHAPE = 0.2;
const LARGEST_SHAPE = 0.5;
/** A peak beyond this surprise is learnt as if it were just there: an anomaly must not own the tail. */
const LEARN_UP_TO = 4;
/** Peaks beyond this surprise come as runs; within so many blocks of the last one they are not learnt again. */
const RUN_SURPRISE = 3.5;
const RUN_BLOCKS = 6;
/** before so many peaks the caps above would cap what is normal */
const FEWEST_PEAKS = 5;
/** threshold step per block, in mean excesses */
const THRESHOLD_STEP = 0.06;
const LEAST_THRESHOLD = 0.2;

export function resetTail(state: Float64Array, offset: number): void {
  state.fill(0, offset, offset + TAIL_CELLS);
  state[offset + THRESHOLD] = PRIOR_THRESHOLD;
  state[offset + MEAN] = PRIOR_MEAN;
  state[offset + MEAN_SQUARE] = PRIOR_MEAN_SQUARE;
  state[offset + BLOCK_MAXIMUM] = Number.NEGATIVE_INFINITY;
  state[offset + SINCE_PEAK] = RUN_BLOCKS;
}

/** Generalised Pareto shape by moments (Hosking & Wallis 1987), shrunk to the prior, clamped. */
function shapeOf(state: Float64Array, offset: number): number {
  const mean = state[offset + MEAN]!;
  const peaks = state[offset + PEAKS]!;
  const variance = Math.max(1e-9, state[offset + MEAN_SQUARE]! - mean * mean);
  const fitted = Math.max(0, Math.min(LARGEST_SHAPE, 0.5 * (1 - (mean * mean) / variance)));
  return Math.max(LEAST_SHAPE, (fitted * peaks + PRIOR_SHAPE * PRIOR_PEAKS) / (peaks + PRIOR_PEAKS));
}

/**
 * −log10 of the chance that the maximum of a block reaches `value` >= 0, by peaks over a threshold: above it a
 * generalised Pareto tail (Balkema & de Haan 1974, Pickands 1975), below it a parabola that only keeps the order.
 * O(1); ≈ 5 ns below the threshold, 60 ns above.
 */
export function tailSurprise(state: Float64Array, offset: number, rules: TailRules, value: number): number {
  const threshold = state[offset + THRESHOLD]!;
  const atThreshold = -Math.log(rules.share) / Math.LN10;
  if (!(value > 0)) return 0;
  if (value <= threshold) return (atThreshold * value * value) / (threshold * threshold);
  const shape = shapeOf(state, offset);
  const scale = state[offset + MEAN]! * (1 - shape);
  return atThreshold + Math.log1p((shape * (value - threshold)) / scale) / (shape * Math.LN10);
}

/** Excess at which the surprise is LEARN_UP_TO. */
function largestLearnt(state: Float64Array, offset: number, rules: TailRules): number {
  const shape = shapeOf(state, offset);
  const scale = state[offset + MEAN]! * (1 - shape);
  return (scale / shape) * Math.expm1(shape * (LEARN_UP_TO * Math.LN10 + Math.log(rules.share)));
}

function learnBlock(state: Float64Array, offset: number, rules: TailRules, maximum: number): void {
  const threshold = state[offset + THRESHOLD]!;
  const step = THRESHOLD_STEP * Math.max(state[offset + MEAN]!, 0.05 * threshold);
  if (!(maximum > threshold)) {
    state[offset + THRESHOLD] = Math.max(LEAST_THRESHOLD, threshold - step * rules.share);
    return;
  }
  const known = state[offset + PEAKS]! >= FEWEST_PEAKS;
  const excess = known ? Math.min(maximum - threshold, largestLearnt(state, offset, rules)) : maximum - threshold;
  const peaks = Math.min(state[offset + PEAKS]! + 1, rules.memoryPeaks);
  const weight = 1 / (peaks + PRIOR_PEAKS);
  state[offset + PEAKS] = peaks;
  state[offset + MEAN] = state[offset + MEAN]! + weight * (excess - state[offset + MEAN]!);
  state[offset + MEAN_SQUARE] =
    state[offset + MEAN_SQUARE]! + weight * (excess * excess - state[offset + MEAN_SQUARE]!);
  state[offset + THRESHOLD] = threshold + step * (1 - rules.share);
}

/**
 * Absorbs one row, after it was scored; `surprise` is what `tailSurprise` said of it. The threshold follows its quantile
 * by stochastic approximation (Robbins & Monro 1951). O(1), ≈ 5 ns a row.
 */
export function learnTail(
  state: Float64Array,
  offset: number,
  rules: TailRules,
  value: number,
  surprise: number,
): void {
  if (surprise > RUN_SURPRISE && state[offset + PEAKS]! >= FEWEST_PEAKS) {
    const inRun = state[offset + SINCE_PEAK]! < RUN_BLOCKS;
    state[offset + SINCE_PEAK] = 0;
    if (!inRun && value > state[offset + BLOCK_MAXIMUM]!) state[offset + BLOCK_MAXIMUM] = value;
  } else if (value > state[offset + BLOCK_MAXIMUM]!) state[offset + BLOCK_MAXIMUM] = value;
  const rows = state[offset + BLOCK_ROWS]! + 1;
  state[offset + BLOCK_ROWS] = rows;
  if (rows < rules.blockRows) return;
  if (state[offset + BLOCK_MAXIMUM]! > Number.NEGATIVE_INFINITY) {
    learnBlock(state, offset, rules, state[offset + BLOCK_MAXIMUM]!);
  }
  state[offset + BLOCK_MAXIMUM] = Number.NEGATIVE_INFINITY;
  state[offset + BLOCK_ROWS] = 0;
  state[offset + SINCE_PEAK] = state[offset + SINCE_PEAK]! + 1;
}
