import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { poissonDistribution } from 'simple-statistics';
import { lowerSurprise, quantile, quickZ, upperSurprise, upperThreshold, zeroSurprise } from './negative-binomial.ts';
import { MAX_SURPRISE } from './surprise.ts';

// scipy.stats.nbinom and poisson: n, mean, phi, −log10 sf(n − 1), −log10 cdf(n)
const KNOWN: [number, number, number, number, number][] = [
  [1, 0.001, 0.1, 3.0002388321102984, 2.3867103418984645e-7],
  [3, 0.5, 0.2, 1.7018459759103806, 0.0015402329092815358],
  [5, 5, 0, 0.25219469690752594, 0.21044702798917295],
  [40, 10, 0, 12.134207133110635, 7.719441369759749e-14],
  [40, 10, 0.1, 5.334252714012552, 1.2190880566977955e-6],
  [2, 10, 0.1, 0.00255217863907201, 1.714732856677333],
  [150, 100, 0.05, 1.4923070664065614, 0.013209821217736076],
  [1200, 1000, 0, 9.32936421275554, 1.6872075866861637e-10],
  [900, 1000, 0.001, 0.004742710616961334, 1.9372517540085106],
  [60000, 50000, 0.02, 1.0730748502285885, 0.038338765597045944],
  [7, 3, 4, 0.8382438742556402, 0.058545609245947455],
];
// scipy.stats.nbinom.ppf: p, mean, phi, n
const QUANTILES: [number, number, number, number][] = [
  [0.01, 0.4, 0.5, 0],
  [0.01, 12, 0.1, 3],
  [0.01, 3000, 0.02, 2094],
  [0.1, 0.4, 0.5, 0],
  [0.1, 12, 0.1, 6],
  [0.1, 3000, 0.02, 2466],
  [0.5, 0.4, 0.5, 0],
  [0.5, 12, 0.1, 11],
  [0.5, 3000, 0.02, 2980],
  [0.9, 0.4, 0.5, 1],
  [0.9, 12, 0.1, 19],
  [0.9, 3000, 0.02, 3560],
  [0.999, 0.4, 0.5, 4],
  [0.999, 12, 0.1, 33],
  [0.999, 3000, 0.02, 4496],
];

test.each(KNOWN)('n = %p of mean %p, phi %p: up %p, down %p', (n, mean, phi, up, down) => {
  expect(Math.abs(upperSurprise(n, mean, phi) - up)).toBeLessThan(1e-9 + 1e-9 * up);
  expect(Math.abs(lowerSurprise(n, mean, phi) - down)).toBeLessThan(1e-9 + 1e-9 * down);
});
test.each(QUANTILES)('the quantile %p of mean %p, phi %p is %p', (p, mean, phi, n) => {
  expect(quantile(p, mean, phi)).toBe(n);
});

/** −log10 P(N >= n) by the recurrence of terms, from n upwards in units of the first. */
function bruteForce(n: number, mean: number, phi: number): number {
  let logTerm = -(phi > 0 ? Math.log1p(mean * phi) / phi : mean);
  for (let j = 1; j <= n; j++) logTerm += Math.log((mean * (1 + phi * (j - 1))) / (j * (1 + phi * mean)));
  let sum = 1;
  for (let j = n + 1, term = 1; term > 1e-18 * sum; j++) {
    term *= (mean * (1 + phi * (j - 1))) / (j * (1 + phi * mean));
    sum += term;
  }
  return -(logTerm + Math.log(sum)) / Math.LN10;
}

test.each([0, 1e-14, 1e-8, 1e-3, 0.05, 0.5, 3, 40])(
  'agrees with the sum of its terms for phi = %p, down to 1e-300 and beyond',
  (phi) => {
    for (const mean of [1e-9, 1e-3, 0.4, 3, 25, 400, 3000]) {
      const sigma = Math.sqrt(mean + phi * mean * mean);
      for (const z of [0.1, 1, 3, 7, 20, 50]) {
        const n = Math.ceil(mean + z * sigma) + 1;
        const exact = bruteForce(n, mean, phi);
        expect(Math.abs(upperSurprise(n, mean, phi) - exact)).toBeLessThan(1e-6 * Math.max(1, exact));
      }
    }
  },
);

test('without over-dispersion it is simple-statistics’ Poisson distribution', () => {
  const below = (poissonDistribution(4.5) ?? []).slice(0, 9).reduce((sum, p) => sum + p, 0);
  expect(lowerSurprise(8, 4.5, 0)).toBeCloseTo(-Math.log10(below), 10);
});

const mean = fc.double({ min: -9, max: 7, noNaN: true }).map((exponent) => 10 ** exponent);
const phi = fc.oneof(
  fc.constant(0),
  fc.double({ min: -14, max: 1, noNaN: true }).map((exponent) => 10 ** exponent),
);
const distance = fc.double({ min: -6, max: 30, noNaN: true });

