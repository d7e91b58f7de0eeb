import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { InputError } from '../app/io.ts';
import { MetricCsv, metricTimeOf } from '../app/metric-csv.ts';
import { MetricScorer } from '../detectors/metric/metric-scorer.ts';
import { Random } from '../scenarios/random.ts';
import { formatNab } from './nab-report.ts';
import { NabScorer, PROFILES, type ScoredFile } from './nab-score.ts';

const HELP = `Usage: npm run bench:nab -- --data DIR --out DIR [options]
  --data DIR     any tree of CSV files with the columns timestamp and value
  --out DIR      results: the same tree, with timestamp,value,anomaly_score
  --labels FILE  labelled windows, JSON: {"category/file.csv": [[from, to], ...]}
                 (DIR/../labels/combined_windows.json, if there)
  --json         a last line with all figures
  --quiet        no line for each file with bad rows`;
const FOLDS = 5;
const REPEATS = 20;

const { values: flags } = parseArgs({
  options: {
    data: { type: 'string' },
    out: { type: 'string' },
    labels: { type: 'string' },
    json: { type: 'boolean', default: false },
    quiet: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

interface Scored {
  readonly timesMs: number[];
  readonly scores: number[];
  readonly problems: MetricCsv['problems'];
  readonly scoringMs: number;
}

function csvFiles(directory: string): string[] {
  const entries = readdirSync(directory, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return csvFiles(path);
    return entry.name.toLowerCase().endsWith('.csv') ? [path] : [];
  });
}

/** Scores a file by the product's own path and writes the result: one row out for each row in. */
function scoreFile(path: string, out: string): Scored {
  const csv = new MetricCsv(path);
  const rows = [];
  for (const line of readFileSync(path, 'utf8').split(/\r?\n/)) {
    const row = csv.read(line);
    if (row !== null) rows.push(row);
  }
  csv.end();
  const scorer = new MetricScorer();
  const started = process.cpuUsage();
  const scores = rows.map(({ timestampMs, value }) =>
    Number.isNaN(timestampMs) ? 0 : scorer.push(timestampMs, value),
  );
  const scoringMs = process.cpuUsage(started).user / 1000;
  mkdirSync(dirname(out), { recursive: true });
  const lines = rows.map(({ time, text }, row) => `${time},${text},${Math.round(1e6 * scores[row]!) / 1e6}`);
  writeFileSync(out, `timestamp,value,anomaly_score\n${lines.join('\n')}\n`);
  return {
    timesMs: rows.map((it) => it.timestampMs),
    scores: scores.map((it) => Math.round(1e6 * it) / 1e6),
    problems: csv.problems,
    scoringMs,
  };
}

/** @throws {InputError} on a file that is not labels */
function readLabels(file: string): Map<string, (readonly [number, number])[]> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new InputError(`${file}: ${(error as Error).message}`);
  }
  const labels = new Map<string, (readonly [number, number])[]>();
  for (const [name, windows] of Object.entries(parsed ?? {})) {
    if (!Array.isArray(windows)) throw new InputError(`${file}: ${name}: want a list of [from, to]`);
    const times = windows.map((it: unknown) =>
      Array.isArray(it) && it.length === 2 ? it.map((at) => metricTimeOf(String(at))) : [],
    );
    if (times.some(([from, to]) => !(from! <= to!)))
      throw new InputError(`${file}: ${name}: want [from, to] in ISO 8601`);
    labels.set(name, times as unknown as (readonly [number, number])[]);
  }
  return labels;
}

function run(data: string, out: string): number {
  if (!existsSync(data)) throw new InputError(`${data}: no such folder`);
  const paths = csvFiles(data);
  if (paths.length === 0) throw new InputError(`${data}: no CSV file in it`);
  if (resolve(out) === resolve(data))
    throw new InputError('--out must not be the folder of --data: it would overwrite it');
  const fallback = join(data, '..', 'labels', 'combined_windows.json');
  const labelsFile = flags.labels ?? (existsSync(fallback) ? fallback : null);
  const labels = labelsFile === null ? new Map() : readLabels(labelsFile);
  const files: ScoredFile[] = [];
  const failures: string[] = [];
  const totals = { files: 0, rows: 0, badRows: 0, missing: 0, scoringMs: 0 };
  for (const path of paths) {
    const name = relative(data, path).split('\\').join('/');
    try {
      const { timesMs, scores, problems, scoringMs } = scoreFile(path, join(out, name));
      const bad = problems.badTime + problems.badValue + problems.backwards;
      if (bad > 0 && !flags.quiet) console.error(`${problems.first} (${bad} of ${scores.length} rows are bad)`);
      totals.files++;
      totals.rows += scores.length;
      totals.badRows += bad;
      totals.missing += problems.missingValue;
      totals.scoringMs += scoringMs;
      const windows = labels.get(name);
      if (windows !== undefined) files.push({ name, timesMs, scores, windows });
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      failures.push(error.message);
    }
  }
  for (const failure of failures) console.error(`error: ${failure}`);
  const scorer = files.length === 0 ? null : new NabScorer(files);
  const results =
    scorer === null
      ? []
      : PROFILES.map((profile) => ({
          ...scorer.best(profile),
          crossValidated: scorer.crossValidated(profile, FOLDS, REPEATS, new Random('nab', profile.name)),
        }));
  const unlabelled = totals.files - files.length;
  console.log(formatNab(totals, results, { unlabelled, missing: [...labels.keys()].length - files.length }));
  if (flags.json) console.log(JSON.stringify({ ...totals, results }));
  return failures.length === 0 ? 0 : 1;
}

if (flags.help) console.log(HELP);
else if (flags.data === undefined || flags.out === undefined) {
  console.error(`--data and --out are needed\n\n${HELP}`);
  process.exitCode = 2;
} else {
  try {
    process.exitCode = run(flags.data, flags.out);
  } catch (error) {
    if (!(error instanceof InputError || error instanceof RangeError)) throw error;
    console.error(`error: ${error.message}`);
    process.exitCode = 1;
  }
}
