import type { TrainingReport } from './artifact.ts';
import type { TailPrior } from './error-tail.ts';
import type { Activation, Layer } from './network.ts';
import type { Backend, Tensorflow } from './tensorflow.ts';

/** Rows of vectors: residuals first, then context. `known` are the bits of the residuals that are known. */
export interface Rows {
  readonly vectors: Float32Array;
  readonly known: Uint32Array;
  readonly count: number;
}

export interface TrainingOptions {
  readonly features: number;
  readonly residuals: number;
  readonly seed: number;
  readonly epochs: number;
  readonly batchSize: number;
  /** after each batch: batches done, of all, and the loss of the last epoch */
  readonly onProgress: (done: number, of: number, loss: number) => void;
  /** lets the event loop turn; rejecting ends the training */
  readonly turn: () => Promise<void>;
}

export interface Trained {
  readonly mean: Float64Array;
  readonly scale: Float64Array;
  readonly layers: readonly Layer[];
  readonly lossTrained: number;
}

/** Units of the hidden layers: down to six numbers that must tell all that is usual of twenty residuals. */
const HIDDEN = [16, 6, 16] as const;
const LEARNING_RATE = 0.003;
/** Share of the known residuals that is hidden from the network in each row: it must tell them from the others. */
const DROPPED = 0.15;
/** Residuals are standard deviations as they come; rare counts (timeouts) hardly vary and must not be blown up. */
const LEAST_SCALE = 0.5;

/** xorshift32 → [0, 1): the order of rows and what is hidden are functions of the seed. */
export function seededRandom(seed: number): () => number {
  let state = (seed ^ 0x9e3779b9) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 4294967296;
  };
}

/**
 * Trains the global autoencoder: what each residual is, given the others and the context. The loss is the mean square
 * over known residuals; some are hidden from the input (Vincent et al., "Extracting and composing robust features with
 * denoising autoencoders", ICML 2008), so that what does not follow from the rest is not learnt by heart. Adam (Kingma &
 * Ba 2015). Seeded: the same rows and backend give the same weights.
 */
export async function trainNetwork({ tf }: Backend, rows: Rows, options: TrainingOptions): Promise<Trained> {
  const { mean, scale } = scalingOf(rows, options);
  const random = seededRandom(options.seed);
  const model = networkOf(tf, options);
  const optimizer = tf.train.adam(LEARNING_RATE);
  const batches = Math.max(1, Math.floor(rows.count / options.batchSize));
  const order = Uint32Array.from({ length: rows.count }, (_, i) => i);
  let lossOfEpoch = Number.NaN;
  try {
    for (let epoch = 0; epoch < options.epochs; epoch++) {
      shuffle(order, random);
      let sum = 0;
      for (let b = 0; b < batches; b++) {
        const batch = batchOf(rows, order, b * options.batchSize, { mean, scale }, options, random);
        sum += step(tf, model, optimizer, batch, options);
        options.onProgress(epoch * batches + b + 1, options.epochs * batches, lossOfEpoch);
        if (b % 8 === 0) await options.turn();
      }
      lossOfEpoch = sum / batches;
    }
    return { mean, scale, layers: layersOf(model), lossTrained: lossOfEpoch };
  } finally {
    optimizer.dispose();
    model.dispose();
  }
}

/** The same network in TensorFlow.js: for training, and for the test that holds the plain forward pass against it. */
export function networkOf(
  tf: typeof Tensorflow,
  { features, residuals, seed }: Pick<TrainingOptions, 'features' | 'residuals' | 'seed'>,
): Tensorflow.Sequential {
  const model = tf.sequential();
  const sizes = [...HIDDEN, residuals];
  for (const [i, units] of sizes.entries()) {
    model.add(
      tf.layers.dense({
        units,
        ...(i === 0 ? { inputShape: [features] } : {}),
        activation: i === sizes.length - 1 ? 'linear' : 'softsign',
        kernelInitializer: tf.initializers.glorotUniform({ seed: seed + i }),
      }),
    );
  }
  return model;
}

/** The weights of a network as plain layers. */
export function layersOf(model: Tensorflow.Sequential): Layer[] {
  return model.layers.map((layer, i) => {
    const [kernel, bias] = layer.getWeights();
    const [inputs, outputs] = kernel!.shape as [number, number];
    const activation: Activation = i === model.layers.length - 1 ? 'linear' : 'softsign';
    return {
      inputs,
      outputs,
      activation,
      weights: Float32Array.from(kernel!.dataSync()),
      biases: Float32Array.from(bias!.dataSync()),
    };
  });
}

