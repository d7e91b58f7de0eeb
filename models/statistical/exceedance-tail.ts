/*
 * The tail of a series of surprises (−log10 p), told from how often and by how much they pass a threshold. Excesses over a
 * high threshold tend to a generalised Pareto law (Balkema & de Haan 1974; Pickands 1975); surprises of a sound model are
 * exponential with mean log10 e, those of one whose variance is off by c exponential with mean c · log10 e, which is the
 * case of shape 0. The shape is held at 0: fitted on some hundred clustered exceedances it decides everything and is
 * mostly noise (Siffer et al. 2017, "Anomaly detection in streams with extreme value theory").
 */

/** Mean excess of the surprise of a model that is right. */
export const SOUND_EXCESS = Math.LOG10E;

/** A fitted tail: P(surprise >= r) = 10^−(level + (r − threshold) · log10 e / excess) for r >= threshold. */
export interface ExceedanceTail {
  /** −log10 of the share of windows beyond the threshold; > 0 */
  level: number;
  /** mean excess beyond the threshold, > 0 */
  excess: number;
}

/**
 * The surprise as a frequency: −log10 of how often this series shows a surprise of `raw` or more. Below the threshold the
 * scale is stretched evenly from 0. Strictly increasing in `raw`; the identity for level = threshold and a sound excess.
 * Cost ≈ 3 ns.
 */
export function tailSurprise(raw: number, threshold: number, level: number, excess: number): number {
  if (raw <= threshold) return raw <= 0 ? 0 : (raw / threshold) * level;
  return level + (raw - threshold) * (SOUND_EXCESS / excess);
}
