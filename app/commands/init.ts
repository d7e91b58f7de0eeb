import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { Command, InvalidArgumentError } from 'commander';
import { harmless } from '../../infra/table-text.ts';
import { parseConfig } from '../config.ts';
import { ConfigError } from '../config-error.ts';
import { CONFIG_NAME } from '../config-file.ts';
import { type Answers, type Ask, answersOf, type InitFlags } from '../init/answers.ts';
import { configText, variablesOf } from '../init/write.ts';
import { InterruptedError, type Io, UsageError } from '../io.ts';

interface Flags extends InitFlags {
  readonly out: string;
  readonly force?: true;
  readonly yes?: true;
}

const HELP = `
On a terminal it asks what the flags do not say; with --yes, or without a terminal, the rest are the defaults. No secret is
written: the file names the environment variables that hold them.

Examples:
  $ tripline init
  $ tripline init --cloudwatch --region eu-west-1 --prefix /aws/lambda/ --slack-webhook-env SLACK_WEBHOOK_URL --yes
  $ tripline init --files '/var/log/functions/**/*.log' --terminal --yes
`;

function wholeNumber(text: string): number {
  if (!/^\d{1,4}$/.test(text)) throw new InvalidArgumentError('not a whole number');
  return Number(text);
}

/** `tripline init` */
export function initCommand(io: Io): Command {
  return new Command('init')
    .description('write a commented config file, after asking or from flags')
    .option('--cloudwatch', 'logs are in CloudWatch Logs, and are polled')
    .option('--region <name...>', 'its regions (default: AWS_REGION)')
    .option('--prefix <name>', 'its log groups begin with this (default: /aws/lambda/)')
    .option('--role-arn <arn>', 'role to assume for it (default: the credentials that are there)')
    .option('--firehose', 'logs are sent by a Firehose delivery stream')
    .option('--listen <host:port>', 'where it is listened for (default: 127.0.0.1:8443)')
    .option(
      '--firehose-key-env <name>',
      'environment variable that holds its access key (default: FIREHOSE_ACCESS_KEY)',
    )
    .option('--files <pattern...>', 'logs are in files, folders or patterns')
    .option('--log-group <name>', 'log group of their lines that do not tell theirs')
    .option('--stdin', 'logs come by standard input')
    .option('--slack-webhook-env <name>', 'alerts go to Slack: environment variable that holds the URL of the web hook')
    .option('--slack-token-env <name>', 'alerts go to Slack: environment variable that holds the token of a bot')
    .option('--slack-channel <name>', 'its channel, id or #name')
    .option('--pagerduty-key-env <name>', 'alerts go to PagerDuty: environment variable that holds the integration key')
    .option('--webhook-url-env <name>', 'alerts go to a web hook: environment variable that holds its URL')
    .option('--terminal', 'alerts go to the screen')
    .option('--store <dir>', 'folder, URL of a ClickHouse server, or none (default: ./.tripline)')
    .option('--pages-per-week <number>', 'how often somebody may be paged (default: 5)', wholeNumber)
    .option('--time-zone <name>', 'zone that daily rhythm follows (default: that of this machine)')
    .option('--out <file>', 'where to write it', `./${CONFIG_NAME}`)
    .option('--force', 'overwrite the file')
    .option('--yes', 'ask nothing')
    .addHelpText('after', HELP)
    .action((flags: Flags) => init(flags, io));
}

async function init(flags: Flags, io: Io): Promise<void> {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
  const answers = await withAsk(flags, io, (ask) => answersOf(flags, ask, zone));
  const text = configText(answers);
  checkText(text, answers, flags.out);
  const file = flags.out.startsWith('/') ? flags.out : join(io.cwd ?? '.', flags.out);
  try {
    writeFileSync(file, text, { flag: flags.force === true ? 'w' : 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new UsageError(`${flags.out} is there already: --force overwrites it, --out names another file`);
  }
  await io.stdout.write(nextText(answers, flags.out));
}

/** A person is asked on a terminal, unless --yes. */
async function withAsk(flags: Flags, io: Io, use: (ask: Ask | null) => Promise<Answers>): Promise<Answers> {
  if (flags.yes === true || !io.stdout.isTTY || process.stdin.isTTY !== true) return use(null);
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  const stop = new AbortController();
  lines.on('SIGINT', () => stop.abort());
  lines.on('close', () => stop.abort());
  try {
    return await use(async (question, fallback) => {
      const answer = await lines.question(`${question}${fallback === '' ? '' : ` [${fallback}]`}: `, {
        signal: stop.signal,
      });
      return answer.trim() === '' ? fallback : answer.trim();
    });
  } catch (error) {
    if ((error as Error).name === 'AbortError') throw new InterruptedError('ended: nothing was written');
    throw error;
  } finally {
    lines.close();
  }
}

/** What is written is right, but for the values of variables, which are not known here. @throws {UsageError} that names what was answered */
function checkText(text: string, answers: Answers, file: string): void {
  try {
    parseConfig(text, file, Object.fromEntries(variablesOf(answers).map((name) => [name, stand(name, answers)])));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new UsageError(`nothing was written: ${error.message}`);
  }
}

/** A value of the right form in the place of a secret. */
function stand(name: string, { destinations }: Answers): string {
  const kind = destinations.find((it) => 'env' in it && it.env === name)?.kind;
  if (kind === 'pagerduty') return '0'.repeat(32);
  return kind === 'slack-bot' ? 'xoxb-stand-in' : 'https://hooks.slack.com/services/stand/in';
}

function nextText(answers: Answers, out: string): string {
  const config = out === `./${CONFIG_NAME}` || out === CONFIG_NAME ? '' : ` --config ${harmless(out)}`;
  const variables = variablesOf(answers);
  const run =
    answers.source.kind === 'stdin'
      ? `aws logs tail /aws/lambda/NAME --follow | tripline run - --log-group /aws/lambda/NAME${config}`
      : `tripline run${answers.source.kind === 'cloudwatch' ? ' --since 1d' : ''}${config}`; // warm from the first minute
  return [
    `wrote ${harmless(out)}. Next:`,
    '',
    ...(variables.length === 0 ? [] : [`  export ${variables.map((name) => `${name}=…`).join(' ')}`]),
    `  tripline doctor${config}`,
    `  ${run}`,
    '',
  ].join('\n');
}
