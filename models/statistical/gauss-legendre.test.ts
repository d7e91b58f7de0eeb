import { expect, test } from '@jest/globals';
import { gaussLegendre } from './gauss-legendre.ts';

test.each([1, 2, 5, 16])('%p nodes integrate every power they promise', (count) => {
  const { nodes, weights } = gaussLegendre(count);
  for (let power = 0; power < 2 * count; power++) {
    const integral = nodes.reduce((sum, x, i) => sum + weights[i]! * x ** power, 0);
    expect(integral).toBeCloseTo(power % 2 === 0 ? 2 / (power + 1) : 0, 13);
  }
});