/** Mean and standard deviation of each residual over the rows that know it; 0 and 1 where hardly any does. */
function scalingOf({ vectors, known, count }: Rows, { features, residuals }: TrainingOptions) {
  const mean = new Float64Array(residuals);
  const scale = new Float64Array(residuals).fill(1);
  for (let i = 0; i < residuals; i++) {
    let n = 0;
    let sum = 0;
    let squares = 0;
    for (let row = 0; row < count; row++) {
      if (((known[row]! >> i) & 1) === 0) continue;
      const value = vectors[row * features + i]!;
      n++;
      sum += value;
      squares += value * value;
    }
    if (n < 100) continue;
    mean[i] = sum / n;
    scale[i] = Math.max(LEAST_SCALE, Math.sqrt(Math.max(0, squares / n - mean[i]! * mean[i]!)));
  }
  return { mean, scale };
}

interface Batch {
  readonly inputs: Float32Array;
  readonly targets: Float32Array;
  readonly weights: Float32Array;
  readonly size: number;
}

function batchOf(
  rows: Rows,
  order: Uint32Array,
  from: number,
  { mean, scale }: { mean: Float64Array; scale: Float64Array },
  { features, residuals, batchSize }: TrainingOptions,
  random: () => number,
): Batch {
  const size = Math.min(batchSize, rows.count - from);
  const inputs = new Float32Array(size * features);
  const targets = new Float32Array(size * residuals);
  const weights = new Float32Array(size * residuals);
  for (let k = 0; k < size; k++) {
    const row = order[from + k]!;
    const known = rows.known[row]!;
    for (let i = 0; i < residuals; i++) {
      if (((known >> i) & 1) === 0) continue;
      const value = (rows.vectors[row * features + i]! - mean[i]!) / scale[i]!;
      targets[k * residuals + i] = value;
      weights[k * residuals + i] = 1;
      inputs[k * features + i] = random() < DROPPED ? 0 : value;
    }
    for (let i = residuals; i < features; i++) inputs[k * features + i] = rows.vectors[row * features + i]!;
  }
  return { inputs, targets, weights, size };
}

/** One step of gradient descent; returns the loss of the batch. */
function step(
  tf: typeof Tensorflow,
  model: Tensorflow.Sequential,
  optimizer: Tensorflow.Optimizer,
  { inputs, targets, weights, size }: Batch,
  { features, residuals }: TrainingOptions,
): number {
  return tf.tidy(() => {
    const x = tf.tensor2d(inputs, [size, features]);
    const y = tf.tensor2d(targets, [size, residuals]);
    const w = tf.tensor2d(weights, [size, residuals]);
    const loss = optimizer.minimize(() => {
      const output = model.apply(x, { training: true }) as Tensorflow.Tensor2D;
      return tf.div(tf.sum(tf.mul(w, tf.square(tf.sub(output, y)))), tf.sum(w)) as Tensorflow.Scalar;
    }, true);
    return loss!.dataSync()[0]!;
  });
}

function shuffle(order: Uint32Array, random: () => number): void {
  for (let i = order.length - 1; i > 0; i--) {
    const other = Math.floor(random() * (i + 1));
    const kept = order[i]!;
    order[i] = order[other]!;
    order[other] = kept;
  }
}

/** Shares at which errors of held-out rows are reported. */
const QUANTILES = [0.5, 0.9, 0.98, 0.99, 0.999, 0.9999];

/**
 * What errors of functions that the training never saw are like: where their tail begins, its mean excess, and the shape
 * of a generalised Pareto tail by moments (Hosking & Wallis 1987: steadier than likelihood), kept within 0 to 0.5.
 * @throws {Error} with fewer than 100 errors
 */
export function tailOf(
  errors: readonly number[],
  exceeding: number,
): { tail: TailPrior; quantiles: TrainingReport['errorQuantiles'] } {
  if (errors.length < 100) throw new Error('tailOf requires at least 100 errors');
  const sorted = [...errors].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
  const level = at(1 - exceeding);
  const excesses = sorted.filter((error) => error > level).map((error) => error - level);
  const mean = excesses.reduce((sum, it) => sum + it, 0) / Math.max(1, excesses.length);
  const variance = excesses.reduce((sum, it) => sum + (it - mean) ** 2, 0) / Math.max(1, excesses.length);
  const shape = variance > 0 ? 0.5 * (1 - (mean * mean) / variance) : 0;
  return {
    tail: { level: Math.max(level, 1e-6), excess: Math.max(mean, 1e-6), shape: Math.min(0.5, Math.max(0, shape)) },
    quantiles: QUANTILES.map((share) => [share, at(share)]),
  };
}
