import { describe, expect, test } from '@jest/globals';
import { decodeModel, encodeModel } from './artifact.ts';
import { randomModel } from './model.fixture.ts';
import { ModelError } from './model-error.ts';

const FEATURES = ['a', 'b', 'c', 'hour'];
const SHAPE = { features: FEATURES, residuals: 3 };
const MODEL = randomModel(FEATURES, 3);
const { text, digest } = encodeModel(MODEL);

function problemsOf(changed: string): readonly string[] {
  try {
    decodeModel(changed, 'm.json', SHAPE);
  } catch (error) {
    if (error instanceof ModelError) return error.problems;
    throw error;
  }
  return [];
}

type Json = { [name: string]: unknown; layers: { weights: string; outputs: number }[]; features: string[] };
const edited = (edit: (json: Json) => void): string => {
  const json = JSON.parse(text) as Json;
  edit(json);
  return JSON.stringify(json);
};

test('comes back as it went, and the same model is the same bytes', () => {
  expect(decodeModel(text, 'm.json', SHAPE)).toEqual({ ...MODEL, digest });
  expect(encodeModel(randomModel(FEATURES, 3)).text).toBe(text);
});

test('keys in another order are the same model', () => {
  const turned = JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(text) as object).reverse()));
  expect(decodeModel(turned, 'm.json', SHAPE).digest).toBe(digest);
});

describe('names file, place and rule', () => {
  test.each([
    ['what is no JSON', '{"format":', /^m\.json: top: not JSON: /],
    ['another kind of file', '{}', /^m\.json: format: must be tripline-model/],
    ['null', 'null', /^m\.json: format: /],
    ['a version to come', edited((it) => (it['version'] = 2)), /^m\.json: version: is 2, this tripline reads 1/],
    [
      'a changed weight',
      edited((it) => (it.layers[0]!.weights = `A${it.layers[0]!.weights.slice(1)}`)),
      /digest: does not fit/,
    ],
    [
      'weights cut short',
      edited((it) => (it.layers[1]!.weights = 'AAAA')),
      /layers\.1\.weights: 3, but 16 × 6 floats need 384/,
    ],
    [
      'layers that do not join',
      edited((it) => it.layers.splice(1, 1)),
      /layers\.1\.inputs: 6, but the outputs before need 16/,
    ],
    [
      'features in another order',
      edited((it) => it.features.reverse()),
      /features\.0: is hour, this tripline has a: train it again/,
    ],
    ['a feature too few', edited((it) => it.features.pop()), /features\.3: is nothing, this tripline has hour/],
    [
      'an unknown activation',
      edited((it) => Object.assign(it.layers[0]!, { activation: 'relu' })),
      /layers\.0\.activation: /,
    ],
    ['a scale of 0', edited((it) => (it['scale'] = [1, 0, 1])), /scale\.1: /],
    ['a key of nobody', edited((it) => (it['more'] = 1)), /top: .*more/],
  ])('%s', (_name, changed, rule) => {
    const problems = problemsOf(changed);
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.join('\n')).toMatch(rule);
    for (const problem of problems) expect(problem).toMatch(/^m\.json: \S+: \S/);
  });

  test('weights that are no numbers', () => {
    const { text: infinite } = encodeModel({
      ...MODEL,
      layers: MODEL.layers.map((layer, i) =>
        i === 2 ? { ...layer, biases: layer.biases.map(() => Number.NaN) } : layer,
      ),
    });
    expect(problemsOf(infinite)).toEqual(['m.json: layers.2: holds a number that is not finite']);
  });
});
