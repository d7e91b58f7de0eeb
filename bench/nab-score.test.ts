import { describe, expect, test } from '@jest/globals';
import { NabScorer, PROFILES, type ScoredFile } from './nab-score.ts';

const ROWS = 1000;
const timesMs = Array.from({ length: ROWS }, (_, row) => row * 60_000);
const file = (
  hits: readonly number[],
  windows: ScoredFile['windows'] = [[600 * 60_000, 699 * 60_000]],
): ScoredFile => ({
  name: 'a/b.csv',
  timesMs,
  scores: timesMs.map((_, row) => (hits.includes(row) ? 1 : 0)),
  windows,
});
const standard = (hits: readonly number[]) => new NabScorer([file(hits)]).best(PROFILES[0]!);

describe('NAB scoring', () => {
  test.each([
    { name: 'a hit on the first row of the window is worth all', hits: [600], score: 100 },
    { name: 'the best detection counts, once', hits: [600, 601, 650, 699], score: 100 },
    { name: 'nothing said is worth nothing', hits: [], score: 0 },
    { name: 'probation does not count', hits: [0, 149], score: 0 },
    { name: 'the last row of the window is worth half, and little more', hits: [699], score: 51.27 },
    {
      name: 'a false detection before any window costs 0.11 of a window, halved by the span',
      hits: [300, 600],
      score: 94.5,
    },
  ])('$name', ({ hits, score }) => {
    expect(standard(hits).score).toBeCloseTo(score, 1);
  });

  test('a window that is not in the file is an error that names the file', () => {
    expect(() => new NabScorer([file([], [[1, 2]])])).toThrow(/a\/b\.csv: a labelled window/);
  });
});
