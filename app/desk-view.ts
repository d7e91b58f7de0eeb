import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Desk } from '../alerts/desk.ts';
import type { Closed } from '../alerts/desk-book.ts';
import type { Silence } from '../alerts/desk-commands.ts';
import type { Incident } from '../alerts/desk-incident.ts';

/** An incident as `tripline incidents` shows it. */
export interface IncidentShown {
  readonly id: string;
  readonly status: string;
  readonly severity: string;
  readonly signal: string;
  readonly function: string;
  readonly account: string | null;
  readonly functions: number;
  readonly started_at: string;
  /** when people were told first; null = they were not */
  readonly opened_at: string | null;
  readonly closed_at: string | null;
  readonly usd_per_hour: number | null;
  readonly text: string;
  readonly told: readonly string[];
  readonly silence: string | null;
  readonly acknowledged_by: string | null;
  readonly label: string | null;
}

export interface IncidentsView {
  readonly schema: 1;
  /** event time, ISO 8601; null = nothing was heard yet */
  readonly at: string | null;
  readonly incidents: readonly IncidentShown[];
  /** over, newest first */
  readonly closed: readonly IncidentShown[];
  /** openings that there was no room to follow */
  readonly not_followed: number;
}

export interface SilencesView {
  readonly schema: 1;
  readonly at: string | null;
  readonly silences: readonly (Omit<Silence, 'untilMs'> & { readonly until: string; readonly incidents: number })[];
}

/** Shown at most: a storm has more, and its view is written every second. */
const MOST_SHOWN = 2000;
const MOST_CLOSED = 200;

const iso = (ms: number | null) => (ms === null || !Number.isFinite(ms) ? null : new Date(ms).toISOString());

const shownOf = (it: Incident | Closed): IncidentShown => ({
  id: it.id,
  status: it.status,
  severity: it.event.severity,
  signal: it.event.signal,
  function: it.event.function.name,
  account: it.event.function.account,
  functions: it.event.functions?.length ?? 1,
  started_at: it.event.started_at,
  opened_at: iso(it.openedMs),
  closed_at: iso(it.closedMs),
  usd_per_hour: it.event.impact.usd_per_hour ?? null,
  text: it.event.text,
  told: 'told' in it ? it.told : [],
  silence: 'silence' in it ? it.silence : null,
  acknowledged_by: 'acknowledged' in it ? (it.acknowledged?.by ?? null) : null,
  label: it.label?.value ?? null,
});

export function incidentsView({ book, nowMs, untracked }: Desk): IncidentsView {
  const all = [...book.all()];
  const isOver = ({ status }: Incident) => status === 'resolved' || status === 'expired';
  const over = [...book.closed(), ...all.filter(isOver)].sort((a, b) => (b.closedMs ?? 0) - (a.closedMs ?? 0));
  return {
    schema: 1,
    at: iso(nowMs),
    incidents: all
      .filter((it) => !isOver(it))
      .slice(-MOST_SHOWN)
      .map(shownOf),
    closed: over.slice(0, MOST_CLOSED).map(shownOf),
    not_followed: untracked.opened,
  };
}

export function silencesView({ book, nowMs, silences }: Desk): SilencesView {
  const covered = new Map<string, number>();
  for (const { silence } of book.all()) if (silence !== null) covered.set(silence, (covered.get(silence) ?? 0) + 1);
  return {
    schema: 1,
    at: iso(nowMs),
    silences: silences.map(({ untilMs, ...it }) => ({
      ...it,
      until: new Date(untilMs).toISOString(),
      incidents: covered.get(it.id) ?? 0,
    })),
  };
}

export type DeskViewName = 'incidents' | 'silences';

/** @param state folder of the configuration */
export const deskViewFile = (state: string, name: DeskViewName): string => join(state, 'view', `${name}.json`);

/** Null where no desk has written it yet. */
export function readDeskView<View>(state: string, name: DeskViewName): View | null {
  try {
    return JSON.parse(readFileSync(deskViewFile(state, name), 'utf8')) as View;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
