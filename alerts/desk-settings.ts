import type { Match } from './desk-match.ts';

export interface Route {
  readonly match: Match;
  /** names of destinations */
  readonly to: readonly string[];
  /** true = the routes below are asked, too */
  readonly continue: boolean;
}

/** How people want to be told. Plain data: it is part of the desk's state, and changes by a record of its topic. */
export interface DeskSettings {
  /** names of all destinations */
  readonly destinations: readonly string[];
  /** asked in order; none = everything goes everywhere */
  readonly routes: readonly Route[];
  /** an incident that is not critical must last so long before it is told, ms */
  readonly holdMs: number;
  /** an end is told after so long, and not at all where the same opens again meanwhile, ms */
  readonly flapHoldMs: number;
  /** what opens again so soon after its end is the same incident, ms */
  readonly reopenMs: number;
  /** an incident that nothing is heard of for so long is over, ms */
  readonly expireAfterMs: number;
  /** what is open, and nobody has acknowledged, is told again after so long, ms; 0 = never */
  readonly renotifyAfterMs: number;
  /** more openings in a minute than this are told as one */
  readonly stormAlertsPerMinute: number;
}

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

export const DEFAULT_DESK: DeskSettings = {
  destinations: [],
  routes: [],
  holdMs: 0,
  flapHoldMs: 2 * MINUTE_MS,
  reopenMs: 30 * MINUTE_MS,
  expireAfterMs: 7 * DAY_MS,
  renotifyAfterMs: DAY_MS,
  stormAlertsPerMinute: 20,
};
