import type { LearnedModel } from './artifact.ts';
import { EXCEEDING } from './error-tail.ts';
import { Reconstruction } from './reconstruction.ts';
import type { Backend } from './tensorflow.ts';
import { type Rows, type TrainingOptions, tailOf, trainNetwork } from './train.ts';

/** Where the rows come from, for the report in the artifact. */
export interface Provenance {
  readonly features: readonly string[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly functions: number;
  readonly heldOutFunctions: number;
  readonly maskedRows: number;
}

/**
 * Trains on one set of functions and measures on another: losses, the errors' tail that every function starts from, and
 * quantiles. Errors are those of the plain forward pass, which is what will score.
 * @throws {Error} with fewer than 100 held-out rows
 */
export async function trainModel(
  backend: Backend,
  trained: Rows,
  heldOut: Rows,
  options: Omit<TrainingOptions, 'features' | 'residuals'> & { readonly residuals: number },
  provenance: Provenance,
): Promise<Omit<LearnedModel, 'digest'>> {
  const features = provenance.features.length;
  const { mean, scale, layers, lossTrained } = await trainNetwork(backend, trained, { ...options, features });
  const shape = { features: provenance.features, residuals: options.residuals, mean, scale, layers };
  const { errors, loss, lossOfMean } = measure({ ...shape, digest: '', tail: NO_TAIL, training: NO_REPORT }, heldOut);
  const { tail, quantiles } = tailOf(errors, EXCEEDING);
  return {
    ...shape,
    tail,
    training: {
      fromMs: provenance.fromMs,
      toMs: provenance.toMs,
      functions: provenance.functions,
      heldOutFunctions: provenance.heldOutFunctions,
      rows: trained.count,
      heldOutRows: heldOut.count,
      maskedRows: provenance.maskedRows,
      seed: options.seed,
      epochs: options.epochs,
      batchSize: options.batchSize,
      backend: backend.name,
      lossTrained,
      lossHeldOut: loss,
      lossOfMean,
      errorQuantiles: quantiles,
    },
  };
}

// a model that is only asked for its errors has neither
const NO_TAIL = { level: 1, excess: 1, shape: 0 };
const NO_REPORT = {} as LearnedModel['training'];

/** Errors of reconstruction, the loss, and the loss of answering with the mean of each residual. */
function measure(model: LearnedModel, rows: Rows): { errors: number[]; loss: number; lossOfMean: number } {
  const reconstruction = new Reconstruction(model);
  const vector = new Float64Array(model.features.length);
  const errors: number[] = [];
  let squares = 0;
  let squaresOfMean = 0;
  let values = 0;
  for (let row = 0; row < rows.count; row++) {
    for (let i = 0; i < vector.length; i++) vector[i] = rows.vectors[row * vector.length + i]!;
    const known = rows.known[row]!;
    errors.push(reconstruction.error(vector, known));
    for (let i = 0; i < model.residuals; i++) {
      if (((known >> i) & 1) === 0) continue;
      values++;
      squares += reconstruction.difference[i]! ** 2;
      squaresOfMean += ((vector[i]! - model.mean[i]!) / model.scale[i]!) ** 2;
    }
  }
  return { errors, loss: squares / values, lossOfMean: squaresOfMean / values };
}
