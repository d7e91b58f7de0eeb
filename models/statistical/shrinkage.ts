/**
 * Rate of events per unit of exposure, drawn towards `priorRate` as if that had been seen over `priorExposure` units:
 * the posterior mean of the gamma-Poisson model (Gelman et al., "Bayesian data analysis", 2.6). Lies between the
 * prior's rate and the own one. `priorExposure` and `exposure` must not both be 0 (NaN). Cost ≈ 2 ns.
 */
export function gammaPoissonRate(sum: number, exposure: number, priorRate: number, priorExposure: number): number {
  return (sum + priorExposure * priorRate) / (exposure + priorExposure);
}

/**
 * `alpha` of Beta(alpha, beta) after `successes` in `trials`, starting from a prior of `priorRate` worth `priorWeight`
 * trials. History counts for `maxWeight` trials at most, its rate kept: however long it is, the distribution stays wide
 * enough for the share to wander. Cost ≈ 3 ns.
 */
export function boundedBetaAlpha(
  successes: number,
  trials: number,
  priorRate: number,
  priorWeight: number,
  maxWeight: number,
): number {
  return priorRate * priorWeight + successes * boundedShare(trials, maxWeight);
}

/** `beta` beside `boundedBetaAlpha`; the two add up to priorWeight + min(trials, maxWeight). */
export function boundedBetaBeta(
  successes: number,
  trials: number,
  priorRate: number,
  priorWeight: number,
  maxWeight: number,
): number {
  return (1 - priorRate) * priorWeight + (trials - successes) * boundedShare(trials, maxWeight);
}

function boundedShare(trials: number, maxWeight: number): number {
  return trials > maxWeight ? maxWeight / trials : 1;
}
