import { Command } from 'commander';
import { harmless, harmlessJson } from '../../infra/table-text.ts';
import { FragmentWriter } from '../../ingest/fragment.ts';
import { SourceError } from '../../ingest/sources/bytes.ts';
import { expandInputs } from '../../ingest/sources/inputs.ts';
import { type Config, loadConfig } from '../config.ts';
import { checkSecrets } from '../destination-secrets.ts';
import { InputError, type Io } from '../io.ts';
import { withModel } from '../model.ts';
import { parserOf } from '../parts.ts';
import { fileSource } from '../replay-read.ts';
import { count, plural } from '../style.ts';
import { type TapEvent, tapEventOf } from '../tap-event.ts';

/** Events and problems of a sample that are shown. */
const SHOWN = 20;

const HELP = `
With --sample it also shows what the records of a file mean by this configuration: how its \`fields:\` read them, or which of
the known formats they are. Nothing is stored.

Examples:
  $ tripline check tripline.yaml
  $ tripline check tripline.yaml --sample ./one-line.json
`;

/** `tripline check`: every problem of a config file at once, and what it makes of a sample. */
export function checkCommand(io: Io): Command {
  return new Command('check')
    .description('check a config file: prints every problem with its line and exits with 2, or prints ok')
    .argument('<config>', 'config file (YAML)')
    .option('--sample <file>', 'show what the records of this file mean, - for standard input')
    .addHelpText('after', HELP)
    .action(async (file: string, { sample }: { readonly sample?: string }) => {
      const { config } = withModel(loadConfig(file, io.env), undefined); // throws with all problems
      checkSecrets(config.live.destinations);
      await io.stdout.write('ok\n');
      if (sample !== undefined) await showSample(sample, config, io);
    });
}

/** @throws {InputError} when the file cannot be read, or holds nothing that tells of an invocation */
async function showSample(name: string, config: Config, io: Io): Promise<void> {
  const { inputs, problems } = await expandInputs([name]);
  const [input] = inputs;
  if (input === undefined) throw new InputError(problems.map((it) => `${it.name}: ${it.message}`).join('\n'));
  const shown: TapEvent[] = [];
  const rejects: string[] = [];
  let events = 0;
  let rejected = 0;
  const writer = new FragmentWriter((block) => {
    events += block.n;
    for (let i = 0; i < block.n && shown.length < SHOWN; i++) shown.push(tapEventOf(block, i));
  });
  const parser = parserOf({}, config.fields)(input.name, writer, ({ origin, line, reason, excerpt }) => {
    rejected++;
    if (rejects.length < SHOWN) rejects.push(`${origin}${line === null ? '' : `:${line}`}: ${reason}: ${excerpt}`);
  });
  let damage: string | null = null;
  try {
    for await (const chunk of fileSource(input, io.stdin).open(() => {})) parser.push(chunk);
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    damage = error.message; // what was before it is shown
  }
  parser.end();
  writer.flush();
  const lines = [
    ...shown.map((event) => harmlessJson(JSON.stringify(event))),
    `${plural(parser.stats.events, 'record')} told ${plural(events, 'event')}, ${count(rejected)} could not be used`,
    ...rejects.map((it) => `  ${harmless(it)}`),
    ...(damage === null ? [] : [harmless(`${name}: ${damage}`)]),
  ];
  await io.stdout.write(`${lines.join('\n')}\n`);
  if (events === 0) throw new InputError(`${name}: nothing in it tells of an invocation`);
}
