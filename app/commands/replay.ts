import { Command, InvalidArgumentError, Option } from 'commander';
import { expandInputs, type InputProblem } from '../../ingest/sources/inputs.ts';
import { loadConfig } from '../config.ts';
import { InputError, type Io, UsageError } from '../io.ts';
import { withModel } from '../model.ts';
import { createParts } from '../parts.ts';
import { replay } from '../replay.ts';
import { fileSource, type Source } from '../replay-read.ts';
import { openReport } from '../replay-report.ts';
import { bytes, plural } from '../style.ts';

const MEGABYTE = 1024 * 1024;

interface ReplayFlags {
  readonly logGroup?: string;
  readonly account?: string;
  readonly region?: string;
  readonly config?: string;
  readonly deploys?: string;
  readonly model?: string;
  readonly store?: string;
  readonly continue?: true;
  readonly json?: true;
  readonly out?: string;
  readonly summary?: string;
  readonly failOnAlert?: true;
  readonly invocations?: 'all' | 'notable' | 'none';
  readonly memory: number;
}

const HELP = `
An input is a file, a folder (walked, dot files left out), a pattern in quotes, or - for standard input. Formats and gzip
are recognised by content: CloudWatch subscription messages, filter-log-events JSON, the output of aws logs tail, S3
exports, raw Lambda lines in text or JSON format, Logs Insights rows, logs of Azure, Google, Cloudflare, Vercel and
OpenWhisk functions; others by fields: in the config. Several files are merged by time. Where more than 1 % of the log
events would come too late, all are sorted by time first.

Examples:
  $ tripline replay ./export/                           every log file in a folder
  $ tripline replay 'logs/**/*.gz' --json > alerts.ndjson
  $ aws logs tail /aws/lambda/pay --since 1d | tripline replay - --log-group /aws/lambda/pay
  $ tripline replay today.ndjson --continue             go on from what the last replay learnt
  $ tripline replay canary.log --store none --fail-on-alert   in a pipeline: exit 3 on any alert above info

Exit codes: 0 done, 1 nothing could be read or stored, 2 wrong usage or config, 3 alerts and --fail-on-alert, 130 Ctrl-C.
`;

/** `tripline replay`: past logs through the path that live ones take. `end` is told the exit code. */
export function replayCommand(io: Io, end: (exitCode: number) => void): Command {
  return new Command('replay')
    .description('run past logs through the detectors and report what would have been alerted')
    .argument('<input...>', 'file, folder, pattern, or - for standard input')
    .option('--log-group <name>', 'log group of lines that do not tell theirs, such as /aws/lambda/pay', logGroupName)
    .option('--account <id>', 'AWS account of lines that do not tell theirs')
    .option('--region <name>', 'AWS region of lines that do not tell theirs')
    .option('--config <file>', 'settings (YAML); tripline check FILE tests them')
    .option('--deploys <file>', 'what was deployed (NDJSON or CSV): what is new without a deploy is a warning')
    .option('--model <file>', 'a learned model that windows are judged by, too; see tripline train')
    .option(
      '--store <dir>',
      'folder of the embedded database, URL of a ClickHouse server, or none to keep nothing (default: ./.tripline)',
    )
    .option('--continue', 'go on from the state of the last replay into this store, as the same run')
    .option('--json', 'alert events as JSON lines on standard output, and nothing else there')
    .option('--out <file>', 'write the alerts to a file instead of standard output')
    .option('--summary <file>', 'write the totals as JSON to a file')
    .option('--fail-on-alert', 'exit with 3 when there is an alert above info')
    .addOption(
      new Option('--invocations <which>', 'invocation rows to store (default: notable)').choices([
        'all',
        'notable',
        'none',
      ]),
    )
    .addOption(
      new Option('--memory <MB>', 'log events held in memory before they go to a temporary file')
        .default(512)
        .argParser(positiveInteger),
    )
    .addHelpText('after', HELP)
    .action(async (args: readonly string[], flags: ReplayFlags) => end(await run(args, flags, io)));
}

async function run(args: readonly string[], flags: ReplayFlags, io: Io): Promise<number> {
  const { config, model } = withModel(loadConfig(flags.config, io.env, flags.deploys ?? null), flags.model);
  const where = flags.store ?? config.store;
  const store = where === 'none' ? null : where;
  if (store === null && flags.continue === true) throw new UsageError('--continue needs a store');
  const { inputs, problems } = await expandInputs(args);
  if (inputs.length === 0) throw new InputError(describe(problems));
  const sources = inputs.map((input) => fileSource(input, io.stdin));
  const report = await openReport(
    {
      json: flags.json === true,
      outFile: flags.out,
      summaryFile: flags.summary,
      failOnAlert: flags.failOnAlert === true,
      store: store === null || typeof store === 'string' ? store : store.url,
      totalBytes: sizeOf(sources),
    },
    io,
  );
  try {
    for (const problem of problems) await report.phase(`warning: ${describe([problem])}`);
    const size = sizeOf(sources);
    await report.phase(`reading ${plural(sources.length, 'input')}${size === null ? '' : ` (${bytes(size)})`}`);
    const options = {
      config,
      ...(model === null ? {} : { model }),
      store,
      invocations: flags.invocations ?? config.invocations,
      resume: flags.continue === true,
      memoryBytes: flags.memory * MEGABYTE,
    };
    const { logGroup, account, region } = flags;
    const result = await replay(sources, options, createParts(config, { logGroup, account, region }), report, io);
    return await report.finish({ ...result, problems: [...problems, ...result.problems] });
  } finally {
    await report.close();
  }
}

/** Bytes of all; null where nobody can tell. */
function sizeOf(sources: readonly Source[]): number | null {
  let total = 0;
  for (const { sizeBytes } of sources) {
    if (sizeBytes === null) return null;
    total += sizeBytes;
  }
  return total;
}

function describe(problems: readonly InputProblem[]): string {
  return problems.map(({ name, message }) => `${name}: ${message}`).join('\n');
}

/** What CloudWatch allows, and nothing that looks like the next option. */
function logGroupName(text: string): string {
  if (!/^[A-Za-z0-9_/.#][\w/.#-]{0,511}$/.test(text)) {
    throw new InvalidArgumentError('a log group has letters, digits and _ / . # - and does not begin with -');
  }
  return text;
}

function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('not a whole number above 0');
  return value;
}
