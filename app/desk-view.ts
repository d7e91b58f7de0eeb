import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Desk } from '../alerts/desk.ts';
import type { Closed } from '../alerts/desk-book.ts';
import type { Silence } from '../alerts/desk-commands.ts';
import { type Incident, rankOf } from '../alerts/desk-incident.ts';

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
  /** destinations that were told of it alone */
  readonly told: readonly string[];
  /** it is told with others, in the digest of a storm */
  readonly in_digest: boolean;
  readonly silence: string | null;
  readonly acknowledged_by: string | null;
  readonly label: string | null;
}

export interface IncidentsView {
  readonly schema: 1;
  /** event time, ISO 8601; null = nothing was heard yet */
  readonly at: string | null;
  /** open, all of them */
  readonly open: number;
  /** of those, told in the digest of a storm */
  readonly in_digests: number;
  /** the open ones: those told alone, then the worst, each in the order in which they began; not more than 2,000 */
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
  in_digest: 'digests' in it && it.digests.length > 0,
  silence: 'silence' in it ? it.silence : null,
  acknowledged_by: 'acknowledged' in it ? (it.acknowledged?.by ?? null) : null,
  label: it.label?.value ?? null,
});

/** In a storm there are more than can be shown: people look for what they were told of, and for what is worst. */
function mostShown(open: readonly Incident[]): Incident[] {
  const bySeverity = Array.from({ length: rankOf('critical') + 1 }, (): Incident[] => []);
  const alone: Incident[] = [];
  for (const it of open) {
    if (it.told.length > 0 || it.acknowledged !== null) alone.push(it);
    else bySeverity[rankOf(it.event.severity)]!.push(it);
  }
  const shown: Incident[] = [];
  for (const group of [alone, ...bySeverity.reverse()]) {
    const room = MOST_SHOWN - shown.length;
    if (room > 0) shown.push(...group.slice(-room)); // the newest
  }
  return shown;
}

export function incidentsView({ book, nowMs, untracked }: Desk): IncidentsView {
  const all = [...book.all()];
  const isOver = ({ status }: Incident) => status === 'resolved' || status === 'expired';
  const open = all.filter((it) => !isOver(it));
  const over = [...book.closed(), ...all.filter(isOver)].sort((a, b) => (b.closedMs ?? 0) - (a.closedMs ?? 0));
  return {
    schema: 1,
    at: iso(nowMs),
    open: open.length,
    in_digests: open.filter(({ digests }) => digests.length > 0).length,
    incidents: mostShown(open).map(shownOf),
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
