// The training contract on the native binding, in plain Node: run after infra/ci/tensorflow-native.sh, with dist/ built.
// Prints one line a result; with TRIPLINE_RESULTS=FILE also { passed, failed } as JSON. Exit 0 only when all holds.
import { writeFileSync } from 'node:fs';
import { trainedContract } from '../dist/test/trained-contract.js';

process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
process.env.TF_ENABLE_ONEDNN_OPTS ??= '0';
const { loadTensorflow } = await import('../dist/models/learned/tensorflow.js');
const backend = await loadTensorflow('native');
const { problems, rows } = await trainedContract(backend);
const results = [
  [`${backend.name} is native`, backend.whyNotNative === null && backend.tf.getBackend() === 'tensorflow'],
  [`it keeps the training contract on ${rows} rows`, problems.length === 0 && rows > 500],
  ['auto chooses it', (await loadTensorflow('auto')).whyNotNative === null],
];
for (const [name, holds] of results) console.log(`${holds ? 'ok' : 'FAILED'}: ${name}`);
for (const problem of problems.slice(0, 10)) console.log(`  ${problem}`);
const failed = results.filter(([, holds]) => !holds).length;
const { TRIPLINE_RESULTS } = process.env;
if (TRIPLINE_RESULTS) writeFileSync(TRIPLINE_RESULTS, JSON.stringify({ passed: results.length - failed, failed }));
process.exitCode = failed === 0 ? 0 : 1;
