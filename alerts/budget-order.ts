import type { AlertEvent } from './event.ts';
import type { Standing } from './rank.ts';

/** How many pages a week, and whose. */
export interface PagingSettings {
  /** of all functions that no owner has */
  readonly pagesPerWeek: number;
  readonly owners: readonly { readonly name: string; readonly pagesPerWeek: number }[];
  /** whose incident it is; null = nobody's in particular, or several owners' */
  readonly ownerOf: (event: AlertEvent) => string | null;
}

/** Five a week, of whatever function: about what a person on call can bear for long. */
export const DEFAULT_PAGING: PagingSettings = { pagesPerWeek: 5, owners: [], ownerOf: () => null };

/** Whose incident it is, by whose functions it covers: one owner's, else nobody's in particular. */
export function ownerOfEvent(event: AlertEvent, ownerOf: (name: string) => string | null): string | null {
  const names = (event.functions ?? [event.function]).map(({ name }) => name);
  const owner = ownerOf(names[0]!);
  return names.every((name) => ownerOf(name) === owner) ? owner : null;
}

/** An event of a step, with where it stood among them. */
export interface Judged {
  readonly event: AlertEvent;
  readonly standing: Standing;
  readonly position: number;
}

/**
 * The events of one step in the order in which they are judged: by incident, the worst first, of equal ones the first
 * told; the events of one incident as they were told.
 */
export function inOrderOfRank(events: readonly AlertEvent[], standingOf: (event: AlertEvent) => Standing): Judged[] {
  const byIncident = new Map<string, Judged[]>();
  for (const [position, event] of events.entries()) {
    const judged = { event, standing: standingOf(event), position };
    const others = byIncident.get(event.alert_id);
    if (others === undefined) byIncident.set(event.alert_id, [judged]);
    else others.push(judged);
  }
  const worst = (judged: readonly Judged[]) => Math.max(...judged.map(({ standing }) => standing.rank));
  return [...byIncident.values()].sort((a, b) => worst(b) - worst(a)).flat(); // the sort is stable
}
