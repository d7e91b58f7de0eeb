import { Command, Option } from 'commander';
import type { RecentRow } from '../../detectors/recent.ts';
import { ControlError } from '../../infra/control.ts';
import { harmlessJson } from '../../infra/table-text.ts';
import { CONFIG_FLAG } from '../config-file.ts';
import type { Io } from '../io.ts';
import { askEach, type RunningFlags, runningPeers } from '../running.ts';
import { terminalWidth } from '../store-output.ts';
import { styleFor } from '../style.ts';
import { openTerminal } from '../terminal.ts';
import { SORT_KEYS, type TopRow, topLines, topRows } from '../top-table.ts';

interface TopFlags extends RunningFlags {
  readonly sort: string;
  readonly once?: true;
  readonly json?: true;
}

const HELP = `
Figures are of the last five graded minutes of each function that was called within the hour, or has an open alert; p95 is
estimated from the moments of the log of its durations. On a terminal it is shown anew every 2 s: q ends it.

Examples:
  $ tripline top --sort cost
  $ tripline top --json | jq -r 'select(.open_alerts > 0).function'
`;

const EVERY_MS = 2000;

/** `tripline top` */
export function topCommand(io: Io): Command {
  return new Command('top')
    .description('live table of the functions of the running installation: calls, errors, p95, cost, alerts')
    .option(...CONFIG_FLAG)
    .addOption(new Option('--sort <key>', 'what comes first').choices(SORT_KEYS).default('calls'))
    .option('--once', 'show it once and end; also where standard output is no terminal')
    .option('--json', 'show it once, as one JSON object a line')
    .addHelpText('after', HELP)
    .action(async (flags: TopFlags) => {
      if (flags.once === true || flags.json === true || !io.stdout.isTTY) await showOnce(flags, io);
      else await showLive(flags, io);
    });
}

async function rowsOf(flags: TopFlags, io: Io): Promise<TopRow[]> {
  const answers = await askEach<RecentRow[]>(await runningPeers(flags, io), 'top');
  return topRows(answers.flat(), flags.sort);
}

async function showOnce(flags: TopFlags, io: Io): Promise<void> {
  const rows = await rowsOf(flags, io);
  const screen = { width: terminalWidth(io) ?? Number.POSITIVE_INFINITY, height: null };
  const lines =
    flags.json === true
      ? rows.map((row) => harmlessJson(JSON.stringify(row)))
      : topLines(rows, screen, styleFor(io.stdout, io.env));
  if (lines.length > 0) await io.stdout.write(`${lines.join('\n')}\n`);
}

async function showLive(flags: TopFlags, io: Io): Promise<void> {
  const style = styleFor(io.stdout, io.env);
  let rows = await rowsOf(flags, io); // nobody runs: said before the screen is taken
  const terminal = await openTerminal(io);
  try {
    let askedMs = io.nowMs();
    while (!terminal.ended.aborted) {
      const { width, height } = terminal.size();
      await terminal.draw(topLines(rows, { width, height }, style));
      await terminal.pause(Math.max(1, askedMs + EVERY_MS - io.nowMs()));
      if (terminal.ended.aborted || io.nowMs() < askedMs + EVERY_MS) continue;
      askedMs = io.nowMs();
      rows = await rowsOf(flags, io).catch((error: unknown) => {
        if (error instanceof ControlError) return rows; // it restarts: what is shown stays until it answers
        throw error;
      });
    }
  } finally {
    await terminal.close();
  }
}
