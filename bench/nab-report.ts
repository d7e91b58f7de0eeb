import type { NabScore } from './nab-score.ts';

interface Totals {
  readonly files: number;
  readonly rows: number;
  readonly badRows: number;
  readonly missing: number;
  readonly scoringMs: number;
}

interface Result extends NabScore {
  readonly crossValidated: number;
}

/** Scores of the benchmark's own table and of result files; `note` = what each was allowed to see. */
const PUBLISHED: readonly (readonly [string, number, number, number, string])[] = [
  ['ARTime', 74.9, 65.1, 80.4, "sees each file's minimum, maximum and length"],
  ['Numenta HTM', 70.5, 62.6, 75.2, "sees each file's minimum and maximum"],
  ['CAD OSE', 69.9, 67.0, 73.2, "sees each file's minimum and maximum"],
  ['CAD OSE, causal range', 59.4, 49.4, 66.6, ''],
  ['earthgecko Skyline', 58.2, 46.2, 63.9, ''],
  ['KNN-CAD', 58.0, 43.4, 64.8, ''],
  ['Random Cut Forest', 51.7, 38.4, 59.7, ''],
  ['Twitter ADVec', 47.1, 33.6, 53.5, ''],
  ['windowed Gaussian', 39.6, 20.9, 47.4, ''],
  ['random', 11.0, 1.2, 19.5, ''],
];

const row = (name: string, scores: readonly number[], note = '') =>
  `${name.padEnd(26)}${scores.map((it) => it.toFixed(1).padStart(10)).join('')}  ${note}`.trimEnd();

/** What `bench:nab` prints. */
export function formatNab(
  totals: Totals,
  results: readonly Result[],
  { unlabelled, missing }: { readonly unlabelled: number; readonly missing: number },
): string {
  const microseconds = totals.rows === 0 ? 0 : (1000 * totals.scoringMs) / totals.rows;
  const bad = `${totals.badRows} bad rows, ${totals.missing} without a value`;
  const lines = [`${totals.files} files, ${totals.rows} rows (${bad}), ${microseconds.toFixed(2)} µs a row`];
  if (results.length === 0) return [...lines, 'no labels: nothing to compare with'].join('\n');
  if (unlabelled > 0) lines.push(`${unlabelled} files have no labels and do not count`);
  if (missing > 0) lines.push(`${missing} labelled files are missing: the score is of the others`);
  lines.push('', `${''.padEnd(26)}${results.map((it) => it.profile.padStart(10)).join('')}`);
  lines.push(
    row(
      'tripline',
      results.map((it) => it.score),
      'no look-ahead; best threshold',
    ),
  );
  lines.push(
    row(
      'tripline, 5-fold',
      results.map((it) => it.crossValidated),
      'threshold of each fold chosen on the others',
    ),
  );
  lines.push(
    '',
    ...PUBLISHED.map(([name, standard, lowFp, lowFn, note]) => row(name, [standard, lowFp, lowFn], note)),
    '',
  );
  for (const { profile, threshold, windowsHit, windows, falseRows } of results) {
    lines.push(
      `${profile}: threshold ${threshold.toFixed(2)}, ${windowsHit} of ${windows} windows, ${falseRows} rows elsewhere`,
    );
  }
  return lines.join('\n');
}
