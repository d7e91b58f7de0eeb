import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { SOUND_EXCESS, soundTail, tailSurprise } from './exceedance-tail.ts';

test('the tail of a sound model leaves every surprise as it is', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e6, noNaN: true }), (raw) => {
      expect(tailSurprise(raw, soundTail(2))).toBeCloseTo(raw, 6);
    }),
  );
});

test('is the generalised Pareto survival function', () => {
  // scipy.stats.genpareto.sf(x, c=0.2, scale=0.8): mean excess 1; x = 1 and 4
  const tail = { from: 2, level: 2, excess: 1, shape: 0.2 };
  expect(tailSurprise(3, tail)).toBeCloseTo(2 - Math.log10(1.25 ** -5), 12);
  expect(tailSurprise(6, tail)).toBeCloseTo(2 - Math.log10(2 ** -5), 12);
});

test('a shape of next to 0 is that of 0', () => {
  const tail = { from: 2, level: 1.5, excess: 2 * SOUND_EXCESS, shape: 0 };
  expect(tailSurprise(9, { ...tail, shape: 1e-9 })).toBeCloseTo(tailSurprise(9, tail), 6);
});
