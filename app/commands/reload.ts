import { Command } from 'commander';
import { ControlError } from '../../infra/control.ts';
import { CONFIG_FLAG } from '../config-file.ts';
import { EXIT, type Io } from '../io.ts';
import type { Reloaded } from '../roles/reloads.ts';
import { askOne, type RunningFlags, runningPeers } from '../running.ts';
import { plural, seconds } from '../style.ts';

const HELP = `
Each process of the installation on this host reads its config file anew and checks all of it. What can change while it runs is
taken; otherwise everything stays as it is, and the reason is said. SIGHUP does the same to one process.

Exit codes: 0 taken, 1 refused or nobody runs: the configuration in use stays, 2 wrong usage.
`;

/** `tripline reload` */
export function reloadCommand(io: Io, end: (code: number) => void): Command {
  return new Command('reload')
    .description('make the running installation take its changed config file, or say why not')
    .option(...CONFIG_FLAG)
    .addHelpText('after', HELP)
    .action(async (flags: RunningFlags) => {
      const peers = await runningPeers(flags, io);
      for (const peer of peers) {
        try {
          const item = await askOne<Reloaded>(peer, 'reload');
          await io.stdout.write(`${peer.name} (process ${peer.pid}): ${reloadText(item)}\n`);
        } catch (error) {
          if (!(error instanceof ControlError)) throw error;
          await io.stderr.write(
            `${peer.name} (process ${peer.pid}): not taken, the configuration in use stays\n${indented(error.message)}\n`,
          );
          end(EXIT.failed);
        }
      }
    });
}

const indented = (text: string): string =>
  text
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');

export function reloadText({ sections, roles, kept, tookMs, reasons }: Reloaded): string {
  const what =
    sections.length === 0 ? 'nothing differs; files that it names were read again' : `took ${sections.join(', ')}`;
  const who = roles.length === 0 ? [] : [`${roles.join(', ')} began anew in ${seconds(tookMs)}`];
  const once =
    kept.length === 0
      ? []
      : [`${plural(kept.length, 'role')} kept on: ${kept.join(', ')} reads what can be read only once`];
  const not = reasons.length === 0 ? [] : [`not ready yet: ${reasons.join('; ')}`];
  return [what, ...who, ...once, ...not].join('; ');
}
