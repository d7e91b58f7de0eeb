import type { RecentRow } from '../detectors/recent.ts';
import { cut, harmless, widthOf } from '../infra/table-text.ts';
import { parseFunctionKey } from '../ingest/fragment.ts';
import { InputError } from './io.ts';
import { count, plural, type Style } from './style.ts';

/** One function of `tripline top`. */
export interface TopRow {
  /** provider/account/region/name */
  readonly key: string;
  readonly function: string;
  readonly calls_per_minute: number;
  readonly error_share: number | null;
  readonly p95_ms: number | null;
  readonly dollars_per_hour: number;
  readonly last_seen: string | null;
  readonly open_alerts: number;
}

const ORDERS: Readonly<Record<string, (row: TopRow) => number | string>> = {
  calls: (row) => -row.calls_per_minute,
  errors: (row) => -(row.error_share ?? -1) * 1e9 - row.calls_per_minute,
  p95: (row) => -(row.p95_ms ?? -1),
  cost: (row) => -row.dollars_per_hour,
  alerts: (row) => -row.open_alerts * 1e9 - row.calls_per_minute,
  seen: (row) => (row.last_seen === null ? 0 : -Date.parse(row.last_seen)),
  name: (row) => row.function,
};

export const SORT_KEYS = Object.keys(ORDERS);

/** Rows of all processes in the order asked for; the same order for the same rows. */
export function topRows(rows: readonly RecentRow[], sort: string): TopRow[] {
  const order = ORDERS[sort];
  if (order === undefined) throw new InputError(`--sort ${sort}: one of ${SORT_KEYS.join(', ')}`);
  const compared = (a: number | string, b: number | string) => (a < b ? -1 : a > b ? 1 : 0);
  return rows.map(topRow).sort((a, b) => compared(order(a), order(b)) || compared(a.key, b.key));
}

function topRow(row: RecentRow): TopRow {
  return {
    key: row.fn,
    function: parseFunctionKey(row.fn).name,
    calls_per_minute: row.calls / Math.max(1, row.minutes),
    error_share: row.calls === 0 ? null : row.errors / row.calls,
    p95_ms: row.p95Ms,
    dollars_per_hour: row.dollarsPerHour,
    last_seen: Number.isFinite(row.lastSeenMs) ? new Date(row.lastSeenMs).toISOString() : null,
    open_alerts: row.incidents,
  };
}

interface TopColumn {
  readonly name: string;
  readonly width: number;
  readonly text: (row: TopRow) => string;
}

/** In the order of their worth: on a narrow terminal the last ones go first. */
const COLUMNS: readonly TopColumn[] = [
  { name: 'calls/min', width: 9, text: (row) => rate(row.calls_per_minute) },
  {
    name: 'errors',
    width: 7,
    text: (row) => (row.error_share === null ? '-' : `${(row.error_share * 100).toFixed(1)}%`),
  },
  { name: 'alerts', width: 6, text: (row) => (row.open_alerts === 0 ? '-' : String(row.open_alerts)) },
  { name: 'p95', width: 8, text: (row) => (row.p95_ms === null ? '-' : duration(row.p95_ms)) },
  { name: '$/h', width: 8, text: (row) => money(row.dollars_per_hour) },
  { name: 'last seen', width: 9, text: (row) => row.last_seen?.slice(11, 16) ?? '-' },
];
const LEAST_NAME = 12;
const MOST_NAME = 60;
const GAP = '  ';

export interface Screen {
  readonly width: number;
  /** lines for everything; null = as many as there are */
  readonly height: number | null;
}

/** The table fitted to the screen: a summary, the names of the columns, the first rows. No line is wider than the screen. */
export function topLines(rows: readonly TopRow[], { width, height }: Screen, style: Style): string[] {
  const columns = fitting(width);
  const taken = columns.reduce((sum, column) => sum + column.width + GAP.length, 0);
  const longest = rows.reduce((most, row) => Math.max(most, widthOf(harmless(row.function))), LEAST_NAME);
  const nameWidth = Math.max(1, Math.min(MOST_NAME, longest, width - taken));
  const line = (name: string, cells: readonly string[]) => {
    const shown = cut(name, nameWidth);
    const padded = cells.map((cell, i) => cell.padStart(columns[i]?.width ?? 0));
    return [shown + ' '.repeat(Math.max(0, nameWidth - widthOf(shown))), ...padded].join(GAP);
  };
  const names = columns.map(({ name }) => name);
  const room = height === null ? rows.length : Math.max(0, height - 3);
  return [
    cut(summary(rows), width),
    style(line('function', names), 'dim'),
    ...rows.slice(0, room).map((row) => {
      const text = line(
        harmless(row.function),
        columns.map((column) => column.text(row)),
      );
      return row.open_alerts > 0 ? style(text, 'red') : text;
    }),
    ...(rows.length > room && height !== null
      ? [style(cut(`… ${plural(rows.length - room, 'more function')}`, width), 'dim')]
      : []),
  ];
}

function fitting(width: number): readonly TopColumn[] {
  for (let n = COLUMNS.length; n > 0; n--) {
    const shown = COLUMNS.slice(0, n);
    if (shown.reduce((sum, column) => sum + column.width + GAP.length, LEAST_NAME) <= width) return shown;
  }
  return [];
}

function summary(rows: readonly TopRow[]): string {
  const calls = rows.reduce((sum, row) => sum + row.calls_per_minute, 0);
  const dollars = rows.reduce((sum, row) => sum + row.dollars_per_hour, 0);
  const alerts = rows.reduce((sum, row) => sum + row.open_alerts, 0);
  return `${plural(rows.length, 'function')}, ${rate(calls)} calls/min, $${money(dollars)}/h, ${plural(alerts, 'open alert')}`;
}

const rate = (perMinute: number): string => (perMinute >= 100 ? count(Math.round(perMinute)) : perMinute.toFixed(1));

function duration(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  return ms < 10_000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

function money(dollars: number): string {
  if (dollars === 0) return '0';
  if (dollars < 0.0001) return '<0.0001';
  return dollars < 1 ? dollars.toFixed(4) : dollars < 1000 ? dollars.toFixed(2) : count(Math.round(dollars));
}
