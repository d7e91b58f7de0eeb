import { describe, expect, test } from '@jest/globals';
import { Random } from '../../scenarios/random.ts';
import { learnTail, resetTail, TAIL_CELLS, type TailRules, tailSurprise } from './peaks-tail.ts';

const RULES: TailRules = { blockRows: 1, share: 0.05, memoryPeaks: 300 };

function learnt(draw: (random: Random) => number, rows: number, seed = 1): Float64Array {
  const state = new Float64Array(TAIL_CELLS);
  const random = new Random('tail', seed);
  resetTail(state, 0);
  for (let row = 0; row < rows; row++) {
    const value = draw(random);
    learnTail(state, 0, RULES, value, tailSurprise(state, 0, RULES, value));
  }
  return state;
}

describe('a tail learnt from peaks', () => {
  test.each([
    {
      name: 'exponential',
      draw: (random: Random) => random.exponential(1),
      exact: (value: number) => value / Math.LN10,
    },
    {
      name: 'Pareto, shape 0.25',
      draw: (random: Random) => (1 - random.unit()) ** -0.25,
      exact: (value: number) => 4 * Math.log10(value),
    },
  ])('knows a chance of one in a thousand ($name) within a factor of three', ({ draw, exact }) => {
    for (const seed of [1, 2, 3]) {
      const state = learnt(draw, 30_000, seed);
      const value =
        draw === undefined ? 0 : [...Array(4000).keys()].map((it) => it / 100).find((it) => exact(it) >= 3)!;
      expect(Math.abs(tailSurprise(state, 0, RULES, value) - 3)).toBeLessThan(Math.log10(3));
    }
  });

  test('a larger value is a larger surprise', () => {
    const state = learnt((random) => random.exponential(1), 5000);
    let before = -1;
    for (let value = 0; value < 40; value += 0.1) {
      const surprise = tailSurprise(state, 0, RULES, value);
      expect(surprise).toBeGreaterThanOrEqual(before);
      before = surprise;
    }
  });

  test('one anomaly does not own the tail', () => {
    const state = learnt((random) => random.exponential(1), 10_000);
    const before = tailSurprise(state, 0, RULES, 15);
    for (let row = 0; row < 30; row++) learnTail(state, 0, RULES, 40, tailSurprise(state, 0, RULES, 40));
    expect(tailSurprise(state, 0, RULES, 15)).toBeGreaterThan(before - 1);
  });

  test('what comes often becomes usual', () => {
    const calm = learnt((random) => random.exponential(1), 20_000);
    const spiky = learnt((random) => (random.chance(0.02) ? 15 : random.exponential(1)), 20_000);
    expect(tailSurprise(calm, 0, RULES, 15)).toBeGreaterThan(4);
    expect(tailSurprise(spiky, 0, RULES, 15)).toBeLessThan(3);
  });
});
