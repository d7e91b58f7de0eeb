import { Command, CommanderError } from 'commander';
import { StateError } from '../detectors/shard-snapshot.ts';
import { BusError } from '../infra/bus.ts';
import { ControlError } from '../infra/control.ts';
import { HttpError } from '../infra/http-error.ts';
import { StorageError } from '../infra/storage-error.ts';
import { StoreError } from '../infra/store-error.ts';
import { WireError } from '../infra/wire-bytes.ts';
import { budgetCommand } from './commands/budget.ts';
import { checkCommand } from './commands/check.ts';
import { coverageCommand } from './commands/coverage.ts';
import { demoCommand } from './commands/demo.ts';
import { doctorCommand } from './commands/doctor.ts';
import { explainCommand } from './commands/explain.ts';
import { functionsCommand } from './commands/functions.ts';
import { ackCommand, incidentsCommand, labelCommand } from './commands/incidents.ts';
import { initCommand } from './commands/init.ts';
import { liveCommands } from './commands/live.ts';
import { metricCommand } from './commands/metric.ts';
import { queryCommand } from './commands/query.ts';
import { reloadCommand } from './commands/reload.ts';
import { replayCommand } from './commands/replay.ts';
import { routeCommand } from './commands/route.ts';
import { setupCommand } from './commands/setup.ts';
import { silenceCommand } from './commands/silence.ts';
import { statusCommand } from './commands/status.ts';
import { tapCommand } from './commands/tap.ts';
import { topCommand } from './commands/top.ts';
import { trainCommand } from './commands/train.ts';
import { ConfigError } from './config-error.ts';
import { ClosedOutputError, EXIT, InputError, InterruptedError, type Io, UsageError } from './io.ts';
import { shown } from './style.ts';

const HELP = `
Examples:
  $ tripline demo                                   see it work on a made-up fleet
  $ tripline replay ./export/                       what your own logs would have alerted
  $ tripline init                                   write a config, then: tripline doctor, tripline run
  $ tripline query "SELECT * FROM alerts LIMIT 5"   look into what was found

Exit codes: 0 done, 1 failed, 2 wrong usage or config, 3 alerts and --fail-on-alert, 130 ended by Ctrl-C.
tripline <command> --help tells more of each command.
`;

/** Runs one command line (without node and script) and returns the exit code. @throws what is a bug, with its stack */
export async function runProgram(args: readonly string[], io: Io, version: string): Promise<number> {
  let exitCode: number = EXIT.done;
  const end = (code: number) => {
    exitCode = code;
  };
  const program = new Command('tripline')
    .description('Finds anomalies in serverless functions from the logs they already write.')
    .version(version)
    .addHelpText('after', HELP)
    .configureHelp({ showGlobalOptions: true });
  const commands = [
    demoCommand(io, end),
    replayCommand(io, end),
    initCommand(io),
    ...liveCommands(io, version),
    doctorCommand(io, end),
    setupCommand(io),
    statusCommand(io, end),
    topCommand(io),
    tapCommand(io),
    reloadCommand(io, end),
    incidentsCommand(io),
    ackCommand(io),
    labelCommand(io),
    silenceCommand(io),
    routeCommand(io),
    explainCommand(io),
    metricCommand(io, end),
    queryCommand(io),
    budgetCommand(io),
    functionsCommand(io),
    coverageCommand(io),
    trainCommand(io),
    checkCommand(io),
  ];
  for (const command of commands) program.addCommand(command);
  const written: Promise<void>[] = [];
  for (const command of [program, ...commands, ...commands.flatMap((it) => it.commands)]) {
    command.exitOverride().configureOutput({
      writeOut: (text) => written.push(io.stdout.write(text)),
      writeErr: (text) => written.push(io.stderr.write(text)),
    });
  }
  try {
    await program.parseAsync([...args], { from: 'user' });
    await Promise.all(written);
    return exitCode;
  } catch (error) {
    await Promise.allSettled(written); // what was asked for may have had no reader: nobody is left to tell
    return await explain(error, io);
  }
}

/** Says what went wrong to the user, who can do something about it, and returns the exit code. @throws a bug as it is */
async function explain(error: unknown, io: Io): Promise<number> {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage; // it has printed already
  if (error instanceof ClosedOutputError) return EXIT.done; // as `head` does: nobody is left to tell
  const code = exitCodeOf(error);
  if (code === null) throw error;
  const message = (error as Error).message.split('\n').map(shown).join('\n');
  await io.stderr.write(`${error instanceof ConfigError ? '' : 'error: '}${message}\n`);
  return code;
}

/** Told by their message: the world is not as it should be. */
const FAILURES = [InputError, StorageError, StateError, BusError, ControlError, HttpError, WireError];

/** null = a bug */
function exitCodeOf(error: unknown): number | null {
  if (error instanceof ConfigError || error instanceof UsageError) return EXIT.usage;
  if (error instanceof InterruptedError) return EXIT.interrupted;
  if (error instanceof StoreError) return error.code === 'BAD_QUERY' ? EXIT.usage : EXIT.failed;
  if (FAILURES.some((kind) => error instanceof kind)) return EXIT.failed;
  const { code } = (error ?? {}) as NodeJS.ErrnoException;
  return code !== undefined && /^E[A-Z0-9]+$/.test(code) ? EXIT.failed : null; // the operating system refused
}
