import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { TailPrior } from './error-tail.ts';
import { ModelError } from './model-error.ts';
import { ACTIVATIONS, type Layer } from './network.ts';

const FORMAT = 'tripline-model';
const VERSION = 1;
const finite = z.number();
const count = z.number().int().min(0);

const LayerJson = z.strictObject({
  inputs: z.number().int().min(1).max(4096),
  outputs: z.number().int().min(1).max(4096),
  activation: z.enum(ACTIVATIONS),
  weights: z.base64(),
  biases: z.base64(),
});

const Training = z.strictObject({
  fromMs: finite,
  toMs: finite,
  functions: count,
  heldOutFunctions: count,
  rows: count,
  heldOutRows: count,
  /** rows left out because an incident covered them, or might have */
  maskedRows: count,
  seed: count,
  epochs: count,
  batchSize: count,
  backend: z.string(),
  lossTrained: finite,
  lossHeldOut: finite,
  /** loss of the mean vector on the held-out rows: what no model at all gives */
  lossOfMean: finite,
  /** root mean square error of reconstruction of held-out rows at these shares */
  errorQuantiles: z.array(z.tuple([finite, finite])),
});

const ModelJson = z.strictObject({
  format: z.literal(FORMAT),
  version: z.literal(VERSION),
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/, 'must be sha256: and 64 hexadecimal digits'),
  features: z.array(z.string()).min(1),
  /** the first so many features are residuals: those are reconstructed; the rest is context */
  residuals: z.number().int().min(1).max(31),
  mean: z.array(finite),
  scale: z.array(z.number().positive()),
  layers: z.array(LayerJson).min(1).max(16),
  tail: z.strictObject({
    level: z.number().positive(),
    excess: z.number().positive(),
    shape: z.number().min(0).max(0.5),
  }),
  training: Training,
});
type ModelJson = z.infer<typeof ModelJson>;
export type TrainingReport = z.infer<typeof Training>;

/** A trained model as it scores: residuals are (x − mean) / scale before the network, and so are its outputs. */
export interface LearnedModel {
  readonly digest: string;
  readonly features: readonly string[];
  readonly residuals: number;
  readonly mean: Float64Array;
  readonly scale: Float64Array;
  readonly layers: readonly Layer[];
  readonly tail: TailPrior;
  readonly training: TrainingReport;
}

/** What the artifact must fit: the vector of this version. */
export interface Shape {
  readonly features: readonly string[];
  readonly residuals: number;
}

/** The artifact as the text of a file, and its digest. The same model gives the same bytes. */
export function encodeModel(model: Omit<LearnedModel, 'digest'>): { text: string; digest: string } {
  const body = {
    format: FORMAT,
    version: VERSION,
    features: [...model.features],
    residuals: model.residuals,
    mean: [...model.mean],
    scale: [...model.scale],
    layers: model.layers.map(({ inputs, outputs, activation, weights, biases }) => ({
      inputs,
      outputs,
      activation,
      weights: floatsToText(weights),
      biases: floatsToText(biases),
    })),
    tail: model.tail,
    training: model.training,
  };
  const digest = digestOf(body);
  return { text: `${JSON.stringify({ ...body, digest }, null, 1)}\n`, digest };
}

/**
 * Reads an artifact and checks all of it: shape, sizes, order of features, digest, finite weights.
 * @param file for the messages
 * @throws {ModelError} with every problem as `file: place: rule`
 */
export function decodeModel(text: string, file: string, shape: Shape): LearnedModel {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ModelError([`${file}: top: not JSON: ${(error as Error).message}`]);
  }
  const { format, version } = (value ?? {}) as { format?: unknown; version?: unknown };
  if (format !== FORMAT) throw new ModelError([`${file}: format: must be ${FORMAT}: not a model of tripline train`]);
  if (version !== VERSION)
    throw new ModelError([`${file}: version: is ${String(version)}, this tripline reads ${VERSION}: train it again`]);
  const parsed = ModelJson.safeParse(value);
  if (!parsed.success) {
    throw new ModelError(parsed.error.issues.map(({ path, message }) => `${file}: ${placeOf(path)}: ${message}`));
  }
  const { digest, ...body } = parsed.data;
  const { features, residuals, tail, training } = body;
  const problems = [...sizesOf(parsed.data), ...orderOf(parsed.data, shape)];
  if (digestOf(body) !== digest) problems.push('digest: does not fit the content: the file was changed or cut');
  const layers = parsed.data.layers.map((layer) => ({
    ...layer,
    weights: floatsFromText(layer.weights),
    biases: floatsFromText(layer.biases),
  }));
  for (const [i, { weights, biases }] of layers.entries()) {
    if (![...weights, ...biases].every(Number.isFinite))
      problems.push(`layers.${i}: holds a number that is not finite`);
  }
  if (problems.length > 0) throw new ModelError(problems.map((problem) => `${file}: ${problem}`));
  const mean = Float64Array.from(body.mean);
  const scale = Float64Array.from(body.scale);
  return { digest, features, residuals, mean, scale, layers, tail, training };
}

const placeOf = (path: readonly PropertyKey[]): string => (path.length === 0 ? 'top' : path.map(String).join('.'));

function sizesOf({ features, residuals, mean, scale, layers }: ModelJson): string[] {
  const problems: string[] = [];
  const expect = (place: string, found: number, wanted: number, why: string) => {
    if (found !== wanted) problems.push(`${place}: ${found}, but ${why} need ${wanted}`);
  };
  expect('mean', mean.length, residuals, 'the residuals');
  expect('scale', scale.length, residuals, 'the residuals');
  let inputs = features.length;
  for (const [i, layer] of layers.entries()) {
    expect(`layers.${i}.inputs`, layer.inputs, inputs, i === 0 ? 'the features' : 'the outputs before');
    const { length: weights } = Buffer.from(layer.weights, 'base64');
    const { length: biases } = Buffer.from(layer.biases, 'base64');
    expect(
      `layers.${i}.weights`,
      weights,
      4 * layer.inputs * layer.outputs,
      `${layer.inputs} × ${layer.outputs} floats`,
    );
    expect(`layers.${i}.biases`, biases, 4 * layer.outputs, `${layer.outputs} floats`);
    inputs = layer.outputs;
  }
  expect(`layers.${layers.length - 1}.outputs`, inputs, residuals, 'the residuals');
  return problems;
}

function orderOf({ features, residuals }: ModelJson, shape: Shape): string[] {
  const at = shape.features.findIndex((name, i) => features[i] !== name);
  if (at < 0 && features.length === shape.features.length && residuals === shape.residuals) return [];
  const place = at < 0 ? shape.features.length : at;
  const found = features[place] ?? 'nothing';
  return [`features.${place}: is ${found}, this tripline has ${shape.features[place] ?? 'nothing'}: train it again`];
}

/** SHA-256 of the JSON of everything but the digest, keys in order. */
function digestOf(body: object): string {
  const canonical = JSON.stringify(body, (_key, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
  return `sha256:${createHash('sha256').update(canonical).digest('hex')}`;
}

/** Little-endian whatever the machine: an artifact goes from one to another. */
function floatsToText(floats: Float32Array): string {
  const bytes = Buffer.alloc(floats.length * 4);
  for (const [i, value] of floats.entries()) bytes.writeFloatLE(value, i * 4);
  return bytes.toString('base64');
}

function floatsFromText(text: string): Float32Array {
  const bytes = Buffer.from(text, 'base64');
  const floats = new Float32Array(Math.floor(bytes.length / 4));
  for (let i = 0; i < floats.length; i++) floats[i] = bytes.readFloatLE(i * 4);
  return floats;
}
