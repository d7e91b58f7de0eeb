import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import { FEATURES, RESIDUALS } from '../../detectors/residuals.ts';
import { DISK, replaceFile } from '../../infra/durable-file.ts';
import { hasStore } from '../../infra/store-folder.ts';
import { expandInputs } from '../../ingest/sources/inputs.ts';
import { encodeModel, type LearnedModel } from '../../models/learned/artifact.ts';
import { loadTensorflow } from '../../models/learned/tensorflow.ts';
import { trainModel } from '../../models/learned/train-model.ts';
import { loadConfig } from '../config.ts';
import { InputError, InterruptedError, type Io } from '../io.ts';
import { createParts } from '../parts.ts';
import { fileSource } from '../replay-read.ts';
import { Progress } from '../replay-report.ts';
import { withStore } from '../store-access.ts';
import { bytes, count, plural, shown } from '../style.ts';
import { type Collected, type Collecting, collectFromSources, collectFromStore } from '../training.ts';

interface TrainFlags {
  readonly from: readonly string[];
  readonly out: string;
  readonly config?: string;
  readonly seed: number;
  readonly epochs: number;
  readonly batchSize: number;
  readonly rows: number;
  readonly backend: 'auto' | 'native' | 'javascript';
  readonly logGroup?: string;
  readonly account?: string;
  readonly region?: string;
}

const HELP = `
The model is one small autoencoder for all functions. It learns which residuals go together in calm windows: how far
calls, duration, errors, cost, bytes and memory are from what was expected, never their values. Windows that an incident
covers are left out, and so is the first day of each function. One function in five is held out, and the report is
about those. What trains is TensorFlow.js: its native binding (npm package @tensorflow/tfjs-node) where it loads,
else plain JavaScript, some 5 times slower.

Examples:
  $ tripline train --from ./.tripline --out model.json      the windows that replays left in a store
  $ tripline train --from ./export/ 'more/*.gz' --out model.json
  $ tripline replay ./today/ --model model.json

Exit codes: 0 done, 1 nothing could be read or too little to learn from, 2 wrong usage or config, 130 Ctrl-C.
`;

/** `tripline train`: a learned model from a store or from logs. */
export function trainCommand(io: Io): Command {
  return new Command('train')
    .description('train the learned model on the calm windows of a store or of logs')
    .requiredOption('--from <what...>', 'a store (its folder or URL), or files, folders and patterns of logs')
    .requiredOption('--out <file>', 'where the model goes (JSON)')
    .option('--config <file>', 'settings (YAML); detect with the same ones')
    .option('--seed <number>', 'another order and other first weights', whole(0), 1)
    .option('--epochs <number>', 'how often each row is seen', whole(1), 20)
    .option('--batch-size <number>', 'rows a step of training', whole(1), 512)
    .option('--rows <number>', 'most rows to hold; beyond it every second one goes', whole(1000), 300_000)
    .addOption(
      new Option('--backend <which>', 'what trains: auto takes the native binding where it loads')
        .choices(['auto', 'native', 'javascript'])
        .default('auto'),
    )
    .option('--log-group <name>', 'log group of lines that do not tell theirs')
    .option('--account <id>', 'AWS account of lines that do not tell theirs')
    .option('--region <name>', 'AWS region of lines that do not tell theirs')
    .addHelpText('after', HELP)
    .action((flags: TrainFlags) => run(flags, io));
}

async function run(flags: TrainFlags, io: Io): Promise<void> {
  const config = loadConfig(flags.config, io.env);
  await mustBeWritable(flags.out);
  const progress = new Progress(io.stderr, true);
  let isStopped = false;
  const unlisten = io.onInterrupt(() => {
    isStopped = true;
  });
  const say = async (text: string) => {
    progress.hide();
    await io.stderr.write(`${shown(text)}\n`);
  };
  try {
    const collected = await collect(flags, io, {
      config,
      mostRows: flags.rows,
      isStopped: () => isStopped,
      onProgress: (what, done, of) => progress.show(what, done, of, what === 'reading' ? bytes : count),
      onProblem: ({ name, message }) => say(`warning: ${name}: ${message}`),
    });
    const backend = await loadTensorflow(flags.backend).catch((error: unknown) => {
      throw new InputError(`TensorFlow.js cannot be loaded: ${(error as Error).message.split('\n', 1)[0]}`);
    });
    const { trained, found } = collected;
    await say(`training on ${plural(trained.count, 'row')} with ${backend.name}${whyOf(backend.whyNotNative, flags)}`);
    const model = await trainModel(
      backend,
      trained,
      collected.heldOut,
      {
        residuals: RESIDUALS,
        seed: flags.seed,
        epochs: flags.epochs,
        batchSize: Math.min(flags.batchSize, trained.count),
        onProgress: (done, of) => progress.show('training', done, of, count),
        turn: async () => {
          await setImmediate();
          if (isStopped) throw new InterruptedError('interrupted while training: no model was written');
        },
      },
      { features: FEATURES, ...found, maskedRows: found.masked, fromMs: collected.fromMs, toMs: collected.toMs },
    );
    const { text, digest } = encodeModel(model);
    await replaceFile(DISK, flags.out, (file) => file.write(Buffer.from(text), 0));
    progress.stop();
    await io.stdout.write(reportOf(model, flags.out, text.length, digest));
  } finally {
    progress.stop();
    unlisten();
  }
}

