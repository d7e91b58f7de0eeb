import { TAIL } from '../detectors/calibrate.ts';
import { upperSurprise } from '../models/statistical/negative-binomial.ts';
import { SHARES } from './calibration-process.ts';
import { type CellResult, DEEPEST, GROUPS } from './calibration-run.ts';

/** P(score >= s) / 10^−s may be at most this, and where the level can be attained at least one over it. */
export const WITHIN = 3;
/** Fewer windows than this beyond a level tell nothing of a ratio near 1. */
const LEAST_EXPECTED = 10;

export interface Level {
  readonly s: number;
  readonly ratio: number;
  /** standard error of `ratio`, from the spread between groups of functions */
  readonly error: number;
  readonly isAttainable: boolean;
  /** too often, too seldom, neither, or too few windows to tell; beyond two standard errors of doubt */
  readonly verdict: 'high' | 'low' | 'in' | 'unknown';
}

export interface Row {
  readonly signal: string;
  readonly process: string;
  readonly rate: number;
  readonly windows: number;
  readonly levels: readonly Level[];
}

/** Share of calls that each count is made of; what is not in it is continuous, or a count of calls itself. */
const COUNTED: Readonly<Record<string, number>> = {
  errors: SHARES.err,
  timeouts: SHARES.tmo,
  oom: SHARES.oom,
  cold_starts: SHARES.cold,
  access: SHARES.acc,
  invocations: 1,
};

/**
 * Whether a count of Poisson mean `mean` has a level within ×3 below 10^−s: where few events are due, one more is a
 * jump of several levels. Judged for the longest window, which attains the most.
 */
function isAttained(mean: number, s: number): boolean {
  for (let k = 1; k < mean + 20 * Math.sqrt(mean) + 30; k++) {
    const surprise = upperSurprise(k, mean, 0);
    if (surprise >= s) return surprise <= s + Math.log10(WITHIN);
  }
  return false;
}

function isAttainable(signal: string, rate: number, s: number): boolean {
  if (signal === 'silence') return rate * Math.LOG10E <= Math.log10(WITHIN);
  if (signal === 'drop') return rate * 240 * Math.LOG10E >= s + 1; // none at all is the rarest drop
  const share = COUNTED[signal];
  return share === undefined || isAttained(Math.max(1e-9, rate * 240 * share), s);
}

/** One row a signal and cell. */
export function verdicts(results: readonly CellResult[]): Row[] {
  const rows: Row[] = [];
  for (const [signal, tail] of Object.entries(TAIL)) {
    for (const result of results) {
      const windows = result.windows.reduce((sum, n) => sum + n, 0);
      const levels = Array.from({ length: DEEPEST }, (_, i) => level(result, signal, tail, i + 1, windows));
      rows.push({ signal, process: result.process, rate: result.rate, windows, levels });
    }
  }
  return rows;
}

function level(result: CellResult, signal: string, tail: number, s: number, windows: number): Level {
  const counts = result.beyond[tail]![s - 1]!;
  const count = counts.reduce((sum, n) => sum + n, 0);
  const expected = windows * 10 ** -s;
  const ratio = count / expected;
  // groups of about equal size: the spread of their counts around what their windows make due
  let squares = 0;
  for (let group = 0; group < GROUPS; group++) {
    squares += (counts[group]! - (count * result.windows[group]!) / windows) ** 2;
  }
  const error = Math.sqrt(Math.max(squares * (GROUPS / (GROUPS - 1)), count, 1)) / expected;
  const attainable = isAttainable(signal, result.rate, s);
  let verdict: Level['verdict'] = 'in';
  if (expected < LEAST_EXPECTED && ratio - 2 * error <= WITHIN) verdict = 'unknown';
  else if (ratio > WITHIN) verdict = 'high';
  else if (ratio < 1 / WITHIN && attainable) verdict = 'low';
  return { s, ratio, error, isAttainable: attainable, verdict };
}

const MARK = { high: '^', low: 'v', in: ' ', unknown: '?' } as const;

/** A row a signal, process and rate; only rows with a level that is off, unless `isAll`. */
export function table(rows: readonly Row[], isAll: boolean): string {
  const lines = [
    'P(score >= s) / 10^-s, ± its standard error; ^ above 3, v below a third, ? too few windows, (…) no such level in so few events',
    `${'signal'.padEnd(12)}${'process'.padEnd(10)}${'calls/min'.padStart(9)}${'windows'.padStart(9)}  ${Array.from({ length: DEEPEST }, (_, i) => `s = ${i + 1}`.padEnd(15)).join('')}`,
  ];
  for (const row of rows) {
    if (!isAll && row.levels.every(({ verdict }) => verdict === 'in' || verdict === 'unknown')) continue;
    const head = `${row.signal.padEnd(12)}${row.process.padEnd(10)}${String(row.rate).padStart(9)}${row.windows.toString().padStart(9)}  `;
    lines.push(head + row.levels.map((one) => cellText(one).padEnd(15)).join(''));
  }
  const judged = rows.flatMap(({ levels }) => levels.filter(({ s, verdict }) => s <= 5 && verdict !== 'unknown'));
  const of = (verdict: string) => judged.filter((one) => one.verdict === verdict).length;
  lines.push(
    `levels to s = 5 that can be judged: ${judged.length}; within ×3: ${of('in')}, above: ${of('high')}, below though attainable: ${of('low')}`,
    '',
  );
  return lines.join('\n');
}

function cellText({ ratio, error, isAttainable: attainable, verdict }: Level): string {
  const text = `${short(ratio)}±${short(error)}${MARK[verdict]}`;
  return attainable ? text : `(${text.trim()})`;
}

const short = (x: number): string => (x >= 10 ? x.toFixed(0) : x >= 1 ? x.toFixed(1) : x.toFixed(2));
