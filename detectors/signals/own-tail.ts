import type { WindowView } from '../window-view.ts';

/** Within so many standard deviations nothing is extreme, and no tail is worth computing. */
export const USUAL_Z = 1;

/** True for a count so near its mean that its upper tail needs no computing: mean + one standard deviation at most. */
export function isUsual(n: number, mean: number, phi: number): boolean {
  const above = n - mean;
  return above <= 0 || above * above <= USUAL_Z * USUAL_Z * (mean + phi * mean * mean);
}

/** The parameters by which a surprise of the model becomes the score, for the evidence. */
export function ownTail(
  view: WindowView,
  tail: number,
): Record<'tailFrom' | 'tailLevel' | 'tailExcess' | 'tailShape', number> {
  const { from, level, excess, shape } = view.tail(tail);
  return { tailFrom: from, tailLevel: level, tailExcess: excess, tailShape: shape };
}
