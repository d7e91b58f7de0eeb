import { isSame, type Lines } from './compare.ts';
import { passed, type Row } from './run.ts';

const HEAD = ['fault', 'injected', 'alerts equal', 'missing', 'twice', 'rows equal', 'rows differing', 'result', 's'];

/** The table, and below it what differs. */
export function tableOf(rows: readonly Row[]): string {
  const cells = [HEAD, ...rows.map(cellsOf)];
  const widths = HEAD.map((_, i) => Math.max(...cells.map((row) => row[i]!.length)));
  const lines = cells.map((row) => `| ${row.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`);
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  return [lines[0], rule, ...lines.slice(1), ''].join('\n');
}

function cellsOf(row: Row): string[] {
  const { name, injected, comparison, seconds } = row;
  const result = passed(row) ? 'pass' : 'FAIL';
  if (comparison === null) return [name, injected, '', '', '', '', '', result, seconds.toFixed(0)];
  const { alerts, tables } = comparison;
  const rowsEqual = tables.reduce((sum, { equal }) => sum + equal, 0);
  const rowsExpected = tables.reduce((sum, { expected }) => sum + expected, 0);
  const differing = tables.filter((lines) => !isSame(lines)).map(differenceOf);
  return [
    name,
    injected,
    `${alerts.equal}/${alerts.expected}`,
    String(alerts.missing),
    String(alerts.twice + alerts.other + alerts.misordered),
    `${rowsEqual}/${rowsExpected}`,
    differing.join(', ') || '0',
    result,
    seconds.toFixed(0),
  ];
}

const differenceOf = ({ name, missing, twice, other }: Lines): string => `${name} -${missing} +${twice + other}`;

/** What is to be known of a row that failed. */
export function failureOf({ name, comparison, failure }: Row, logs: string): string {
  const lines = [`${name}: FAIL; logs and rows: ${logs}`];
  if (failure !== null) lines.push(failure);
  for (const part of comparison === null ? [] : [comparison.alerts, ...comparison.tables]) {
    if (isSame(part)) continue;
    const { expected, equal, missing, twice, other, misordered } = part;
    lines.push(
      `  ${part.name}: ${equal} of ${expected} equal, ${missing} missing, ${twice} twice, ${other} other, ${misordered} out of order`,
      ...part.examples.map((example) => `    ${example}`),
    );
  }
  return lines.join('\n');
}
