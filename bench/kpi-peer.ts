/**
 * The peer: how many standard deviations a row is from an exponentially weighted mean, both of `rows` memory. Every row
 * is learnt, as the plain rule does.
 */
export function ewmaDeviations(values: Float64Array, rows: number): Float64Array {
  const weight = 2 / (rows + 1);
  let mean = values[0] ?? 0;
  let variance = 0;
  return values.map((value, row) => {
    const gap = value - mean;
    const score = row < rows || variance <= 0 ? 0 : Math.abs(gap) / Math.sqrt(variance);
    mean += weight * gap;
    variance = (1 - weight) * (variance + weight * gap * gap);
    return score;
  });
}
