import { Command } from 'commander';
import type { AlertEvent } from '../../alerts/event.ts';
import { consoleLink } from '../../alerts/message/console-link.ts';
import { queryOf } from '../../alerts/message/query.ts';
import { amount, probability } from '../../alerts/text.ts';
import { type Recomputed, recompute } from '../../detectors/recompute.ts';
import type { StoreReader } from '../../infra/store.ts';
import { harmlessJson } from '../../infra/table-text.ts';
import { functionKey } from '../../ingest/fragment.ts';
import { clickHouseQuery, type Place, placeOf, shell } from '../evidence-queries.ts';
import { InputError, type Io, UsageError } from '../io.ts';
import { DEFAULT_STORE, rowsOf, withStore } from '../store-access.ts';
import { instant, type Style, shown, styleFor } from '../style.ts';

const HELP = `
Shows how an alert came to be: what was observed, what was expected and from how much history, the surprise of each signal,
the rule that let it through, the requests to open first, and queries to look further. The number is computed again from the
stored evidence, with the same arithmetic, and compared.

Example:
  $ tripline explain 117b06d529d74346

Exit codes: 0 done, 1 the store cannot be read, no such alert, or the number does not follow from its evidence, 2 wrong usage.
`;

interface ExplainFlags {
  readonly store: string;
  readonly json?: true;
}

/** The requests of the alert's time that stand out, by what. */
export interface Requests {
  readonly what: string;
  readonly rows: readonly { readonly id: string; readonly value: string }[];
}

/** `tripline explain ALERT_ID`: recomputes the number from the stored evidence and shows every step. */
export function explainCommand(io: Io): Command {
  return new Command('explain')
    .description('show how an alert came to be, step by step, from its stored evidence')
    .argument('<alert-id>', 'the id at the end of an alert; its first characters are enough')
    .option('--store <dir>', 'folder of the embedded database, or the URL of a ClickHouse server', DEFAULT_STORE)
    .option('--json', 'the events and the recomputed score as JSON')
    .addHelpText('after', HELP)
    .action((id: string, flags: ExplainFlags) => explain(id, flags, io));
}

/** @throws {StoreError} @throws {InputError} no such alert, several, or a score that does not follow */
async function explain(id: string, { store, json }: ExplainFlags, io: Io): Promise<void> {
  await withStore(
    store,
    (message) => io.stderr.write(message),
    async (reader) => {
      const events = await eventsOf(reader, id);
      const decisive = decisiveOf(events);
      const again = recomputed(decisive);
      if (json === true) {
        const line = JSON.stringify({ events, recomputed: again?.score ?? null, stored: storedScore(decisive) });
        await io.stdout.write(`${harmlessJson(line)}\n`);
      } else {
        const requests = await requestsOf(reader, decisive);
        const history = await historyOf(reader, decisive);
        const style = styleFor(io.stdout, process.env);
        await io.stdout.write(`${explanation(events, again, requests, history, store, style).join('\n')}\n`);
      }
      if (again !== null && !agrees(again.score, storedScore(decisive))) {
        throw new InputError(
          `the stored score ${storedScore(decisive)} does not follow from its evidence (${again.score})`,
        );
      }
    },
  );
}

async function eventsOf(reader: StoreReader, id: string): Promise<AlertEvent[]> {
  if (!/^[0-9a-f]{4,16}$/.test(id)) throw new UsageError(`an alert id is 4 to 16 of the digits 0-9 a-f: ${shown(id)}`);
  const rows = await rowsOf<{ event_json: string }>(
    reader,
    'SELECT event_json FROM alert_events WHERE startsWith(alert_id, {id:String}) ORDER BY alert_id, version',
    { id },
  );
  const events = rows.map((row) => JSON.parse(row.event_json) as AlertEvent);
  const ids = new Set(events.map((event) => event.alert_id));
  if (ids.size === 0) {
    throw new InputError(
      `no alert ${id} in this store: \`tripline query "SELECT alert_id, text FROM alerts"\` lists them`,
    );
  }
  if (ids.size > 1) throw new InputError(`several alerts begin with ${id}: ${[...ids].slice(0, 5).join(', ')}`);
  return events;
}

