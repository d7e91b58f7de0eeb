import { LearnedJudge } from '../detectors/learned.ts';
import { FEATURES, RESIDUALS, residualsOf } from '../detectors/residuals.ts';
import { decodeModel, encodeModel } from '../models/learned/artifact.ts';
import { randomModel } from '../models/learned/model.fixture.ts';
import { Network } from '../models/learned/network.ts';
import { Graded } from '../test/view.ts';

// What the learned model costs a window: the residuals, the forward pass, and all of it with the calibration.
const ROWS = 200_000;
const REPEATS = 5;
const model = decodeModel(encodeModel(randomModel(FEATURES, RESIDUALS)).text, 'model', {
  features: FEATURES,
  residuals: RESIDUALS,
});
const graded = new Graded().live(3 * 1440, 6, { logUs: 16, microUsdPerCall: 2, bytesPerCall: 4000, logKib: 17 });
const vector = new Float64Array(FEATURES.length);
const network = new Network(model.layers);
const judge = new LearnedJudge(model, null);

/** Nanoseconds of processor time a call, the best of some repeats. */
function measure(what: () => unknown): number {
  let best = Number.POSITIVE_INFINITY;
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const before = process.cpuUsage();
    for (let i = 0; i < ROWS; i++) what();
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, ((user + system) * 1000) / ROWS);
  }
  return best;
}

const lines = [
  ['residuals', measure(() => residualsOf(graded.view, vector))],
  [
    `forward pass ${[FEATURES.length, ...model.layers.map(({ outputs }) => outputs)].join('-')}`,
    measure(() => network.run(vector)),
  ],
  ['a judged window, all of it', measure(() => judge.judge(graded.view, 0))],
] as const;
for (const [name, ns] of lines) process.stdout.write(`${name.padEnd(32)}${ns.toFixed(0).padStart(6)} ns\n`);
