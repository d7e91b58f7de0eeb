import { describe, expect, test } from '@jest/globals';
import { decodeModel, encodeModel } from '../models/learned/artifact.ts';
import { randomModel } from '../models/learned/model.fixture.ts';
import { copyOf, testPipeline } from '../test/pipeline.ts';
import { play } from '../test/play.ts';
import { Graded } from '../test/view.ts';
import { LearnedJudge } from './learned.ts';
import { recompute } from './recompute.ts';
import { FEATURES, RESIDUALS } from './residuals.ts';
import { DEFAULT_SETTINGS } from './settings.ts';

const SHAPE = { features: FEATURES, residuals: RESIDUALS };
/** Weights of chance, a low level: it finds fault with many a window. */
const modelOf = (seed: number) => {
  const model = { ...randomModel(FEATURES, RESIDUALS, seed), tail: { level: 0.3, excess: 0.05, shape: 0.1 } };
  return decodeModel(encodeModel(model).text, 'm', SHAPE);
};

/** A function of two days whose calls, durations and errors all change for a while on the second. */
const BLOCKS = play({
  minutes: 2880,
  perMinute: (minute) => (minute % 480 > 470 ? 6 : 2),
  call: (minute, random) => ({ durationUs: Math.round((minute % 300 > 290 ? 400_000 : 100_000) * 2 ** random()) }),
});

/** Every score row of a run; `swaps` are models set before the block of that number. */
function scoresOf(swaps: ReadonlyMap<number, ReturnType<typeof modelOf> | null>, cut = -1) {
  let pipeline = testPipeline();
  const scores = [];
  for (const [i, block] of BLOCKS.entries()) {
    const model = swaps.get(i);
    if (model !== undefined) pipeline.setModel(model);
    pipeline.step(copyOf(block));
    scores.push(...pipeline.drain().scores);
    if (i !== cut) continue;
    const restored = pipeline.snapshot();
    pipeline = testPipeline({ restored, model: [...swaps].filter(([at]) => at <= i).at(-1)![1]! });
  }
  pipeline.finish();
  return [...scores, ...pipeline.drain().scores].filter(({ signal }) => signal === 'pattern');
}

describe('a model in the engine', () => {
  const half = Math.floor(BLOCKS.length * 0.75);
  const old = scoresOf(new Map([[0, modelOf(1)]]));
  const other = scoresOf(new Map([[0, modelOf(2)]]));
  const swapped = scoresOf(
    new Map([
      [0, modelOf(1)],
      [half, modelOf(2)],
    ]),
  );

  test('judges windows: and another judges otherwise', () => {
    expect(old.length).toBeGreaterThan(3);
    expect(other).not.toEqual(old);
  });

  test('is swapped mid-stream: scores before are of the old one, after of the new one, and again the same', () => {
    const firstMs = Math.min(...BLOCKS[half]!.f.filter((_, i) => i % 8 === 0).filter((ms) => ms > 0));
    const before = (rows: typeof old) => rows.filter(({ minuteMs }) => minuteMs < firstMs - 180_000);
    const after = swapped.filter(({ minuteMs }) => minuteMs > firstMs + 180_000);
    expect(before(swapped)).toEqual(before(old));
    expect(before(swapped).length).toBeGreaterThan(0);
    expect(after.length).toBeGreaterThan(0);
    expect(old).not.toEqual(expect.arrayContaining(after));
    expect(
      scoresOf(
        new Map([
          [0, modelOf(1)],
          [half, modelOf(2)],
        ]),
      ),
    ).toEqual(swapped);
  });

  test('survives a snapshot with what it knows of functions', () => {
    expect(scoresOf(new Map([[0, modelOf(1)]]), half)).toEqual(old);
  });

  test('taken away, or switched off as a signal, says nothing', () => {
    expect(scoresOf(new Map([[0, null]]))).toEqual([]);
    const { settings } = { settings: { ...DEFAULT_SETTINGS, disabledSignals: ['pattern'] } };
    const pipeline = testPipeline({ settings, model: modelOf(1) });
    for (const block of BLOCKS) pipeline.step(copyOf(block));
    expect(pipeline.drain().scores.filter(({ signal }) => signal === 'pattern')).toEqual([]);
  });
});

test('its finding tells what is unusual together, and its score can be computed again', () => {
  const judge = new LearnedJudge(modelOf(1), null);
  const graded = new Graded();
  const what = { logUs: 16, microUsdPerCall: 2 };
  for (let i = 0; i < 4000; i++) {
    graded.live(1, 5, what);
    judge.judge(graded.view, 0);
  }
  for (let i = 0; i < 12; i++) graded.live(1, 25, { logUs: 19, microUsdPerCall: 20, err: 2 });
  const finding = judge.judge(graded.view, 0)!;
  expect(finding).toMatchObject({ signal: 'pattern', direction: 'up' });
  expect(finding.score).toBeGreaterThan(3);
  expect(finding.drivers[0]).toMatch(/^unusual together: .* up \d+\.\d σ \(1?[15] min\), /);
  expect(recompute(finding.model, finding.observed)!.score).toBeCloseTo(finding.score, 9);
});

test('one quantity alone is the business of its own signal', () => {
  const judge = new LearnedJudge(modelOf(1), null);
  const graded = new Graded().live(4000, 5, { logUs: 16 });
  for (let i = 0; i < 12; i++) graded.live(1, 60, { logUs: 16 });
  expect(judge.judge(graded.view, 0)).toBeNull();
});