/** The event that opened it tells the most; a later one only if that had no number. */
function decisiveOf(events: readonly AlertEvent[]): AlertEvent {
  return events.find(({ evidence }) => evidence.model !== undefined) ?? events[0]!;
}

function storedScore({ evidence, score }: AlertEvent): number {
  return typeof evidence.score_exact === 'number' ? evidence.score_exact : score;
}

function recomputed({ evidence }: AlertEvent): Recomputed | null {
  const observed = evidence.observed_exact;
  return evidence.model === undefined || typeof observed !== 'number' ? null : recompute(evidence.model, observed);
}

function agrees(a: number, b: number): boolean {
  return Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b));
}

const KINDS = [
  { what: 'slowest', column: 'duration_ms', unit: 'ms' },
  { what: 'most expensive', column: 'cost_usd', unit: 'USD' },
  { what: 'most sending', column: 'egress_bytes', unit: 'bytes' },
] as const;

/** From the stored invocations of the alert's time; those its evidence names where none is stored. */
async function requestsOf(reader: StoreReader, event: AlertEvent): Promise<Requests[]> {
  const { from, to } = spanOf(event);
  const out: Requests[] = [];
  for (const { what, column, unit } of KINDS) {
    const rows = await rowsOf<{ id: string; value: number }>(
      reader,
      `SELECT faas_invocation_id AS id, ${column} AS value FROM invocations
       WHERE fn = {fn:String} AND time BETWEEN fromUnixTimestamp64Milli({from:Int64}) AND fromUnixTimestamp64Milli({to:Int64})
         AND ${column} IS NOT NULL ORDER BY ${column} DESC, id LIMIT 3`,
      { fn: functionKey(event.function), from, to },
    );
    if (rows.length > 0)
      out.push({
        what,
        rows: rows.map(({ id, value }) => ({ id, value: `${amount(value, unit)}${unit === 'ms' ? ' ms' : ''}` })),
      });
  }
  if (out.length === 0 && event.evidence.request_ids.length > 0) {
    out.push({
      what: 'named by the alert',
      rows: event.evidence.request_ids.slice(0, 5).map((id) => ({ id, value: '' })),
    });
  }
  return out;
}

function spanOf(event: AlertEvent): { from: number; to: number } {
  return {
    from: Date.parse(event.started_at),
    to: Math.max(Date.parse(event.at), Date.parse(event.started_at) + event.window_ms),
  };
}

/** Invocations by 10 minutes over the three hours around the onset. */
async function historyOf(reader: StoreReader, event: AlertEvent): Promise<number[]> {
  const onset = Math.floor(Date.parse(event.started_at) / TEN_MINUTES) * TEN_MINUTES;
  const rows = await rowsOf<{ step: number; n: number }>(
    reader,
    `SELECT toInt32(intDiv(toUnixTimestamp(minute) * 1000 - {from:Int64}, ${TEN_MINUTES})) AS step, sum(invocations) AS n FROM function_minutes
     WHERE fn = {fn:String} AND minute >= fromUnixTimestamp64Milli({from:Int64}) AND minute < fromUnixTimestamp64Milli({to:Int64})
     GROUP BY step ORDER BY step`,
    { fn: functionKey(event.function), from: onset - 12 * TEN_MINUTES, to: onset + 6 * TEN_MINUTES },
  );
  const history = Array<number>(18).fill(0);
  for (const { step, n } of rows) if (step >= 0 && step < 18) history[step] = Number(n);
  return history;
}

const TEN_MINUTES = 600_000;
const BARS = '▁▂▃▄▅▆▇█';

/** A line of history as text. */
export function sparkline(values: readonly number[]): string {
  const most = Math.max(1, ...values);
  return values.map((value) => BARS[Math.min(BARS.length - 1, Math.floor((value / most) * BARS.length))]).join('');
}

