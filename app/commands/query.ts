import { Command } from 'commander';
import { type Io, UsageError } from '../io.ts';
import { DEFAULT_STORE, withStore } from '../store-access.ts';
import { printCsv, printJson, printTable } from '../store-output.ts';
import { plural } from '../style.ts';

const HELP = `
Tables: invocations, function_minutes, scores, alert_events, alerts, alert_history, functions, coverage, rejects,
deliveries, incident_events, runs. They show the current run, the one most recently begun; invocations_all and so on show every run, told
apart by run_id. What there is:
  $ tripline query "SHOW TABLES"
  $ tripline query "DESCRIBE function_minutes"

Examples:
  $ tripline query "SELECT started_at, severity, faas_name, text FROM alerts ORDER BY started_at"
  $ tripline query "SELECT faas_name, sum(cost_usd) AS usd FROM function_minutes GROUP BY 1 ORDER BY 2 DESC LIMIT 10"
  $ tripline query --csv "SELECT * FROM alerts" > alerts.csv

The SQL is ClickHouse's and only reads. It works while another tripline fills the store.
Exit codes: 0 done, 1 the store cannot be read, 2 wrong usage or SQL.
`;

interface QueryFlags {
  readonly store: string;
  readonly json?: true;
  readonly csv?: true;
}

/** `tripline query`: one SQL statement to the store. */
export function queryCommand(io: Io): Command {
  return new Command('query')
    .description('ask the store in SQL')
    .argument('<sql>', 'one SELECT (or WITH, SHOW, DESCRIBE, EXISTS, EXPLAIN), in quotes')
    .option('--store <dir>', 'folder of the embedded database, or the URL of a ClickHouse server', DEFAULT_STORE)
    .option('--json', 'one JSON object a line instead of a table')
    .option('--csv', 'CSV instead of a table; a text that a spreadsheet would run as a formula gets a quote before it')
    .addHelpText('after', HELP)
    .action((sql: string, flags: QueryFlags) => query(sql, flags, io));
}

/** @throws {StoreError} @throws {UsageError} */
async function query(sql: string, { store, json, csv }: QueryFlags, io: Io): Promise<void> {
  if (json === true && csv === true) throw new UsageError('--json and --csv exclude each other');
  await withStore(
    store,
    (message) => io.stderr.write(message),
    async (reader) => {
      if (json === true) return printJson(reader, sql, io.stdout);
      if (csv === true) return printCsv(reader, sql, io.stdout);
      const rows = await printTable(reader, sql, io);
      if (rows === 0 || io.stdout.isTTY) await io.stderr.write(`${plural(rows, 'row')}\n`);
    },
  );
}