async function collect(flags: TrainFlags, io: Io, collecting: Collecting): Promise<Collected> {
  const [first] = flags.from;
  if (flags.from.length === 1 && first !== undefined && (await isStore(first))) {
    return withStore(
      first,
      (message) => io.stderr.write(message),
      (reader) => collectFromStore(reader, collecting),
    );
  }
  const { inputs, problems } = await expandInputs(flags.from);
  if (inputs.length === 0) throw new InputError(problems.map(({ name, message }) => `${name}: ${message}`).join('\n'));
  for (const problem of problems) await collecting.onProblem(problem);
  const sources = inputs.map((input) => fileSource(input, io.stdin));
  const { logGroup, account, region } = flags;
  return collectFromSources(sources, createParts(collecting.config, { logGroup, account, region }), collecting);
}

async function isStore(from: string): Promise<boolean> {
  if (/^https?:\/\//i.test(from)) return true;
  return (await stat(from).catch(() => null))?.isDirectory() === true && hasStore(from);
}

function whyOf(whyNotNative: string | null, { backend }: TrainFlags): string {
  return whyNotNative === null || backend === 'javascript' ? '' : ` (no native binding: ${whyNotNative})`;
}

/** Before an hour of work, not after it. @throws {InputError} */
async function mustBeWritable(out: string): Promise<void> {
  const found = await stat(out).catch(() => null);
  if (found?.isDirectory() === true) throw new InputError(`${out}: is a folder: name a file for the model`);
  const parent = dirname(out);
  if ((await stat(parent).catch(() => null)) === null) throw new InputError(`${parent}: no such folder`);
}

const day = (ms: number) => new Date(ms).toISOString().slice(0, 16).replace('T', ' ');

/** What a person wants to know of a new model: what it saw, what it left out, how good it is where it never looked. */
export function reportOf(model: Omit<LearnedModel, 'digest'>, out: string, size: number, digest: string): string {
  const { training, tail } = model;
  const quantiles = training.errorQuantiles.map(([share, error]) => `${100 * share} % ${error.toFixed(2)}`).join(', ');
  const gain = 1 - training.lossHeldOut / training.lossOfMean;
  return `
  trained on   ${count(training.rows)} windows of ${plural(training.functions - training.heldOutFunctions, 'function')}, ${day(training.fromMs)} to ${day(training.toMs)} UTC
  held out     ${count(training.heldOutRows)} windows of ${plural(training.heldOutFunctions, 'other function')}
  left out     ${count(training.maskedRows)} windows that an incident covered, or might have
  loss         ${training.lossTrained.toFixed(4)} trained, ${training.lossHeldOut.toFixed(4)} held out: ${(100 * gain).toFixed(0)} % less than without a model (${training.lossOfMean.toFixed(4)})
  error        of held-out windows, up to: ${quantiles}
  tail         beyond ${tail.level.toFixed(2)}: mean excess ${tail.excess.toFixed(2)}, shape ${tail.shape.toFixed(2)}
  backend      ${training.backend}, seed ${training.seed}, ${plural(training.epochs, 'epoch')} of batches of ${training.batchSize}
  model        ${out}, ${bytes(size)}, ${digest}

  npx tripline replay YOUR_LOGS --model ${out}    judge windows by it, too
`;
}

function whole(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < least || value > 4_294_967_295) {
      throw new InvalidArgumentError(`not a whole number of at least ${least}`);
    }
    return value;
  };
}