/** What the command prints, line by line. */
export function explanation(
  events: readonly AlertEvent[],
  again: Recomputed | null,
  requests: readonly Requests[],
  history: readonly number[],
  store: string,
  style: Style,
): string[] {
  const event = decisiveOf(events);
  const place: Place = placeOf(event);
  return [
    `${style(event.severity.toUpperCase(), 'bold')}  ${shown(event.function.name)}  ${event.signal}  ${style(event.alert_id, 'dim')}`,
    `  ${shown(event.text)}`,
    '',
    style('What was said', 'bold'),
    ...events.map(
      ({ at, event: what, severity, text }) =>
        `  ${instant(at)}  ${what.padEnd(8)}  ${severity.padEnd(8)}  ${shown(text)}`,
    ),
    '',
    style('From observation to alert', 'bold'),
    ...steps(event, again),
    ...(history.some((n) => n > 0)
      ? [
          '',
          style('Invocations, 10 minutes a step, from 2 hours before the onset', 'bold'),
          `  ${sparkline(history)}  (most: ${amount(Math.max(...history), '')})`,
        ]
      : []),
    ...(requests.length > 0 ? ['', style('Requests to open first', 'bold'), ...requests.flatMap(requestLines)] : []),
    '',
    style('May be a sign of', 'bold'),
    ...event.threats.map((threat) => `  ${shown(threat)}`),
    '',
    ...logsLines(event, style),
    style('Look further: ClickHouse', 'bold'),
    `  npx tripline query ${shell(clickHouseQuery(place, event))} --store ${shell(store)}`,
  ];
}

/** Where the provider shows the logs, and a query to run there. */
function logsLines(event: AlertEvent, style: Style): string[] {
  const query = queryOf(event);
  const link = consoleLink(event);
  return [
    ...(query === null
      ? []
      : [
          style(`Look further: ${query.language}`, 'bold'),
          ...query.text.split('\n').map((line) => `  ${shown(line)}`),
          '',
        ]),
    ...(link === null ? [] : [style('Look further: the log', 'bold'), `  ${shown(link.href)}`, '']),
  ];
}

function requestLines({ what, rows }: Requests): string[] {
  return rows.map(({ id, value }, i) => `  ${(i === 0 ? what : '').padEnd(18)}  ${shown(id)}  ${value}`);
}

function steps(event: AlertEvent, again: Recomputed | null): string[] {
  const { observed, expected, unit, baseline, evidence } = event;
  if (observed === null || expected === null)
    return [
      ...event.why.map((why) => `  ${shown(why)}`),
      '  there is no number behind this alert: it is a fact, not a deviation',
    ];
  const lines = [
    `  1. observed   ${amount(observed, unit)}${unit === 'USD' || unit.startsWith('bytes') ? unit.replace(/^(USD|bytes)/, '') : ` ${unit}`} in ${event.window_ms / 60_000} min, from ${instant(event.started_at)}`,
    `  2. expected   ${amount(expected.mid, unit)}, usually ${amount(expected.low, unit)} to ${amount(expected.high, unit)}`,
    `  3. baseline   ${baseline.windows.toLocaleString('en-US')} one-minute windows of this function's own past; model ${baseline.kind}`,
    ...(again?.steps ?? []).map((step) => `                ${step}`),
  ];
  if (again !== null) {
    const verdict = agrees(again.score, storedScore(event))
      ? 'the same as was stored'
      : `NOT what was stored (${storedScore(event)})`;
    lines.push(`  4. surprise   p = ${probability(again.score)}: score ${again.score.toFixed(6)}, ${verdict}`);
  } else
    lines.push(
      `  4. surprise   score ${event.score.toFixed(3)} (this version has no model ${baseline.kind} to compute it again)`,
    );
  lines.push('  5. signals    in the deciding window:');
  for (const { signal, score, observed: seen, mid, horizon_ms } of evidence.signals ?? []) {
    lines.push(
      `                ${signal.padEnd(12)} score ${score.toFixed(1).padStart(6)}  ${amount(seen, '')} against ${amount(mid, '')} in ${horizon_ms / 60_000} min`,
    );
  }
  lines.push(`  6. rule       ${shown(String(evidence.rule ?? ''))}`);
  return lines;
}
