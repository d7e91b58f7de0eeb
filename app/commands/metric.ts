import { Command } from 'commander';
import { METRIC_BAR, type MetricAlert, MetricAlerts } from '../../detectors/metric/metric-alert.ts';
import { MetricScorer, WARMUP_ROWS } from '../../detectors/metric/metric-scorer.ts';
import { readFileBytes, SourceError } from '../../ingest/sources/bytes.ts';
import { expandInputs, type Input } from '../../ingest/sources/inputs.ts';
import { EXIT, InputError, type Io, UsageError } from '../io.ts';
import { MetricCsv, type MetricRow } from '../metric-csv.ts';
import { count, plural } from '../style.ts';

interface MetricFlags {
  readonly bar: string;
  readonly json?: true;
  readonly failOnAlert?: true;
}

const HELP = `
Each file is one metric: CSV whose first line names the columns timestamp and value (others are passed over). Times are ISO
8601 (no zone: UTC), Unix seconds or Unix ms, in order, from a minute to an hour apart; gaps may be there. A metric is judged by its own past
alone; the first ${WARMUP_ROWS} rows only teach.

Examples:
  $ tripline metric requests.csv
  $ tripline metric --json --bar 6 exports/*.csv
  $ export-metric | tripline metric -

Exit codes: 0 done, 1 a file cannot be read, 2 wrong usage, 3 alerts and --fail-on-alert.
`;

/** `tripline metric`: alerts on any metric, from timestamps and values. */
export function metricCommand(io: Io, end: (code: number) => void): Command {
  return new Command('metric')
    .description('find anomalies in any metric: CSV files of timestamp,value')
    .argument('<files...>', 'CSV files, folders, globs, or - for standard input')
    .option('--bar <surprise>', 'how surprising a row must be, -log10 of a chance', String(METRIC_BAR))
    .option('--json', 'one JSON object a line')
    .option('--fail-on-alert', 'exit with 3 when there was an alert')
    .addHelpText('after', HELP)
    .action(async (files: string[], flags: MetricFlags) => {
      const alerts = await judgeAll(files, flags, io);
      if (alerts > 0 && flags.failOnAlert === true) end(EXIT.alert);
    });
}

/** Number of alerts. @throws {UsageError | InputError} after everything that can be read was read */
async function judgeAll(files: readonly string[], flags: MetricFlags, io: Io): Promise<number> {
  const bar = Number(flags.bar);
  if (!(bar > 0)) throw new UsageError(`--bar: not a number above 0: ${flags.bar}`);
  const { inputs, problems } = await expandInputs(files);
  const failures = problems.map(({ name, message }) => `${name}: ${message}`);
  let alerts = 0;
  let rows = 0;
  for (const input of inputs) {
    try {
      const read = await judge(input, bar, flags.json === true, io);
      alerts += read.alerts;
      rows += read.rows;
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      failures.push(error.message);
    }
  }
  const summary = `${plural(alerts, 'alert')} in ${plural(rows, 'row')} of ${plural(inputs.length, 'metric')}\n`;
  await io.stderr.write(summary);
  if (failures.length > 0) throw new InputError(failures.join('\n'));
  return alerts;
}

async function judge(input: Input, bar: number, json: boolean, io: Io): Promise<{ alerts: number; rows: number }> {
  const csv = new MetricCsv(input.name);
  const metric = new MetricAlerts(new MetricScorer(), bar);
  let alerts = 0;
  let rows = 0;
  let usable = 0;
  for await (const line of linesOf(input, io)) {
    const row = csv.read(line);
    if (row === null) continue;
    rows++;
    if (Number.isNaN(row.timestampMs)) continue;
    if (!Number.isNaN(row.value)) usable++;
    const alert = metric.push(row.timestampMs, row.value);
    if (alert === null) continue;
    alerts++;
    await io.stdout.write(json ? `${jsonOf(input.name, row, alert)}\n` : `${textOf(input.name, row, alert)}\n`);
  }
  csv.end();
  const { badTime, badValue, backwards, first } = csv.problems;
  const bad = badTime + badValue + backwards;
  if (bad > 0) await io.stderr.write(`warning: ${first}; ${count(bad)} of ${plural(rows, 'row')} are bad\n`);
  if (usable === 0) throw new InputError(`${input.name}: no row with a time and a value`);
  if (usable <= WARMUP_ROWS) {
    const learnt = `${plural(usable, 'usable row')}: the first ${WARMUP_ROWS} only teach, so nothing was judged`;
    await io.stderr.write(`warning: ${input.name}: ${learnt}\n`);
  }
  return { alerts, rows };
}

async function* linesOf(input: Input, io: Io): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for await (const bytes of input.name === '-' ? io.stdin : readFileBytes(input.name, input.sizeBytes)) {
      const lines = (rest + decoder.decode(bytes, { stream: true })).split(/\r?\n/);
      rest = lines.pop() ?? '';
      yield* lines;
    }
  } catch (error) {
    if (error instanceof SourceError) throw new InputError(`${input.name}: ${error.message}`);
    throw error;
  }
  yield rest + decoder.decode();
}

/** four digits say all that a person compares */
const shortNumber = (value: number) => String(Number(value.toPrecision(4)));

const SEEN = {
  row: 'value',
  rows10: 'mean of 10 rows',
  rows120: 'mean of 120 rows',
  range: 'value',
} as const;

const AGAINST = {
  row: 'the nearest of the last rows, the last hour, yesterday and a week ago at this time',
  rows10: 'the nearest of the rows before and yesterday at this time',
  rows120: 'the nearest of the rows before and yesterday at this time',
  range: 'the extreme so far',
} as const;

function whyOf({ statistic, direction, observed, expected, typical }: MetricAlert): string {
  const side = direction === 'up' ? 'above' : 'below';
  const times = Math.abs(observed - expected) / typical;
  const distance = times < 1000 ? `${shortNumber(times)} times the usual distance` : 'far';
  return `${SEEN[statistic]} is ${distance} ${side} ${AGAINST[statistic]}`;
}

function textOf(name: string, row: MetricRow, alert: MetricAlert): string {
  const surprise = `surprise ${alert.surprise.toFixed(1)}`;
  const values = `${shortNumber(alert.observed)}, expected ${shortNumber(alert.expected)}`;
  return `${row.time}  ${name}  ${surprise}  ${values}: ${whyOf(alert)}`;
}

function jsonOf(name: string, row: MetricRow, alert: MetricAlert): string {
  const { timestampMs, surprise, direction, statistic, observed, expected, typical } = alert;
  const at = new Date(timestampMs).toISOString();
  return JSON.stringify({
    ...{ at, metric: name, line: row.line, value: row.value, surprise: Number(surprise.toFixed(3)), direction },
    ...{ statistic, observed, expected, typical, why: whyOf(alert) },
  });
}
