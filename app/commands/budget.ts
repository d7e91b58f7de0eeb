import { Command } from 'commander';
import type { StoreReader } from '../../infra/store.ts';
import { harmlessJson, TextTable } from '../../infra/table-text.ts';
import type { Io } from '../io.ts';
import { DEFAULT_STORE, rowsOf, withStore } from '../store-access.ts';
import { terminalWidth } from '../store-output.ts';
import { count, instant, plural, shown } from '../style.ts';
import type { PagesSummary } from '../summary.ts';

interface BudgetFlags {
  readonly store: string;
  readonly json?: true;
}

/** One alert above info, as far as it matters who was paged. */
export interface JudgedAlert {
  readonly alert_id: string;
  readonly owner: string | null;
  readonly started_at: string;
  /** null = held for the digest */
  readonly paged_at: string | null;
  readonly severity: string;
  readonly faas_name: string;
  readonly signal: string;
  readonly rank_score: number;
  readonly page_reason: string;
  readonly text: string;
}

const HELP = `
Every alert is an event; the budget (pages_per_week in the config) only decides which of them wake somebody. The others
are listed here for the digest, the highest rank first: rank goes by impact and doubt, see docs/detection.md.

Exit codes: 0 done, 1 the store cannot be read, 2 wrong usage.
`;

/** `tripline budget`: how the page budgets of the current run stand, who was paged, and what waits for the digest. */
export function budgetCommand(io: Io): Command {
  return new Command('budget')
    .description('show how many pages were spent, how many are left, and which alerts wait for the digest')
    .option('--store <dir>', 'folder of the embedded database, or the URL of a ClickHouse server', DEFAULT_STORE)
    .option('--json', 'one JSON object for each budget, its alerts inside')
    .addHelpText('after', HELP)
    .action((flags: BudgetFlags) => budget(flags, io));
}

/** @throws {StoreError} */
async function budget({ store, json }: BudgetFlags, io: Io): Promise<void> {
  await withStore(
    store,
    (message) => io.stderr.write(message),
    async (reader) => {
      const budgets = await budgetsOf(reader);
      const alerts = await rowsOf<JudgedAlert>(reader, JUDGED);
      const lines = json === true ? jsonOf(budgets, alerts) : reportOf(budgets, alerts, terminalWidth(io));
      await io.stdout.write(lines.map((line) => `${line}\n`).join(''));
    },
  );
}

/** The verdict of an alert is that of its newest event; its rank the highest it had. */
const JUDGED = `
  SELECT alert_id, argMax(owner, version) AS owner,
    formatDateTime(min(started_at), '%FT%TZ') AS started_at,
    if(max(page), formatDateTime(minIf(at, page), '%FT%TZ'), NULL) AS paged_at,
    argMax(severity, version) AS severity, argMax(faas_name, version) AS faas_name, argMax(signal, version) AS signal,
    max(JSONExtractFloat(event_json, 'evidence', 'paging', 'rank_score')) AS rank_score,
    argMax(page_reason, version) AS page_reason, argMin(text, version) AS text
  FROM alert_events GROUP BY alert_id HAVING severity != 'info' ORDER BY rank_score DESC, started_at, alert_id`;

/** As the current run left them; none where no run has ended yet, or one before page budgets. */
async function budgetsOf(reader: StoreReader): Promise<readonly PagesSummary[]> {
  const [run] = await rowsOf<{ totals: string }>(reader, 'SELECT totals FROM runs WHERE is_current');
  if (run === undefined || run.totals === '') return [];
  return (JSON.parse(run.totals) as { pages?: readonly PagesSummary[] }).pages ?? [];
}

function jsonOf(budgets: readonly PagesSummary[], alerts: readonly JudgedAlert[]): string[] {
  return budgets.map((it) => {
    const own = alerts.filter(({ owner }) => owner === it.owner);
    const pages = own.filter(({ paged_at }) => paged_at !== null);
    const digest = own.filter(({ paged_at }) => paged_at === null);
    return harmlessJson(JSON.stringify({ ...it, pages, digest }));
  });
}

/** Alerts shown at most in each list. */
const LISTED = 20;

/** What `tripline budget` prints. */
export function reportOf(
  budgets: readonly PagesSummary[],
  alerts: readonly JudgedAlert[],
  width: number | null,
): string[] {
  if (budgets.length === 0) {
    return alerts.length === 0
      ? ['no budget is known yet: fill the store with `tripline replay FILE`']
      : [
          'no budget is known: the run has not ended yet, as a live one (tripline incidents: what is open), or is of an older tripline; replay again',
        ];
  }
  const asOf = budgets[0]!.as_of;
  const paged = alerts.filter(({ paged_at }) => paged_at !== null).sort((a, b) => (a.paged_at! < b.paged_at! ? -1 : 1));
  const held = alerts.filter(({ paged_at }) => paged_at === null);
  return [
    `Page budget${asOf === null ? '' : ` as of ${instant(asOf)}`}`,
    ...standingLines(budgets, width),
    '',
    ...listOf(`Paged: ${plural(paged.length, 'alert')}`, 'paged at (UTC)', ({ paged_at }) => paged_at!, paged, width),
    '',
    ...listOf(`For the digest: ${plural(held.length, 'alert')}`, 'began (UTC)', (it) => it.started_at, held, width),
  ];
}

function standingLines(budgets: readonly PagesSummary[], width: number | null): string[] {
  const table = new TextTable(
    [
      { name: 'of', align: 'left' },
      { name: 'a week', align: 'right' },
      { name: 'spent in 7 days', align: 'right' },
      { name: 'left', align: 'right' },
      { name: 'next page free', align: 'left' },
      { name: 'paged in all', align: 'right' },
      { name: 'held', align: 'right' },
    ],
    width,
  );
  return table.lines(
    budgets.map((it) => [
      it.owner ?? (budgets.length === 1 ? 'all functions' : 'all others'),
      count(it.pages_per_week),
      count(it.paged_in_7_days),
      it.left < 0 ? `${count(-it.left)} overdrawn` : count(it.left),
      it.pages_per_week === 0 ? 'never' : it.next_page_at === null ? 'now' : instant(it.next_page_at),
      count(it.paged),
      count(it.held),
    ]),
  );
}

function listOf(
  title: string,
  time: string,
  timeOf: (alert: JudgedAlert) => string,
  alerts: readonly JudgedAlert[],
  width: number | null,
): string[] {
  if (alerts.length === 0) return [title];
  const table = new TextTable(
    [
      { name: 'alert', align: 'left' },
      { name: time, align: 'left' },
      { name: 'severity', align: 'left' },
      { name: 'function', align: 'left' },
      { name: 'signal', align: 'left' },
      { name: 'why', align: 'left' },
    ],
    width,
  );
  const rows = alerts.slice(0, LISTED).map((it) => [
    it.alert_id,
    timeOf(it).slice(0, 16).replace('T', ' '),
    it.severity,
    it.faas_name,
    it.signal,
    // the title says it, and the column of the time
    shown(it.page_reason).replace(/^held for the digest: |^paged at [^:]+:\d\d UTC: /, ''),
  ]);
  const more = alerts.length > LISTED ? [`and ${count(alerts.length - LISTED)} more: --json lists them`] : [];
  return [title, ...table.lines(rows), ...more];
}
