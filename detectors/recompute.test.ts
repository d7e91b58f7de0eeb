import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { AlertEvent } from '../alerts/event.ts';
import { Flag } from '../ingest/fragment.ts';
import { upperSurprise } from '../models/statistical/negative-binomial.ts';
import { playBlocks } from '../test/pipeline.ts';
import { play } from '../test/play.ts';
import { recompute } from './recompute.ts';

describe('the score follows from the evidence of an alert', () => {
  const from = 800;
  const fns = ['flood', 'slow', 'failing', 'sending', 'hungry'];
  const { events } = playBlocks(
    play({
      minutes: 900,
      fns,
      perMinute: (m, fn) => (m >= from && fn === 'flood' ? 40 : 4),
      call: (m, random, fn) => ({
        bytes: m >= from && fn === 'sending' ? 1e7 : 20_000,
        ...(m >= from && fn === 'slow' ? { durationUs: 900_000 } : {}),
        ...(m >= from && fn === 'hungry' ? { memoryUsedKib: 500 * 1024 } : {}),
        ...(m >= from && fn === 'failing' && random() < 0.5 ? { flags: Flag.failed | Flag.statusKnown } : {}),
      }),
    }),
  );
  const said = events.filter(({ evidence }) => evidence.model !== undefined);

  test.each(fns)('%s has one', (fn) => {
    expect(said.map(({ function: { name } }) => name)).toContain(fn);
  });

  test('of every event, after its way through JSON', () => {
    for (const event of said) {
      const { score, evidence } = JSON.parse(JSON.stringify(event)) as AlertEvent;
      const again = recompute(evidence.model!, Number(evidence.observed_exact));
      expect(again!.score / Number(evidence.score_exact)).toBeCloseTo(1, 9);
      expect(again!.score / score).toBeCloseTo(1, 9);
    }
  });
});

test('a model that this version does not know is null', () => {
  expect(recompute({ kind: 'oracle' }, 1)).toBeNull();
});

test('a lower tail costs its handicap', () => {
  const model = { kind: 'negative-binomial', tail: 'lower', mean: 100, phi: 0.1 };
  expect(recompute(model, 3)!.score - recompute({ ...model, handicap: 2 }, 3)!.score).toBeCloseTo(2, 9);
});

test('what is observed and the model decide alone', () => {
  const number = fc.double({ min: 0.01, max: 1000, noNaN: true });
  fc.assert(
    fc.property(fc.nat(500), number, fc.double({ min: 0.001, max: 3, noNaN: true }), (n, mean, phi) => {
      const model = { kind: 'negative-binomial', tail: 'upper', mean, phi };
      expect(recompute(model, n)!.score).toBe(upperSurprise(n, mean, phi));
      expect(recompute({ ...model, mean: String(mean) }, n)!.score).toBe(upperSurprise(n, mean, phi)); // from a store
    }),
  );
});
