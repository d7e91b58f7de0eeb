import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { discoveryBar } from './false-discovery.ts';

test.each<{ name: string; scores: readonly number[]; tests: number; rate: number; bar: number }>([
  { name: 'nothing found: what a first one would need', scores: [], tests: 1000, rate: 0.1, bar: 4 },
  { name: 'one that stands out', scores: [5], tests: 1000, rate: 0.1, bar: 4 },
  { name: 'ten together need less each', scores: Array(10).fill(3.5), tests: 1000, rate: 0.1, bar: 3 },
  { name: 'one below the bar lifts none', scores: [5, 3], tests: 1000, rate: 0.1, bar: 4 },
])('$name', ({ scores, tests, rate, bar }) => {
  expect(discoveryBar(scores, tests, rate)).toBeCloseTo(bar, 9);
});

// Benjamini & Hochberg 1995, section 4.1: 15 tests of thrombolysis, rate 0.05, the four smallest pass
test('the example of the paper', () => {
  const p = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719, 0.6528, 0.759, 1,
  ];
  const scores = p.map((value) => -Math.log10(value));
  const bar = discoveryBar(scores, 15, 0.05);
  expect(scores.filter((score) => score >= bar)).toHaveLength(4);
});

test('keeps the share of chance among what passes below the rate', () => {
  // 40 fleets of 20,000 true nulls with 20 real effects at 1e-9: false ones among those that pass, by a fixed generator
  let seed = 12345;
  const draw = () => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return (seed + 1) / 4294967297;
  };
  let share = 0;
  for (let fleet = 0; fleet < 40; fleet++) {
    const chance = Array.from({ length: 20_000 }, () => -Math.log10(draw())).filter((score) => score > 2);
    const bar = discoveryBar([...chance, ...Array(20).fill(9)], 20_020, 0.1);
    const wrong = chance.filter((score) => score >= bar).length;
    share += wrong / (wrong + 20) / 40;
  }
  expect(share).toBeLessThan(0.13); // 0.1 and three standard errors
  expect(share).toBeGreaterThan(0.04); // nor is it needlessly strict
});

test('more tests raise the bar, more of the same find lowers it', async () => {
  const scores = fc.array(fc.double({ min: 0, max: 300, noNaN: true }), { maxLength: 40 });
  await fc.assert(
    fc.property(scores, fc.integer({ min: 100, max: 1e12 }), (found, tests) => {
      const bar = discoveryBar(found, tests, 0.1);
      expect(discoveryBar(found, tests * 10, 0.1)).toBeGreaterThanOrEqual(bar - 1e-9);
      expect(discoveryBar([...found, 300], tests, 0.1)).toBeLessThanOrEqual(bar + 1e-9);
    }),
  );
});
