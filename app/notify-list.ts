import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { harmlessJson, TextTable } from '../infra/table-text.ts';
import { type DeliveryView, deliveryViewFile } from './delivery-view.ts';
import { InputError, type Io } from './io.ts';
import { terminalWidth } from './store-output.ts';
import { count, instant, plural, shown } from './style.ts';

const SHOWN = 20;
const FILE = /^deliveries-([a-z0-9][a-z0-9-]*)\.json$/;

export interface ListOptions {
  /** folder of the configuration */
  readonly state: string;
  readonly destination: string | undefined;
  readonly isDead: boolean;
  readonly isJson: boolean;
}

/** What the running tripline, or the last one, wrote of its destinations, by name. @throws {InputError} where nothing was */
export function deliveryViews(state: string, destination: string | undefined): DeliveryView[] {
  const names = destination === undefined ? namesIn(state) : [destination];
  const views = names.map((name) => viewOf(state, name)).filter((view) => view !== null);
  if (views.length > 0) return views;
  const what = destination === undefined ? 'no destination' : `no destination ${shown(destination)}`;
  throw new InputError(
    `${what} is known in ${state}: nothing was delivered yet, or it is another folder (state: in the config)`,
  );
}

function namesIn(state: string): string[] {
  try {
    const files = readdirSync(join(state, 'view')).sort();
    return files.flatMap((file) => FILE.exec(file)?.[1] ?? []);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function viewOf(state: string, name: string): DeliveryView | null {
  const file = deliveryViewFile(state, name);
  try {
    const view = JSON.parse(readFileSync(file, 'utf8')) as DeliveryView;
    if (view.schema !== 1) throw new InputError(`${file} is of a newer tripline`);
    return view;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    if (error instanceof SyntaxError) throw new InputError(`${file} cannot be read: ${error.message}`);
    throw error;
  }
}

/** @throws {InputError} */
export async function listDeliveries({ state, destination, isDead, isJson }: ListOptions, io: Io): Promise<void> {
  const views = deliveryViews(state, destination);
  const width = terminalWidth(io);
  const lines = views.flatMap((view) => {
    if (isJson && isDead) return view.dead.map((it) => jsonOf({ destination: view.destination, ...it }));
    if (isJson) return [jsonOf({ ...view, dead: view.dead.length })];
    return [...(isDead ? deadLines(view, width) : viewLines(view, width)), ''];
  });
  await io.stdout.write(lines.map((line) => `${line}\n`).join(''));
}

const jsonOf = (value: object): string => harmlessJson(JSON.stringify(value));

const CONDITIONS: Readonly<Record<DeliveryView['condition'], string>> = {
  working: 'takes notices',
  failing: 'failed just now, and is tried again',
  open: 'fails again and again: notices wait, and it is tried now and then',
  parked: 'takes nothing until somebody changes something: notices wait',
};

const columns = (last: string) => [
  ...['ended', 'notice', 'what'].map((name) => ({ name, align: 'left' as const })),
  ...['tries', 'ms'].map((name) => ({ name, align: 'right' as const })),
  { name: last, align: 'left' as const },
];

function viewLines(view: DeliveryView, width: number | null): string[] {
  const { destination, type, condition, since, why, trying, waiting, recent, dead, forgotten } = view;
  const rows = recent
    .slice(-SHOWN)
    .map((it) => [
      instant(it.ended_at),
      `${it.incident_id}-${it.version}`,
      it.transition,
      count(it.attempts),
      count(it.latency_ms),
      shown(it.text),
    ]);
  return [
    `${destination} (${shown(type)}): ${CONDITIONS[condition]}, since ${instant(since)}`,
    ...(why === null ? [] : [`  why      ${shown(why)}`]),
    ...(trying === null
      ? []
      : [
          `  trying   ${shown(trying.notice ?? 'a notice')} since ${instant(trying.since)}, ${plural(trying.attempts, 'attempt')}`,
        ]),
    ...(view.next_attempt_at === null ? [] : [`  next     ${instant(view.next_attempt_at)}`]),
    `  waiting  ${plural(waiting, 'record')} of the outbox, as of ${instant(view.written_at)}`,
    ...(dead.length === 0
      ? []
      : [`  dead     ${plural(dead.length, 'notice')}: tripline notify list ${destination} --dead`]),
    ...(forgotten === 0 ? [] : [`  ${plural(forgotten, 'incident')} forgotten, for there were too many`]),
    ...(rows.length === 0 ? [] : new TextTable(columns('text'), width).lines(rows)),
  ];
}

function deadLines({ destination, dead }: DeliveryView, width: number | null): string[] {
  if (dead.length === 0) return [`${destination}: nothing was given up`];
  const rows = dead.map((it) => [
    instant(it.ended_at),
    `${it.incident_id}-${it.version}`,
    it.transition,
    count(it.attempts),
    count(it.latency_ms),
    shown(it.why),
  ]);
  return [
    `${destination}: ${plural(dead.length, 'notice')} given up`,
    ...new TextTable(columns('why'), width).lines(rows),
  ];
}
