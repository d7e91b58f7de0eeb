import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { adviseTimeout, type DurationTail } from './timeouts.ts';

/** The sums that the store would hold of these durations, µs. */
function tailOf(durationsUs: readonly number[], more: Partial<DurationTail> = {}): DurationTail {
  const histogram = new Map<number, number>();
  for (const us of durationsUs) {
    const bucket = Math.floor(8 * Math.log2(us));
    histogram.set(bucket, (histogram.get(bucket) ?? 0) + 1);
  }
  const buckets = [...histogram.keys()].sort((a, b) => a - b);
  return {
    calls: durationsUs.length,
    timeouts: 0,
    days: 7,
    buckets,
    counts: buckets.map((bucket) => histogram.get(bucket)!),
    maxUs: Math.max(...durationsUs),
    limitUs: 30e6,
    costUsd: durationsUs.length * 1e-6,
    billedUs: durationsUs.reduce((sum, us) => sum + us, 0),
    ...more,
  };
}
/** Log-uniform between 100 ms and 2 s. */
const usual = (n: number) => Array.from({ length: n }, (_, i) => 100_000 * 20 ** ((i + 0.5) / n));

describe('adviseTimeout', () => {
  test('twice the bound of the tail, in whole seconds', () => {
    const advice = adviseTimeout(tailOf(usual(10_000)));
    expect(advice.p50Us! / 447_000).toBeCloseTo(1, 1);
    expect(advice.boundUs!).toBeGreaterThanOrEqual(advice.p999Us!);
    expect(advice.suggestedUs).toBe(5e6); // 2 × 2.0 s and a bucket
  });

  test('a hang costs in proportion to the limit', () => {
    const { hangUsd, hangUsdThen } = adviseTimeout(tailOf(usual(10_000)));
    expect(hangUsd! / hangUsdThen!).toBeCloseTo(30 / 5, 9);
  });

  test('calls that were cut off are no part of the tail', () => {
    const advice = adviseTimeout(tailOf([...usual(10_000), 30e6, 30e6, 30.02e6], { timeouts: 3 }));
    expect(advice.suggestedUs).toBe(5e6);
  });

  test.each([
    { name: 'few calls', tail: tailOf(usual(500)), reason: /too few calls: 500 of 2,995/ },
    {
      name: 'a tail that the limit hides',
      tail: tailOf([...usual(5000), ...Array<number>(50).fill(30e6)], { timeouts: 50 }),
      reason: /cut off by the limit/,
    },
    { name: 'a tight limit', tail: tailOf(usual(5000), { limitUs: 3e6 }), reason: /as tight as the tail allows/ },
  ])('says why it suggests nothing: $name', ({ tail, reason }) => {
    const advice = adviseTimeout(tail);
    expect(advice.suggestedUs).toBeNull();
    expect(advice.reason).toMatch(reason);
  });

  test('where the limit is unknown it says so', () => {
    const advice = adviseTimeout(tailOf(usual(5000), { limitUs: null }));
    expect(advice).toMatchObject({ suggestedUs: 5e6, hangUsd: null, reason: expect.stringMatching(/limit unknown/) });
  });

  test('never below a call that ended by itself, never below 3 s', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 32 }),
        fc.integer({ min: 1000, max: 400_000_000 }),
        (seed, longest) => {
          const durations = [...usual(3000).map((us) => (us * ((seed % 97) + 1)) / 100), longest];
          const { suggestedUs } = adviseTimeout(tailOf(durations, { limitUs: null }));
          expect(suggestedUs!).toBeGreaterThanOrEqual(Math.max(3e6, longest));
        },
      ),
    );
  });
});
