import { describe, expect, test } from '@jest/globals';
import { type ScoredSeries, scoreAt } from './score.ts';
import { generateSeries } from './series.ts';

const MINUTE_MS = 60_000;
const ROWS = 6 * 1440;

/** One series of six days with one anomaly from minute 5000 to 5010, and a score of 1 at the given minutes. */
function series(minutes: readonly number[]): ScoredSeries {
  return {
    timesMs: Float64Array.from({ length: ROWS }, (_, row) => row * MINUTE_MS),
    scores: Float64Array.from({ length: ROWS }, (_, row) => (minutes.includes(row) ? 1 : 0)),
    labels: [{ fromMs: 5000 * MINUTE_MS, toMs: 5010 * MINUTE_MS }],
  };
}

describe('events of a series', () => {
  test.each([
    { name: 'two minutes early hits', minutes: [4998], hits: 1, falseEvents: 0 },
    { name: 'three minutes early is false', minutes: [4997], hits: 0, falseEvents: 1 },
    { name: 'ten minutes after the end hits', minutes: [5020], hits: 1, falseEvents: 0 },
    { name: 'within an hour after that it is an echo', minutes: [5021, 5080], hits: 0, falseEvents: 0 },
    { name: 'later it is false', minutes: [5081], hits: 0, falseEvents: 1 },
    { name: 'repeats within an hour are one event', minutes: [4000, 4060, 4120], hits: 0, falseEvents: 1 },
    { name: 'an event that was open before does not hit', minutes: [4960, 5000], hits: 0, falseEvents: 1 },
    { name: 'the first two days do not count', minutes: [10, 2000], hits: 0, falseEvents: 0 },
  ])('$name', ({ minutes, hits, falseEvents }) => {
    expect(scoreAt([series(minutes)], 1)).toMatchObject({
      labels: 1,
      hits,
      falseEvents,
      seriesDays: expect.closeTo(4, 2),
    });
  });
});

test('the same seed gives the same series, another seed another', () => {
  expect(generateSeries(1, 2, 5)).toEqual(generateSeries(1, 2, 5));
  expect(generateSeries(1, 2, 5).values).not.toEqual(generateSeries(2, 2, 5).values);
});
