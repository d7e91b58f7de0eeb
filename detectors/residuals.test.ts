import { describe, expect, test } from '@jest/globals';
import { Graded } from '../test/view.ts';
import { FEATURES, QUANTITIES, RESIDUALS, residualsOf, sineOfHour } from './residuals.ts';

const USUAL = { logUs: 16, microUsdPerCall: 2, bytesPerCall: 4000, logKib: 17 };
const learnt = new Graded().live(3 * 1440, 6, USUAL);
const of = (graded: Graded) => {
  const out = new Float64Array(FEATURES.length);
  const known = residualsOf(graded.view, out);
  return { out, known, at: (name: string) => out[FEATURES.indexOf(name)]! };
};

test('the vector is 20 residuals of two horizons and a context, in an order that models depend on', () => {
  expect(RESIDUALS).toBe(2 * QUANTITIES.length);
  expect(FEATURES).toHaveLength(27);
  expect(new Set(FEATURES).size).toBe(FEATURES.length);
  expect(FEATURES.slice(0, 2)).toEqual(['calls, 1 min', 'duration, 1 min']);
});

test('calm windows have residuals near 0 with a spread of at most about 1', () => {
  const graded = learnt.clone();
  const sums = new Float64Array(RESIDUALS);
  const squares = new Float64Array(RESIDUALS);
  const windows = 600;
  for (let i = 0; i < windows; i++) {
    graded.live(1, 6, USUAL);
    const { out } = of(graded);
    for (let r = 0; r < RESIDUALS; r++) {
      sums[r] = sums[r]! + out[r]!;
      squares[r] = squares[r]! + out[r]! ** 2;
    }
  }
  for (let r = 0; r < RESIDUALS; r++) {
    const mean = sums[r]! / windows;
    expect({ name: FEATURES[r], far: Math.abs(mean) > 0.6 }).toEqual({ name: FEATURES[r], far: false });
    expect({ name: FEATURES[r], wild: squares[r]! / windows > 2 }).toEqual({ name: FEATURES[r], wild: false });
  }
});

describe('what goes off shows in its own residual, in its own direction', () => {
  test.each([
    ['calls', 40, {}, 1],
    ['calls', 1, {}, -1],
    ['duration', 6, { logUs: 19 }, 1],
    ['errors', 6, { err: 5 }, 1],
    ['timeouts', 6, { tmo: 4 }, 1],
    ['slow calls', 6, { tail: 5 }, 1],
    ['cold starts', 6, { cold: 6 }, 1],
    ['cost a call', 6, { microUsdPerCall: 40 }, 1],
    ['bytes', 6, { bytesPerCall: 80_000 }, 1],
    ['bytes a call', 6, { bytesPerCall: 80_000 }, 1],
    ['memory', 6, { logKib: 18 }, 1],
  ] as const)('%s with %d calls', (name, calls, change, sign) => {
    const graded = learnt.clone();
    for (let i = 0; i < 15; i++) graded.live(1, calls, { ...USUAL, ...change });
    expect(sign * of(graded).at(`${name}, 15 min`)).toBeGreaterThan(2.5);
  });
});

test('what the logs do not tell is 0, unknown, and said to be', () => {
  const { out, known, at } = of(new Graded().live(2 * 1440, 6, { logUs: 16 }));
  for (const name of ['bytes', 'bytes a call', 'memory', 'cost a call']) {
    const i = FEATURES.indexOf(`${name}, 15 min`);
    expect({ name, value: out[i], known: (known >> i) & 1 }).toEqual({ name, value: 0, known: 0 });
  }
  expect([at('bytes known'), at('memory known')]).toEqual([0, 0]);
  expect([...out].every(Number.isFinite)).toBe(true);
});

test('no value is beyond 8 standard deviations', () => {
  const graded = learnt.clone();
  for (let i = 0; i < 15; i++) graded.live(1, 900, { logUs: 40, microUsdPerCall: 1e9, bytesPerCall: 1e12, err: 900 });
  for (const value of of(graded).out) expect(Math.abs(value)).toBeLessThanOrEqual(8);
});

test('the sine of an hour is the sine', () => {
  for (let hour = -24; hour < 48; hour++) expect(sineOfHour(hour)).toBeCloseTo(Math.sin((hour * Math.PI) / 12), 14);
});
