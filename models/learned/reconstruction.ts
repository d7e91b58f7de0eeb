import type { LearnedModel } from './artifact.ts';
import { Network } from './network.ts';

/**
 * How well a model reproduces a vector from its own narrow middle: what it saw often comes back, a combination that it
 * never saw does not. Buffers are reused; one an engine thread is enough.
 */
export class Reconstruction {
  readonly #model: LearnedModel;
  readonly #network: Network;
  readonly #row: Float64Array;
  /** scaled residual minus its reconstruction, of the last vector; 0 where unknown */
  readonly difference: Float64Array;

  constructor(model: LearnedModel) {
    this.#model = model;
    this.#network = new Network(model.layers);
    this.#row = new Float64Array(model.features.length);
    this.difference = new Float64Array(model.residuals);
  }

  /**
   * Root mean square of what was not reproduced, over the residuals that are known.
   * @param known bits of them; at least one must be set
   */
  error(vector: Float64Array, known: number): number {
    const { mean, scale, residuals } = this.#model;
    const row = this.#row;
    for (let i = 0; i < residuals; i++) row[i] = (known >> i) & 1 ? (vector[i]! - mean[i]!) / scale[i]! : 0;
    for (let i = residuals; i < row.length; i++) row[i] = vector[i]!;
    const output = this.#network.run(row);
    let squares = 0;
    let count = 0;
    for (let i = 0; i < residuals; i++) {
      const difference = (known >> i) & 1 ? row[i]! - output[i]! : 0;
      this.difference[i] = difference;
      squares += difference * difference;
      count += (known >> i) & 1;
    }
    return Math.sqrt(squares / count);
  }
}
