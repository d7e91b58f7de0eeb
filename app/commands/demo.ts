import { Command, InvalidArgumentError } from 'commander';
import { demoFleet } from '../../scenarios/demo.ts';
import { loadConfig } from '../config.ts';
import type { Io } from '../io.ts';
import { createParts } from '../parts.ts';
import { replay } from '../replay.ts';
import type { Source } from '../replay-read.ts';
import { openReport } from '../replay-report.ts';
import { DEFAULT_STORE } from '../store-access.ts';

const CHUNK_CHARS = 1024 * 1024;
const MEMORY_BYTES = 512 * 1024 * 1024;

/** `tripline demo`: a made-up fleet through the same path as anybody's logs. `end` is told the exit code. */
export function demoCommand(io: Io, end: (exitCode: number) => void): Command {
  return new Command('demo')
    .description('replay the logs of a made-up fleet with incidents in it: nothing to set up')
    .option('--seed <number>', 'another fleet', wholeNumber, 1)
    .option(
      '--store <dir>',
      'folder of the embedded database, URL of a ClickHouse server, or none to keep nothing',
      DEFAULT_STORE,
    )
    .action(async ({ seed, store }: { seed: number; store: string }) => end(await run(seed, store, io)));
}

async function run(seed: number, where: string, io: Io): Promise<number> {
  const config = loadConfig(undefined, io.env);
  const store = where === 'none' ? null : where;
  const report = await openReport(
    { json: false, outFile: undefined, summaryFile: undefined, failOnAlert: false, store, totalBytes: null },
    io,
  );
  try {
    const fleet = demoFleet(seed);
    await report.phase(
      `making up the logs of ${fleet.profiles.length} functions over ${fleet.options.days} days, with ${fleet.labels.length} incidents (seed ${seed})`,
    );
    const source: Source = { name: `demo fleet ${seed}`, sizeBytes: null, open: () => chunks(fleet.lines()) };
    const options = { config, store, invocations: config.invocations, resume: false, memoryBytes: MEMORY_BYTES };
    const parts = createParts(config);
    const code = await report.finish(await replay([source], options, parts, report, io));
    await io.stdout.write(
      '  npx tripline replay YOUR_LOGS    your own: a file, a folder, a pattern, or - (see tripline replay --help)\n',
    );
    return code;
  } finally {
    await report.close();
  }
}

/** Lines as the bytes of a file. */
async function* chunks(lines: Iterable<string>): AsyncGenerator<Uint8Array, void> {
  let text = '';
  for (const line of lines) {
    text += `${line}\n`;
    if (text.length < CHUNK_CHARS) continue;
    yield Buffer.from(text);
    text = '';
  }
  if (text !== '') yield Buffer.from(text);
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError('not a whole number');
  return value;
}
