import { Command } from 'commander';
import { expandInputs } from '../../ingest/sources/inputs.ts';
import { type Config, loadConfig } from '../config.ts';
import { Since } from '../config-cloudwatch.ts';
import { CONFIG_FLAG, configFileOf } from '../config-file.ts';
import { isOpen, OPEN_METRICS } from '../config-live.ts';
import { checkSecrets } from '../destination-secrets.ts';
import { InputError, type Io, UsageError } from '../io.ts';
import { nearest } from '../nearest.ts';
import { parserOf } from '../parts.ts';
import { fileSource, type Source } from '../replay-read.ts';
import type { RoleContext } from '../roles/context.ts';
import type { HostRole } from '../roles/running-roles.ts';
import { bytes, plural, shown } from '../style.ts';
import { notifyCommands } from './notify.ts';

interface LiveFlags {
  readonly config?: string;
  readonly http?: string;
  readonly model?: string;
  readonly logGroup?: string;
  readonly account?: string;
  readonly region?: string;
  readonly follow?: true;
  readonly since?: string;
}

const withCommon = (command: Command): Command =>
  command
    .option(...CONFIG_FLAG)
    .option('--http <host:port>', 'where health and metrics are served, or off (default: 127.0.0.1:9464)');

const withOrigin = (command: Command): Command =>
  command
    .option('--log-group <name>', 'log group of lines that do not tell theirs, such as /aws/lambda/pay')
    .option('--account <id>', 'AWS account of lines that do not tell theirs')
    .option('--region <name>', 'AWS region of lines that do not tell theirs')
    .option('--follow', 'wait for more at the end of the inputs, and for new files')
    .option('--since <time>', 'how far back the first start reads log groups of CloudWatch: 14d, 36h, 90m or 0');

const withModelFlag = (command: Command): Command =>
  command.option('--model <file>', 'a learned model that windows are judged by, too; see tripline train');

const INGEST_HELP = `
Without an input it follows the sources of the config, shared among all ingest processes of the same bus, and takes what
is sent to listen: of the config. An input is a file, a folder, a pattern in quotes, or - for standard input; it is read once, to its end.

Examples:
  $ tripline ingest --config tripline.yaml
  $ tripline ingest ./export/ --config tripline.yaml
  $ aws logs tail /aws/lambda/pay --follow | tripline ingest - --log-group /aws/lambda/pay --config tripline.yaml
`;

const RUN_HELP = `
All roles in one process: ingest, detect and notify. With bus: local (the default) everything stays in this machine's
folders. Ctrl-C saves; the next start goes on where this one stopped.

Examples:
  $ aws logs tail /aws/lambda/pay --follow | tripline run - --log-group /aws/lambda/pay
  $ tripline run '/var/log/functions/*.log' --follow
  $ tripline run --config tripline.yaml
`;

/** A bus, a server, metrics: other commands start without them. */
async function roles() {
  const { runDetect } = await import('../roles/detect.ts');
  const { FollowingIngest } = await import('../roles/ingest-follow.ts');
  const { ingestInputs } = await import('../roles/ingest-inputs.ts');
  const { runNotify } = await import('../roles/notify.ts');
  return { runDetect, FollowingIngest, ingestInputs, runNotify };
}

/** The commands of a live installation. */
export function liveCommands(io: Io, version: string): Command[] {
  const past: Past = { caughtUp: Promise.resolve(), end: () => {} };
  const host = async (
    name: string,
    flags: LiveFlags,
    rolesOf: (config: Config) => Promise<readonly HostRole[]>,
    needsStore = true,
  ) => {
    const file = configFileOf(flags, io);
    const reread = () => configOf(file, flags, io, name);
    const config = reread();
    const { runHost } = await import('../roles/host.ts');
    const { model } = flags;
    await runHost({ name, config, file, reread, model, io, version, roles: rolesOf, needsStore });
  };
  const ingest = withOrigin(withCommon(new Command('ingest')))
    .description('read logs and put what they say on the bus')
    .argument('[input...]', 'file, folder, pattern, or - for standard input; default: the sources of the config')
    .addHelpText('after', INGEST_HELP)
    .action((inputs: readonly string[], flags: LiveFlags) =>
      host('ingest', flags, async (config) => await ingestRoles(config, inputs, { flags, io, past }), false),
    );
  const detect = withModelFlag(withCommon(new Command('detect')))
    .description('judge what is on the bus: any number of processes share the functions')
    .action((flags: LiveFlags) =>
      host('detect', flags, async () => [{ name: 'detect', run: (await roles()).runDetect }]),
    );
  const notify = withCommon(new Command('notify'))
    .description('take alerts from the bus to the destinations and the store')
    .allowExcessArguments()
    .action((flags: LiveFlags, { args, commands }: Command) => {
      if (args[0] !== undefined) throw new UsageError(unknownCommand(args[0], commands));
      return host('notify', flags, async () => [{ name: 'notify', run: (await roles()).runNotify }]);
    });
  for (const command of notifyCommands(io)) notify.addCommand(command);
  const run = withModelFlag(withOrigin(withCommon(new Command('run'))))
    .description('ingest, detect and notify in one process')
    .argument('[input...]', 'file, folder, pattern, or - for standard input; default: the sources of the config')
    .addHelpText('after', RUN_HELP)
    .action((inputs: readonly string[], flags: LiveFlags) =>
      host('run', flags, async (config) => {
        const { runDetect, runNotify } = await roles();
        const ingesting = await ingestRoles(config, inputs, { flags, io, past });
        return [...ingesting, { name: 'detect', run: runDetect }, { name: 'notify', run: runNotify }];
      }),
    );
  return [run, ingest, detect, notify];
}

