import { decodeModel, encodeModel } from '../models/learned/artifact.ts';
import { Network } from '../models/learned/network.ts';
import { Reconstruction } from '../models/learned/reconstruction.ts';
import type { Backend } from '../models/learned/tensorflow.ts';
import { layersOf, networkOf, type Rows, seededRandom } from '../models/learned/train.ts';
import { trainModel } from '../models/learned/train-model.ts';

const RESIDUALS = 6;
const FEATURES = ['a', 'b', 'c', 'd', 'e', 'f', 'context'];
/** 1e-6 of the size of the numbers: TensorFlow sums in single precision. */
const CLOSE = 1e-6;

/** Residuals that move together by two hidden causes, so that there is something to learn; some are unknown. */
export function togetherRows(count: number, seed: number): Rows {
  const random = seededRandom(seed);
  const normal = () => (random() + random() + random() + random() - 2) * Math.sqrt(3);
  const vectors = new Float32Array(count * FEATURES.length);
  const known = new Uint32Array(count);
  for (let row = 0; row < count; row++) {
    const load = normal();
    const weight = normal();
    const at = row * FEATURES.length;
    const values = [load, load, -load, weight, weight, 0.5 * load + 0.5 * weight];
    const isKnown = random() < 0.8;
    for (const [i, value] of values.entries()) vectors[at + i] = value + 0.2 * normal();
    if (!isKnown) vectors[at + 5] = 0;
    known[row] = isKnown ? 63 : 31;
    vectors[at + RESIDUALS] = isKnown ? 1 : 0;
  }
  return { vectors, known, count };
}

/**
 * What must hold of any backend: the forward pass agrees with its `predict`, training learns what goes together, twice
 * the same seed gives the same model, and the artifact scores as what was trained. Returns what does not hold.
 */
export async function trainedContract(backend: Backend): Promise<{ problems: string[]; rows: number }> {
  const problems = [...agreesWithPredict(backend)];
  const trained = togetherRows(1500, 1);
  const heldOut = togetherRows(500, 2);
  const train = async (seed: number, epochs: number) => {
    const options = { residuals: RESIDUALS, seed, epochs, batchSize: 50, onProgress: () => {}, turn: async () => {} };
    const provenance = { features: FEATURES, fromMs: 0, toMs: 1, functions: 10, heldOutFunctions: 2, maskedRows: 0 };
    return encodeModel(await trainModel(backend, trained, heldOut, options, provenance));
  };
  const { digest } = await train(7, 1);
  if ((await train(7, 1)).digest !== digest) problems.push('the same seed gave another model');
  if ((await train(8, 1)).digest === digest) problems.push('another seed gave the same model');
  const { text } = await train(7, 15);
  const model = decodeModel(text, 'trained', { features: FEATURES, residuals: RESIDUALS });
  const { lossHeldOut, lossOfMean } = model.training;
  if (!(lossHeldOut < 0.5 * lossOfMean))
    problems.push(`held-out loss ${lossHeldOut} against ${lossOfMean} of the mean`);
  const reconstruction = new Reconstruction(model);
  const usual = reconstruction.error(new Float64Array([2, 2, -2, 0, 0, 1, 1]), 63);
  const odd = reconstruction.error(new Float64Array([2, -2, 2, 0, 0, 1, 1]), 63);
  if (!(odd > 3 * usual))
    problems.push(`what never goes together has an error of ${odd}, what always does of ${usual}`);
  return { problems, rows: trained.count };
}

/** The plain forward pass against `predict`, on networks of random weights and rows as far out as residuals go. */
function* agreesWithPredict({ tf }: Backend): Generator<string> {
  const random = seededRandom(3);
  for (let seed = 1; seed <= 4; seed++) {
    const model = networkOf(tf, { features: 27, residuals: 20, seed });
    const rows = Float32Array.from({ length: 27 * 256 }, () => (random() - 0.5) * 16);
    const predicted = tf.tidy(() =>
      (model.predict(tf.tensor2d(rows, [256, 27]), { batchSize: 256 }) as ReturnType<typeof tf.tensor2d>).dataSync(),
    );
    const network = new Network(layersOf(model));
    for (let row = 0; row < 256; row++) {
      const output = network.run(Float64Array.from(rows.subarray(row * 27, row * 27 + 27)));
      for (let i = 0; i < 20; i++) {
        const other = predicted[row * 20 + i]!;
        const gap = Math.abs(output[i]! - other) / Math.max(1, Math.abs(other));
        if (!(gap <= CLOSE))
          yield `predict gives ${other}, the forward pass ${output[i]} (seed ${seed}, row ${row}, output ${i})`;
      }
    }
    model.dispose();
  }
}
