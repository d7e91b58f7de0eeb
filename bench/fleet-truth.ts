import type { Fleet } from '../scenarios/fleet.ts';
import type { Truth } from '../scenarios/score.ts';

/** What the alerts of a fleet are scored against. Final once the fleet's lines have been read to their end. */
export function truthOf(fleet: Fleet): Truth {
  return {
    labels: fleet.labels,
    holes: fleet.benign.filter(({ kind }) => kind === 'hole'),
    functions: fleet.profiles.length,
    warmMs: fleet.warmMs,
    endMs: fleet.endMs,
  };
}
