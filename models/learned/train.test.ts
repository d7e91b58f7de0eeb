import { expect, jest, test } from '@jest/globals';
import { trainedContract } from '../../test/trained-contract.ts';
import { loadTensorflow } from './tensorflow.ts';

jest.setTimeout(120_000);

// the native binding goes through the same contract in a process of its own: see test/native-tensorflow.mjs
test('plain TensorFlow.js trains, agrees with the plain forward pass, and repeats itself', async () => {
  const found = await trainedContract(await loadTensorflow('javascript'));
  expect(found.problems).toEqual([]);
  expect(found.rows).toBeGreaterThan(500);
});

test('the native backend, insisted on, loads or says why not', async () => {
  const outcome = await loadTensorflow('native').then(
    ({ name }) => name,
    (error: unknown) => (error as Error).message,
  );
  expect(outcome).toMatch(/tfjs-node/);
});
