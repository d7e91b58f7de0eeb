/*
 * The tail of a series of surprises (−log10 p), told from how often and by how much they pass a threshold. Excesses over a
 * high threshold tend to a generalised Pareto law (Balkema & de Haan 1974; Pickands 1975). Surprises of a sound model are
 * exponential with mean log10 e; those of one whose variance is off by c are exponential with mean c · log10 e (shape 0);
 * those of one that misses a heavy tail have a shape above 0.
 */

/** Mean excess of the surprise of a model that is right. */
export const SOUND_EXCESS = Math.LOG10E;

/** Beyond `from`, in order of magnitude `level`, excesses are generalised Pareto with this mean and shape. */
export interface ExceedanceTail {
  /** the threshold, > 0 */
  readonly from: number;
  /** −log10 of the share of windows beyond it, > 0 */
  readonly level: number;
  /** mean excess beyond it, > 0 */
  readonly excess: number;
  /** in [0, 1): 0 = exponential */
  readonly shape: number;
}

/** The tail of a model that is right: it leaves every surprise as it is. */
export function soundTail(from: number): ExceedanceTail {
  return { from, level: from, excess: SOUND_EXCESS, shape: 0 };
}

/**
 * The surprise as a frequency: −log10 of how often this series shows a surprise of `raw` or more. Below the threshold the
 * scale is stretched evenly from 0. Strictly increasing in `raw`. Cost ≈ 5–25 ns.
 */
export function tailSurprise(raw: number, { from, level, excess, shape }: ExceedanceTail): number {
  if (raw <= from) return raw <= 0 ? 0 : (raw / from) * level;
  const scaled = (raw - from) / excess;
  if (shape === 0) return level + scaled * SOUND_EXCESS;
  return level + (Math.log1p((shape * scaled) / (1 - shape)) / shape) * SOUND_EXCESS;
}
