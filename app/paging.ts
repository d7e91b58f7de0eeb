import { ownerOfEvent, type PagingSettings } from '../alerts/budget-order.ts';
import { globPattern } from '../ingest/sources/glob.ts';
import type { Paging } from './config.ts';

/** The page budgets as the configuration gives them: whose a function is, is told by the first pattern that matches. */
export function pagingOf({ pagesPerWeek, owners }: Paging): PagingSettings {
  const patterns = owners.flatMap(({ name, match }) => match.map((glob) => ({ name, pattern: globPattern(glob) })));
  const ownerOf = (fn: string) => patterns.find(({ pattern }) => pattern.test(fn))?.name ?? null;
  return {
    pagesPerWeek,
    owners: owners.map(({ name, pages_per_week }) => ({ name, pagesPerWeek: pages_per_week })),
    ownerOf: (event) => (owners.length === 0 ? null : ownerOfEvent(event, ownerOf)),
  };
}
