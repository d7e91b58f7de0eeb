import type { CoverageRow, FunctionRow } from '../detectors/records.ts';
import { parseFunctionKey } from '../ingest/fragment.ts';
import type { ReplayResult } from './replay.ts';
import { NAME_THE_GROUP, NO_LOG_GROUP } from './replay-rejects.ts';
import { DEFAULT_STORE } from './store-access.ts';
import { bytes, count, plural, type Style, seconds, shown } from './style.ts';
import type { Summary } from './summary.ts';

/** What there was, what was found, what could not be used and what cannot be watched; for a person. */
export function summaryText(result: ReplayResult, style: Style): string {
  const { summary } = result;
  return [
    style(summary.interrupted ? 'Summary so far (interrupted)' : 'Summary', 'bold'),
    ...inputLines(summary),
    ...learningLines(result.functions),
    ...rejectLines(result),
    ...alertLines(summary),
    ...pagesLines(summary),
    ...blindLines(result.coverage, style),
    '',
  ].join('\n');
}

function inputLines(summary: Summary): string[] {
  const { sources, unreadable_sources: bad } = summary;
  const damaged = bad === 0 ? '' : `, ${count(bad)} with problems`;
  return [
    row(
      'read',
      `${plural(sources, 'input')}${damaged}, ${bytes(summary.bytes)} of text in ${seconds(summary.wall_ms)}`,
    ),
    row('invocations', `${count(summary.invocations)} of ${plural(summary.functions, 'function')}`),
    row('set aside', setAside(summary)),
    ...boundLines(summary),
  ];
}

/** What bounds on memory have cost: nothing is said where they were not met. */
function boundLines(summary: Summary): string[] {
  const { evicted, forgotten_events: events, forgotten_attempts: attempts } = summary;
  const { early_rows: rows, ungraded, unsaid } = summary;
  const lines = [
    evicted > 0 &&
      `${plural(evicted, 'function')} forgotten to make room for others, the least used first: more were called than limits.functions allows`,
    events > 0 && `${plural(events, 'event')} forgotten early: a copy of one that came later was counted again`,
    attempts > 0 && `${plural(attempts, 'START or failure', 'STARTs or failures')} not waited for`,
    rows > 0 && `${plural(rows, 'invocation')} stored before all pieces of it could have come`,
    ungraded > 0 && `${plural(ungraded, 'window')} of the future stored without being judged`,
    unsaid > 0 && `${plural(unsaid, 'announcement')} not made: too many of a kind in an hour`,
  ].filter((line) => line !== false);
  return lines.map((line, i) => row(i === 0 ? 'bounds' : '', line));
}

function setAside(summary: Summary): string {
  const late = summary.too_late === 0 ? '' : `, ${count(summary.too_late)} too late to use`;
  const partial = `${count(summary.partial)} incomplete (no REPORT)`;
  return `${plural(summary.duplicates, 'duplicate')}, ${count(summary.late)} late${late}, ${partial}`;
}

/** Shown at most for each list. */
const LISTED = 5;

function learningLines(functions: readonly FunctionRow[]): string[] {
  const learning = functions
    .filter((fn) => fn.learntWindows < fn.warmupWindows)
    .sort((a, b) => b.invocations - a.invocations || (a.fn < b.fn ? -1 : 1));
  if (learning.length === 0) return [];
  const names = learning
    .slice(0, LISTED)
    .map((fn) => `${nameOf(fn.fn)} learnt ${fn.learntWindows} of ${fn.warmupWindows} windows`);
  const more = learning.length > LISTED ? [row('', `and ${count(learning.length - LISTED)} more`)] : [];
  const first = `${plural(learning.length, 'function')} judged by what is usual elsewhere until enough of their own is known:`;
  return [row('learning', first), ...names.map((name) => row('', name)), ...more];
}

