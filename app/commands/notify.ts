import { Command } from 'commander';
import { loadConfig } from '../config.ts';
import { CONFIG_FLAG, configFileOf, stateFolderOf } from '../config-file.ts';
import type { Io } from '../io.ts';
import { listDeliveries } from '../notify-list.ts';
import { resend } from '../notify-resend.ts';

interface NotifyFlags {
  readonly config?: string;
  readonly dead?: true;
  readonly json?: true;
  readonly to?: string;
}

const TEST_HELP = `
Sends one notice, marked as a test, through the destination's real sender, beside what a running tripline sends. Where the
destination keeps incidents (pagerduty, alertmanager) the test is resolved at once.

Exit codes: 0 it was taken, 1 it was not, and what to do about it, 2 wrong usage or config.
`;

const LIST_HELP = `
Shows the newest deliveries of each destination, whether it takes notices, and how many wait. With --dead the notices that a
destination refused for good; tripline notify resend sends one again.
`;

const RESEND_HELP = `
ID is an incident or its beginning, for its newest notice, or incident-version as tripline notify list shows them. It is sent under the key
it had, so receivers that know it can tell. A running tripline takes the request within seconds, else the next one does.

Examples:
  $ tripline notify resend 117b06d529d74346
  $ tripline notify resend 117b06d529d74346-3 --to oncall
`;

/** What people do with destinations, under `tripline notify`. */
export function notifyCommands(io: Io): Command[] {
  // the parent takes flags of the same name
  const stateOf = (command: Command) => {
    const flags = command.optsWithGlobals<NotifyFlags>();
    return { flags, state: stateFolderOf(configFileOf(flags, io), io.env) };
  };
  const test = new Command('test')
    .description('send one marked test notice to a destination')
    .argument('<destination>', 'its name in the config')
    .option(...CONFIG_FLAG)
    .addHelpText('after', TEST_HELP)
    .action(async (destination: string, _flags: unknown, command: Command) => {
      const file = configFileOf(command.optsWithGlobals<NotifyFlags>(), io);
      const { testDestination } = await import('../notify-test.ts'); // senders are loaded where they are used
      await testDestination(loadConfig(file ?? undefined, io.env), destination, io);
    });
  const list = new Command('list')
    .description('show what was delivered, what waits and what was given up')
    .argument('[destination]', 'its name in the config; default: all')
    .option('--dead', 'the notices that were given up')
    .option('--json', 'one JSON object for each destination, or with --dead for each notice')
    .option(...CONFIG_FLAG)
    .addHelpText('after', LIST_HELP)
    .action(async (destination: string | undefined, _flags: unknown, command: Command) => {
      const { flags, state } = stateOf(command);
      await listDeliveries({ state, destination, isDead: flags.dead === true, isJson: flags.json === true }, io);
    });
  const again = new Command('resend')
    .description('send a notice again that was given up, or delivered of late')
    .argument('<id>', 'incident, or incident-version')
    .option('--to <destination>', 'only to this one; default: all that know it')
    .option(...CONFIG_FLAG)
    .addHelpText('after', RESEND_HELP)
    .action(async (id: string, _flags: unknown, command: Command) => {
      const { flags, state } = stateOf(command);
      await resend({ state, id, to: flags.to }, io);
    });
  return [test, list, again];
}
