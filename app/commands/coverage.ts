import { Command } from 'commander';
import type { StoreReader } from '../../infra/store.ts';
import { harmlessJson, TextTable } from '../../infra/table-text.ts';
import { InputError, type Io } from '../io.ts';
import { DEFAULT_STORE, rowsOf, withStore } from '../store-access.ts';
import { terminalWidth } from '../store-output.ts';
import { count, plural } from '../style.ts';

interface CoverageFlags {
  readonly store: string;
  readonly function?: string;
  readonly json?: true;
}

const STATES = ['covered', 'weak', 'blind'] as const;

interface LedgerLine {
  readonly faas_name: string;
  readonly threat: string;
  readonly title: string;
  readonly state: (typeof STATES)[number];
  readonly reason: string;
  readonly fn: string;
}

const HELP = `
For each function and each threat that logs could show: covered, weak (it is watched, but something is missing) or blind,
and the missing field or history that is the reason.

Examples:
  $ tripline coverage --function 'pay-*'
  $ tripline coverage --json | jq 'select(.state == "blind")'

Exit codes: 0 done, 1 the store cannot be read or no function matches, 2 wrong usage.
`;

/** `tripline coverage`: the blind-spot ledger. */
export function coverageCommand(io: Io): Command {
  return new Command('coverage')
    .description('list what can be seen of each function, what cannot, and why')
    .option('--store <dir>', 'folder of the embedded database, or the URL of a ClickHouse server', DEFAULT_STORE)
    .option('--function <pattern>', 'only functions of this name or key; * and ? stand for any text and any character')
    .option('--json', 'one JSON object a line')
    .addHelpText('after', HELP)
    .action((flags: CoverageFlags) => ledger(flags, io));
}

/** @throws {StoreError} @throws {InputError} where no function matches */
async function ledger({ store, json, function: pattern }: CoverageFlags, io: Io): Promise<void> {
  await withStore(
    store,
    (message) => io.stderr.write(message),
    async (reader) => {
      const lines = await read(reader, pattern ?? '*');
      if (lines.length === 0 && pattern !== undefined)
        throw new InputError(`no function matches ${pattern}: tripline functions lists them`);
      const shown =
        json === true ? lines.map((line) => harmlessJson(JSON.stringify(line))) : reportOf(lines, terminalWidth(io));
      await io.stdout.write(shown.map((line) => `${line}\n`).join(''));
    },
  );
}

function read(reader: StoreReader, pattern: string): Promise<LedgerLine[]> {
  return rowsOf<LedgerLine>(
    reader,
    `SELECT * FROM coverage WHERE faas_name LIKE {pattern:String} OR fn LIKE {pattern:String}
      ORDER BY faas_name, fn, toUInt32OrZero(extract(threat, '[0-9]+')), threat`,
    { pattern: likeOf(pattern) },
  );
}

/** A glob as a pattern of LIKE. */
export function likeOf(glob: string): string {
  return glob
    .replace(/[\\%_]/g, '\\$&')
    .replaceAll('*', '%')
    .replaceAll('?', '_');
}

/** What `tripline coverage` prints: the summary, then the ledger. */
export function reportOf(lines: readonly LedgerLine[], width: number | null): string[] {
  if (lines.length === 0) return ['nothing is known yet: fill the store with `tripline replay FILE`'];
  const functions = new Set(lines.map((line) => line.fn)).size;
  const byThreat = grouped(lines, (line) => line.threat);
  const keysOf = grouped(lines, (line) => line.faas_name);
  const isAmbiguous = (name: string) => keysOf.get(name)?.some((line, _, same) => line.fn !== same[0]?.fn) === true;
  const totals = STATES.map((state) => `${count(numberOf(lines, state))} ${state}`).join(', ');
  const summary = new TextTable(
    [
      { name: 'threat', align: 'left' },
      ...STATES.map((name) => ({ name, align: 'right' as const })),
      { name: 'most often because', align: 'left' },
    ],
    width,
  );
  const threats = [...byThreat].sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }));
  const counted = threats.map(([threat, ofIt]) => [
    `${threat} ${ofIt[0]?.title ?? ''}`,
    ...STATES.map((state) => count(numberOf(ofIt, state))),
    commonReason(ofIt),
  ]);
  const all = new TextTable(
    ['function', 'threat', 'state', 'reason'].map((name) => ({ name, align: 'left' as const })),
    width,
  );
  const rows = lines.map((line) => [
    isAmbiguous(line.faas_name) ? line.fn : line.faas_name,
    `${line.threat} ${line.title}`,
    line.state,
    line.reason,
  ]);
  return [
    `${plural(functions, 'function')}, ${plural(byThreat.size, 'threat')} that logs could show: ${totals}`,
    '',
    ...summary.lines(counted),
    '',
    ...all.lines(rows),
  ];
}

function grouped(lines: readonly LedgerLine[], keyOf: (line: LedgerLine) => string): Map<string, LedgerLine[]> {
  const groups = new Map<string, LedgerLine[]>();
  for (const line of lines) {
    const group = groups.get(keyOf(line));
    if (group === undefined) groups.set(keyOf(line), [line]);
    else group.push(line);
  }
  return groups;
}

function numberOf(lines: readonly LedgerLine[], state: LedgerLine['state']): number {
  return lines.filter((line) => line.state === state).length;
}

/** Why functions are not covered, by the reason most of them share. */
function commonReason(lines: readonly LedgerLine[]): string {
  const reasons = new Map<string, number>();
  for (const { state, reason } of lines) if (state !== 'covered') reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  const [most] = [...reasons].sort(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1));
  return most === undefined ? '' : most[0];
}