function rejectLines({ summary, rejects }: ReplayResult): string[] {
  const reasons = Object.entries(summary.rejects).sort(([, a], [, b]) => b - a);
  if (reasons.length === 0) return [row('rejects', 'none')];
  const total = reasons.reduce((sum, [, n]) => sum + n, 0);
  const examples = reasons.slice(0, LISTED).map(([reason, n]) => {
    const first = rejects.find((reject) => reject.reason === reason);
    const place =
      first === undefined
        ? ''
        : `, first at ${shown(first.origin)} ${first.line === null ? `byte ${first.offset}` : `line ${first.line}`}`;
    return row('', `${count(n)} × ${shown(reason)}${place}`);
  });
  const more = reasons.length > LISTED ? [row('', `and ${plural(reasons.length - LISTED, 'other reason')}`)] : [];
  const hint = NO_LOG_GROUP in summary.rejects ? [row('', NAME_THE_GROUP)] : [];
  return [row('rejects', `${plural(total, 'piece')} of input could not be used:`), ...examples, ...more, ...hint];
}

function alertLines(summary: Summary): string[] {
  const list = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts)
      .sort(([, a], [, b]) => b - a)
      .map(([name, n]) => `${count(n)} ${name}`)
      .join(', ');
  const total = Object.values(summary.alerts).reduce((sum, n) => sum + n, 0);
  if (total === 0) return [row('alerts', 'none')];
  return [
    row('alerts', `${count(total)}: ${list(summary.alerts_by_severity)}`),
    row('', `by signal: ${list(summary.alerts)}`),
  ];
}

/** Of each budget: who was paged how often, and what waits. */
function pagesLines({ pages, alerts }: Summary): string[] {
  if (Object.keys(alerts).length === 0) return [];
  const used = pages.filter(({ owner, paged, held }) => pages.length === 1 || owner !== null || paged + held > 0);
  const lines = used.map(({ owner, pages_per_week: perWeek, paged, paged_in_7_days: spent, held }) => {
    const whose = pages.length === 1 ? '' : `${owner === null ? 'all others' : shown(owner)}: `;
    const before = paged > spent ? ` (${count(paged)} in all)` : '';
    return `${whose}${count(spent)} of ${count(perWeek)} a week${before}; ${count(held)} held for the digest`;
  });
  return lines.map((line, i) => row(i === 0 ? 'pages' : '', line));
}

/** What no look at these logs can show, grouped by threat and reason, the most common first. */
function blindLines(coverage: readonly CoverageRow[], style: Style): string[] {
  const groups = new Map<string, { row: CoverageRow; functions: Set<string> }>();
  for (const line of coverage) {
    if (line.state !== 'blind') continue;
    const key = `${line.threat} ${line.reason}`;
    const group = groups.get(key) ?? { row: line, functions: new Set() };
    group.functions.add(line.fn);
    groups.set(key, group);
  }
  if (groups.size === 0) return [];
  const watched = new Set(coverage.map(({ fn }) => fn)).size;
  const lines = [...groups.values()]
    .sort((a, b) => b.functions.size - a.functions.size || threatNumber(a.row) - threatNumber(b.row))
    .map(({ row: { threat, title, reason }, functions }) => {
      const share =
        functions.size === watched ? 'all functions' : `${count(functions.size)} of ${plural(watched, 'function')}`;
      return `  ${shown(threat)} ${shown(title)}, ${share}: ${shown(reason)}`;
    });
  return [style('Cannot be watched', 'bold'), ...lines];
}

const threatNumber = ({ threat }: CoverageRow): number => Number(threat.slice(1));

const LABEL = 13;

function row(name: string, text: string): string {
  return `  ${name.padEnd(LABEL)}${text}`;
}

function nameOf(key: string): string {
  return shown(parseFunctionKey(key).name);
}

function withoutPassword(store: string): string {
  return store.replace(/^(https?:\/\/[^/:@]*):[^/@]*@/i, '$1@');
}

/** The commands that lead on from here. */
export function nextSteps(result: ReplayResult, store: string | null, style: Style): string {
  if (store === null) return '';
  const where = store === DEFAULT_STORE ? '' : ` --store ${shown(withoutPassword(store))}`;
  const { worst } = result.alerts;
  return [
    style('Try next', 'bold'),
    ...(worst === null ? [] : [`  npx tripline explain ${shown(worst.id)}${where}`]),
    `  npx tripline query "SELECT signal, severity, count() FROM alerts GROUP BY ALL"${where}`,
    `  npx tripline budget${where}`,
    `  npx tripline functions${where}`,
    `  npx tripline coverage${where}`,
    '',
  ].join('\n');
}
