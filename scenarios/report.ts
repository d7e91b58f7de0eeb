import type { FleetTotals } from './fleet.ts';
import type { Incident } from './labels.ts';
import { MINUTE_MS } from './rhythm.ts';
import type { Finding, Score } from './score.ts';

/** What one fleet gave, by detector. */
export interface SeedResult {
  readonly seed: number;
  readonly totals: FleetTotals;
  readonly scores: Record<string, Score>;
}

/** The figures of several fleets together. Shares are null where nothing counts. */
export interface Summary {
  readonly detector: string;
  readonly fleets: number;
  readonly incidents: number;
  readonly recall: number | null;
  readonly recallGross: number | null;
  readonly recallSubtle: number | null;
  readonly falseAlerts: number;
  readonly falsePer1000FunctionDays: number;
  readonly incidentsPer1000FunctionDays: number;
  /** of alerts that are hits or false, the first hit of an incident only */
  readonly precision: number | null;
  /** of gross incidents, minutes */
  readonly delayMedianMin: number | null;
  readonly delayP95Min: number | null;
  /** by kind and grade: found, of how many */
  readonly byKind: Readonly<Record<string, readonly [number, number]>>;
  readonly holes: readonly [number, number];
}

/** The nearest-rank quantile of any numbers; null for none. */
export function quantile(numbers: readonly number[], share: number): number | null {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
}

function recallOf(findings: readonly Finding[]): number | null {
  return findings.length === 0 ? null : findings.filter(({ alert }) => alert !== null).length / findings.length;
}

function byKind(findings: readonly Finding[]): Record<string, [number, number]> {
  const table: Record<string, [number, number]> = {};
  for (const { incident, alert } of findings) {
    const name = `${incident.kind} ${incident.grade}`;
    const [found, all] = table[name] ?? [0, 0];
    table[name] = [found + (alert === null ? 0 : 1), all + 1];
  }
  return table;
}

export function summarise(detector: string, results: readonly SeedResult[]): Summary {
  const scores = results.flatMap(({ scores: of }) => of[detector] ?? []);
  const findings = scores.flatMap((one) => one.findings);
  const ofGrade = (grade: Incident['grade']) => findings.filter(({ incident }) => incident.grade === grade);
  const days = scores.reduce((sum, { functionDays }) => sum + functionDays, 0);
  const falseAlerts = scores.reduce((sum, one) => sum + one.falseAlerts.length, 0);
  const found = findings.filter(({ alert }) => alert !== null).length;
  const delays = ofGrade('gross').flatMap(({ delayMs }) => (delayMs === null ? [] : [delayMs / MINUTE_MS]));
  return {
    detector,
    fleets: scores.length,
    incidents: findings.length,
    recall: recallOf(findings),
    recallGross: recallOf(ofGrade('gross')),
    recallSubtle: recallOf(ofGrade('subtle')),
    falseAlerts,
    falsePer1000FunctionDays: (1000 * falseAlerts) / days,
    incidentsPer1000FunctionDays: (1000 * findings.length) / days,
    precision: found + falseAlerts === 0 ? null : found / (found + falseAlerts),
    delayMedianMin: quantile(delays, 0.5),
    delayP95Min: quantile(delays, 0.95),
    byKind: byKind(findings),
    holes: [
      scores.reduce((sum, { holesSeen }) => sum + holesSeen, 0),
      scores.reduce((sum, { holes }) => sum + holes, 0),
    ],
  };
}

const number = (value: number | null, digits: number) => (value === null ? '–' : value.toFixed(digits));
const iso = (ms: number) => new Date(ms).toISOString().slice(0, 16);

function head(summaries: readonly Summary[]): string {
  const rows = summaries.map((s) =>
    [
      s.detector.padEnd(18),
      `${number(s.recallGross, 3)} / ${number(s.recallSubtle, 3)}`.padStart(15),
      number(s.recall, 3).padStart(7),
      number(s.falsePer1000FunctionDays, 1).padStart(8),
      `${number(s.delayMedianMin, 1)} / ${number(s.delayP95Min, 1)}`.padStart(14),
      number(s.precision, 2).padStart(10),
      `${s.holes[0]} of ${s.holes[1]}`.padStart(10),
    ].join(' '),
  );
  const title = `${''.padEnd(18)} ${'gross / subtle'.padStart(15)} ${'recall'.padStart(7)} ${'false*'.padStart(8)} ${'delay min**'.padStart(14)} ${'precision'.padStart(10)} ${'holes told'.padStart(10)}`;
  const first = summaries[0];
  const density =
    first === undefined
      ? ''
      : `${first.fleets} fleets, ${first.incidents} incidents that count (${number(first.incidentsPer1000FunctionDays, 1)} per 1,000 function-days)`;
  return `${density}\n\n${title}\n${rows.join('\n')}\n*  per 1,000 function-days, all signals together, after the warm-up\n** gross incidents, median / p95\n`;
}

function kinds(summaries: readonly Summary[]): string {
  const names = [...new Set(summaries.flatMap((s) => Object.keys(s.byKind)))].sort((a, b) => a.localeCompare(b, 'en'));
  const cell = (s: Summary, name: string) => (s.byKind[name] ?? [0, 0]).join('/').padStart(18);
  const title = `${'found / all'.padEnd(28)}${summaries.map((s) => s.detector.padStart(18)).join('')}`;
  return `${title}\n${names.map((name) => name.padEnd(28) + summaries.map((s) => cell(s, name)).join('')).join('\n')}\n`;
}

/** Every miss and every false alert of a detector, for tuning. */
function details(detector: string, results: readonly SeedResult[]): string {
  const lines: string[] = [];
  for (const { seed, scores } of results) {
    const one = scores[detector];
    if (one === undefined) continue;
    for (const { incident, alert } of one.findings) {
      if (alert !== null) continue;
      const { id, grade, functions, onsetMs, endMs, affectedCalls, missingCalls } = incident;
      const length = ((endMs - onsetMs) / MINUTE_MS).toFixed(0);
      lines.push(
        `seed ${seed} missed ${id} ${grade} ${functions.join(',')} ${iso(onsetMs)} ${length} min, ${affectedCalls} affected, ${missingCalls} missing`,
      );
    }
    for (const alert of one.falseAlerts) {
      lines.push(
        `seed ${seed} false  ${alert.at.slice(0, 16)} ${alert.function.name} ${alert.signal} ${alert.severity} ${alert.text ?? ''}`,
      );
    }
  }
  return `${detector}:\n${lines.join('\n')}\n`;
}

/** The tables for a person, and with `json` a last line for a program. */
export function formatReport(results: readonly SeedResult[], options: { verbose: boolean; json: boolean }): string {
  const detectors = [...new Set(results.flatMap(({ scores }) => Object.keys(scores)))];
  const summaries = detectors.map((detector) => summarise(detector, results));
  const parts = [head(summaries), kinds(summaries)];
  if (options.verbose) parts.push(details(detectors[0] ?? '', results));
  if (options.json) parts.push(`${JSON.stringify(Object.fromEntries(summaries.map((s) => [s.detector, s])))}\n`);
  return parts.join('\n');
}
