import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { randomLayers } from './model.fixture.ts';
import { Network } from './network.ts';

test('a small network gives what pencil and paper give', () => {
  const network = new Network([
    {
      inputs: 2,
      outputs: 2,
      activation: 'softsign',
      weights: new Float32Array([1, -1, 2, 1]),
      biases: new Float32Array([0, 1]),
    },
    { inputs: 2, outputs: 1, activation: 'linear', weights: new Float32Array([4, 2]), biases: new Float32Array([0.5]) },
  ]);
  // (1, 1): 1 + 2 = 3 → 3/4; −1 + 1 + 1 = 1 → 1/2; 4 × 3/4 + 2 × 1/2 + 1/2
  expect([...network.run(new Float64Array([1, 1]))]).toEqual([4.5]);
  // (−1, 0): −1 → −1/2; 1 + 1 = 2 → 2/3
  expect(network.run(new Float64Array([-1, 0]))[0]).toBe(4 * -0.5 + 2 * (2 / 3) + 0.5);
});

test('agrees with a twin written the other way round, and twice the same row gives the same bits', () => {
  const layers = randomLayers([7, 5, 3, 4], 3);
  const network = new Network(layers);
  fc.assert(
    fc.property(fc.array(fc.double({ min: -8, max: 8, noNaN: true }), { minLength: 7, maxLength: 7 }), (row) => {
      let values: readonly number[] = row;
      for (const { inputs, outputs, weights, biases, activation } of layers) {
        const from = values;
        values = Array.from({ length: outputs }, (_, o) => {
          let sum = biases[o]!;
          for (let i = 0; i < inputs; i++) sum += from[i]! * weights[i * outputs + o]!;
          return activation === 'linear' ? sum : sum / (1 + Math.abs(sum));
        });
      }
      const first = [...network.run(Float64Array.from(row))];
      for (const [i, value] of first.entries()) expect(value).toBeCloseTo(values[i]!, 12);
      expect([...network.run(Float64Array.from(row))]).toEqual(first);
    }),
  );
});

test('the bits of a known row, on whatever engine this runs', () => {
  const network = new Network(randomLayers([27, 16, 6, 16, 20], 42));
  const row = Float64Array.from({ length: 27 }, (_, i) => ((i * 7919) % 17) / 2 - 4);
  const output = network.run(row);
  const words = new Uint32Array(Float64Array.from(output).buffer);
  let hash = 2166136261;
  for (const word of words) hash = Math.imul(hash ^ word, 16777619) >>> 0;
  expect(hash.toString(16)).toBe('670d9589');
});