/** What is said of it where a command has both: some of its own, and something that it does itself. */
function unknownCommand(word: string, commands: readonly Command[]): string {
  const names = commands.map((it) => it.name());
  const meant = nearest(word, names);
  return `notify: unknown command ${shown(word)}${meant === undefined ? `: there are ${names.join(', ')}` : `, did you mean ${meant}?`}`;
}

/** Somebody who runs all of it and names no destination looks at the screen. */
function configOf(file: string | null, flags: LiveFlags, io: Io, command: string): Config {
  const config = loadConfig(file ?? undefined, io.env);
  const { http, destinations } = config.live;
  if (command === 'run' || command === 'notify') checkSecrets(destinations); // the other roles need not see them
  const toScreen = command === 'run' && destinations.length === 0;
  const live = {
    ...config.live,
    http: flags.http === undefined ? http : { ...http, listen: flags.http },
    destinations: toScreen ? [{ type: 'stdout' as const, name: 'stdout' }] : destinations,
  };
  if (isOpen(live.http)) throw new UsageError(`--http ${live.http.listen}: ${OPEN_METRICS}`);
  return { ...config, live };
}

/** @throws {UsageError} */
function sinceOf({ since }: LiveFlags): number | undefined {
  if (since === undefined) return undefined;
  const parsed = Since.safeParse(since);
  if (!parsed.success) throw new UsageError(`--since: ${parsed.error.issues[0]?.message ?? 'not a time'}`);
  return parsed.data;
}

/** Whether sources still read what lies behind; outlives roles that a reload begins anew. */
interface Past {
  caughtUp: Promise<void>;
  end: () => void;
}

interface IngestParts {
  readonly flags: LiveFlags;
  readonly io: Io;
  readonly past: Past;
}

/** What is read: the inputs of the command line, once or for ever, or the sources of the config and who sends to it. */
async function ingestRoles(
  config: Config,
  inputs: readonly string[],
  { flags, io, past }: IngestParts,
): Promise<readonly HostRole[]> {
  const { FollowingIngest, ingestInputs } = await roles();
  const origin = { logGroup: flags.logGroup, account: flags.account, region: flags.region };
  if (inputs.length === 0) {
    const { sources, listen } = config.live;
    if (sources.length === 0 && listen === undefined)
      throw new UsageError('nothing to read: name an input, or sources: or listen: in the config');
    const { ingestSources } = await import('../roles/ingest-sources.ts');
    const { ingestListen } = await import('../roles/ingest-listen.ts');
    const found: HostRole[] = [];
    if (sources.length > 0)
      found.push({
        name: 'ingest',
        run: (context) => {
          past.caughtUp = new Promise((resolve) => {
            past.end = resolve;
          });
          return ingestSources(context, sinceOf(flags), past.end).finally(past.end);
        },
      });
    // started after it, or alone by a reload
    if (listen !== undefined)
      found.push({ name: 'listen', run: (context) => ingestListen(context, undefined, past.caughtUp) });
    return found;
  }
  if (flags.follow === true && !inputs.includes('-')) {
    const given = Object.fromEntries(Object.entries(origin).filter(([, value]) => value !== undefined));
    const followed = [{ files: [...inputs], follow: true, ...given }];
    return [{ name: 'ingest', run: (context) => new FollowingIngest(context, followed).run() }];
  }
  const found = await expandInputs(inputs);
  if (found.inputs.length === 0) {
    throw new InputError(found.problems.map(({ name, message }) => `${name}: ${message}`).join('\n  '));
  }
  const sources: Source[] = found.inputs.map((input) => fileSource(input, io.stdin));
  const run = async (context: RoleContext) => {
    for (const { name, message } of found.problems) context.log.warn('an input cannot be read', { name, why: message });
    const read = await ingestInputs(context, sources, parserOf(origin, config.fields));
    for (const problem of read.problems) context.log.warn('an input could not be read to its end', { why: problem });
    context.log.info(`read ${plural(sources.length, 'input')}: ${bytes(read.bytes)}, ${read.fragments} fragments`);
  };
  return [{ name: 'ingest', run, isOnce: true }];
}
