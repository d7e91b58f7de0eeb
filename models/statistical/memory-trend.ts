import { linearRegression } from 'simple-statistics';
import { upperTailSurprise } from './student.ts';

/** What a leak looks like: when memory reaches its ceiling if it goes on as it does. */
export interface MemoryTrend {
  /** from the last point; 0 = there already */
  readonly minutesToCeiling: number;
  /** of used / size */
  readonly slopePerMinute: number;
  /** −log10 of the chance of such a slope without a trend */
  readonly surprise: number;
}

const FEWEST_POINTS = 4;

/**
 * Straight line through (minute, used / size) points in time order, and the minutes from the last point until that line
 * reaches `ceiling` (1 = all of it). Null when there are fewer than 4 points, or the slope's one-sided t-test stays
 * under `leastSurprise`. Assumes independent, equally spread residuals: a saw-tooth (sandbox after sandbox) or a single
 * step can look like a slope, so the caller asks for persistence. O(points), ≈ 1.6 µs for 16; allocates.
 */
export function memoryTrend(
  points: ReadonlyArray<readonly [number, number]>,
  leastSurprise: number,
  ceiling = 1,
): MemoryTrend | null {
  if (points.length < FEWEST_POINTS) return null;
  const firstMinute = points[0]![0]; // minutes since 1970 would cost the sums of squares their digits
  const line = linearRegression(points.map(([minute, used]) => [minute - firstMinute, used]));
  const meanMinute = points.reduce((sum, [minute]) => sum + minute - firstMinute, 0) / points.length;
  let minuteSquares = 0;
  let residualSquares = 0;
  for (const [minute, used] of points) {
    minuteSquares += (minute - firstMinute - meanMinute) ** 2;
    residualSquares += (used - line.b - line.m * (minute - firstMinute)) ** 2;
  }
  if (!(line.m > 0 && minuteSquares > 0)) return null;
  const freedom = points.length - 2;
  // a perfect line has no residuals: at least 1.5e-8 of the size each keeps t finite
  const spread = Math.sqrt(Math.max(residualSquares / freedom, Number.EPSILON) / minuteSquares);
  const surprise = upperTailSurprise(line.m / spread, freedom);
  if (surprise < leastSurprise) return null;
  const now = line.b + line.m * (points[points.length - 1]![0] - firstMinute);
  return { minutesToCeiling: Math.max(0, (ceiling - now) / line.m), slopePerMinute: line.m, surprise };
}
