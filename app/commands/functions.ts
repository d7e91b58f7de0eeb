import { Command } from 'commander';
import { TextTable } from '../../infra/table-text.ts';
import type { Io } from '../io.ts';
import { DEFAULT_STORE, rowsOf, withStore } from '../store-access.ts';
import { printJson, terminalWidth } from '../store-output.ts';
import { count, plural } from '../style.ts';
import { readTimeouts, timeoutsJson, timeoutsTable } from './function-timeouts.ts';

interface FunctionsFlags {
  readonly store: string;
  readonly json?: true;
  readonly timeouts?: true;
}

interface FunctionLine {
  readonly faas_name: string;
  readonly place: string;
  readonly first: string;
  readonly last: string;
  readonly invocations: number;
  readonly learnt_windows: number;
  readonly warmup_windows: number;
}

const HELP = `
A function is judged by its own history once it has learnt enough windows (minutes with invocations); until then by what
functions in general do.

--timeouts: a function's limit is known once a call has hit it. Suggested is twice the upper 95 % bound of the 99.9th
percentile of calls that ended by themselves, at least 1.1 times the longest and 3 s, from 2,995 calls on.

Exit codes: 0 done, 1 the store cannot be read, 2 wrong usage.
`;

const ORDERED = 'FROM functions ORDER BY faas_name, cloud_provider, cloud_account_id, cloud_region';

/** `tripline functions`: what is known of each function. */
export function functionsCommand(io: Io): Command {
  return new Command('functions')
    .description('list the functions seen: since when, how often, how much was learnt of them')
    .option('--store <dir>', 'folder of the embedded database, or the URL of a ClickHouse server', DEFAULT_STORE)
    .option('--timeouts', 'suggest a time limit for each from the tail of its durations, with the evidence')
    .option('--json', 'one JSON object a line')
    .addHelpText('after', HELP)
    .action((flags: FunctionsFlags) => list(flags, io));
}

/** @throws {StoreError} */
async function list({ store, json, timeouts }: FunctionsFlags, io: Io): Promise<void> {
  await withStore(
    store,
    (message) => io.stderr.write(message),
    async (reader) => {
      if (timeouts === true) {
        const lines = await readTimeouts(reader);
        const table = () => `${timeoutsTable(lines, terminalWidth(io)).join('\n')}\n`;
        return io.stdout.write(json === true ? timeoutsJson(lines) : table());
      }
      if (json === true) return printJson(reader, `SELECT * ${ORDERED}`, io.stdout);
      const functions = await rowsOf<FunctionLine>(
        reader,
        `SELECT faas_name, arrayStringConcat(arrayFilter(x -> x != '', [cloud_provider, ifNull(cloud_account_id, ''), ifNull(cloud_region, '')]), ' ') AS place,
        formatDateTime(first_seen, '%F %R') AS first, formatDateTime(last_seen, '%F %R') AS last,
        invocations, learnt_windows, warmup_windows ${ORDERED}`,
      );
      await io.stdout.write(`${tableOf(functions, terminalWidth(io)).join('\n')}\n`);
    },
  );
}

/** What `tripline functions` prints. */
export function tableOf(functions: readonly FunctionLine[], width: number | null): string[] {
  if (functions.length === 0) return ['no functions yet: fill the store with `tripline replay FILE`'];
  const table = new TextTable(
    [
      { name: 'function', align: 'left' },
      { name: 'where', align: 'left' },
      { name: 'first seen (UTC)', align: 'left' },
      { name: 'last seen (UTC)', align: 'left' },
      { name: 'invocations', align: 'right' },
      { name: 'history', align: 'left' },
    ],
    width,
  );
  const rows = functions.map((it) => [it.faas_name, it.place, it.first, it.last, count(it.invocations), history(it)]);
  const ready = functions.filter((it) => it.learnt_windows >= it.warmup_windows).length;
  return [
    ...table.lines(rows),
    '',
    `${plural(functions.length, 'function')}, ${count(ready)} with enough history of their own`,
  ];
}

function history({ learnt_windows, warmup_windows }: FunctionLine): string {
  if (learnt_windows >= warmup_windows) return `learnt ${plural(learnt_windows, 'window')}`;
  return `learnt ${count(learnt_windows)} of ${plural(warmup_windows, 'window')}`;
}
