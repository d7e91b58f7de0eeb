import type { LearnedModel, TrainingReport } from './artifact.ts';
import type { Activation, Layer } from './network.ts';
import { seededRandom } from './train.ts';

const REPORT: TrainingReport = {
  fromMs: 0,
  toMs: 60_000,
  functions: 5,
  heldOutFunctions: 1,
  rows: 1000,
  heldOutRows: 200,
  maskedRows: 10,
  seed: 1,
  epochs: 1,
  batchSize: 100,
  backend: 'none',
  lossTrained: 0.5,
  lossHeldOut: 0.6,
  lossOfMean: 1,
  errorQuantiles: [[0.5, 0.4]],
};

/** A network of random weights: nothing was learnt, but everything is there. The same seed gives the same one. */
export function randomLayers(sizes: readonly number[], seed: number): Layer[] {
  const random = seededRandom(seed);
  const floats = (count: number) => Float32Array.from({ length: count }, () => (random() - 0.5) * 1.6);
  return sizes.slice(1).map((outputs, i) => {
    const inputs = sizes[i]!;
    const activation: Activation = i === sizes.length - 2 ? 'linear' : 'softsign';
    return { inputs, outputs, activation, weights: floats(inputs * outputs), biases: floats(outputs) };
  });
}

/** @param features names; the first `residuals` of them are reconstructed */
export function randomModel(features: readonly string[], residuals: number, seed = 1): Omit<LearnedModel, 'digest'> {
  return {
    features,
    residuals,
    mean: new Float64Array(residuals).fill(0.1),
    scale: new Float64Array(residuals).fill(0.9),
    layers: randomLayers([features.length, 16, 6, 16, residuals], seed),
    tail: { level: 1.2, excess: 0.2, shape: 0.1 },
    training: REPORT,
  };
}
