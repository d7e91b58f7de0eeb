/**
 * Half the deviance of `value` from `mean`: value · ln(value / mean) + mean − value, >= 0, for both > 0.
 * `difference` is value − mean as the caller knows it, which may be more exactly than by subtraction; what is near 0
 * keeps its digits. Loader, "Fast and accurate computation of binomial probabilities", 2000 (there `bd0`). Cost ≈ 5–20 ns.
 */
export function halfDeviance(value: number, mean: number, difference: number): number {
  const relative = difference / value;
  if (relative > 0.5) return value * Math.log(value / mean) - difference;
  if (relative > 0.1 || relative < -0.1) return -value * Math.log1p(-relative) - difference;
  const s = relative / (2 - relative); // −ln(1 − t) = 2 artanh(t / (2 − t))
  const square = s * s;
  const odd =
    square * (1 / 3 + square * (1 / 5 + square * (1 / 7 + square * (1 / 9 + square * (1 / 11 + square / 13)))));
  return value * s * (relative + 2 * odd);
}