test('surprise is finite, grows with distance, and the two tails add up to 1', () => {
  fc.assert(
    fc.property(mean, phi, distance, (m, over, z) => {
      const n = Math.max(0, Math.round(m + z * Math.sqrt(m + over * m * m)));
      const up = upperSurprise(n, m, over);
      const down = lowerSurprise(n, m, over);
      expect(up).toBeGreaterThanOrEqual(0);
      expect(up).toBeLessThan(MAX_SURPRISE);
      expect(upperSurprise(n + 1, m, over)).toBeGreaterThanOrEqual(up - 1e-7);
      expect(lowerSurprise(n + 1, m, over)).toBeLessThanOrEqual(down + 1e-7);
      if (n > 0) expect(10 ** -up + 10 ** -lowerSurprise(n - 1, m, over)).toBeCloseTo(1, 6);
    }),
    { numRuns: 500 },
  );
});

test('more over-dispersion makes the same excess less surprising', () => {
  fc.assert(
    fc.property(mean, fc.double({ min: 0.001, max: 1, noNaN: true }), (m, over) => {
      const n = Math.max(2, Math.ceil(m + 6 * Math.sqrt(m + 4 * m * m))); // one event gets rarer: more of the mass is at 0
      expect(upperSurprise(n, m, 2 * over)).toBeLessThanOrEqual(upperSurprise(n, m, over) + 1e-9);
    }),
  );
});

test('the threshold is the first count to reach the bar', () => {
  fc.assert(
    fc.property(mean, phi, fc.double({ min: 1e-3, max: 60, noNaN: true }), (m, over, bar) => {
      const n = upperThreshold(m, over, bar);
      expect(upperSurprise(n, m, over)).toBeGreaterThanOrEqual(bar);
      expect(upperSurprise(n - 1, m, over)).toBeLessThan(bar);
    }),
    { numRuns: 300 },
  );
});

test('quantiles grow with p and with the mean, within the noise of one count', () => {
  const share = fc.double({ min: 0.001, max: 0.99, noNaN: true });
  fc.assert(
    fc.property(mean, phi, share, (m, over, p) => {
      const n = quantile(p, m, over);
      expect(quantile(p + 0.005, m, over)).toBeGreaterThanOrEqual(n);
      expect(quantile(p, m * 1.01, over)).toBeGreaterThanOrEqual(n - 1);
    }),
  );
});

test.each([
  { name: 'nothing is no surprise upwards', surprise: upperSurprise(0, 5, 0.1), expected: 0 },
  {
    name: 'a part of a count is the next whole one',
    surprise: upperSurprise(6.2, 5, 0.1),
    expected: upperSurprise(7, 5, 0.1),
  },
  {
    name: 'downwards a part counts for nothing',
    surprise: lowerSurprise(2.7, 5, 0.1),
    expected: lowerSurprise(2, 5, 0.1),
  },
  {
    name: 'silence is the lower tail of 0',
    surprise: zeroSurprise(5, 0.1),
    expected: Math.log1p(0.5) / 0.1 / Math.LN10,
  },
  { name: 'silence of a Poisson count is its mean', surprise: lowerSurprise(0, 5, 0), expected: 5 / Math.LN10 },
  {
    name: 'anything where nothing can be is the largest surprise',
    surprise: upperSurprise(3, 0, 0.1),
    expected: MAX_SURPRISE,
  },
  { name: 'nothing where nothing can be is none', surprise: zeroSurprise(0, 0.1), expected: 0 },
  {
    name: 'ten million calls on a mean of a billionth are finite',
    surprise: upperSurprise(1e7, 1e-9, 0) / 1.5566e8,
    expected: 1,
  },
])('$name', ({ surprise, expected }) => {
  expect(surprise).toBeCloseTo(expected, 3);
});

test('thresholds at the ends, and the quick z', () => {
  expect(upperThreshold(5, 0.1, 0)).toBe(0);
  expect(upperThreshold(0, 0.1, 6)).toBe(1);
  expect(upperThreshold(5, 0.1, Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
  expect(quantile(0, 5, 0.1)).toBe(0);
  expect(quickZ(30, 10, 0.1)).toBeCloseTo(20 / Math.sqrt(20), 12);
});

test('the unknown stays unknown', () => {
  for (const unknown of [
    upperSurprise(Number.NaN, 5, 0.1),
    lowerSurprise(3, Number.NaN, 0),
    upperThreshold(5, Number.NaN, 6),
  ]) {
    expect(unknown).toBeNaN();
  }
});

test('a threshold ends beyond 2 ** 53 too, where neighbours are more than 1 apart', () => {
  const huge = fc.oneof(
    fc.constantFrom(2 ** 53, 1e18, 1e100, 1e300, Number.MAX_VALUE),
    fc.double({ min: 1e15, noNaN: true }),
  );
  fc.assert(
    fc.property(
      huge,
      fc.constantFrom(0, 1e-12, 0.1, 3),
      fc.double({ min: 0, max: 300, noNaN: true }),
      (mean, phi, bar) => {
        expect(upperThreshold(mean, phi, bar)).not.toBeLessThan(0);
      },
    ),
  );
});
