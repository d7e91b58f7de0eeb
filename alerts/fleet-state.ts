import type { Verdict } from '../detectors/verdict.ts';
import type { BudgetState } from './budget.ts';
import type { Hole } from './holes.ts';

export interface Held {
  readonly verdict: Verdict;
  readonly untilMs: number;
}

export interface OneShot {
  readonly id: string;
  readonly verdict: Verdict;
  readonly dueMs: number;
}

export interface OpenAlert {
  readonly id: string;
  readonly verdict: Verdict;
  /** id of the group this function's incident is told under, or null */
  readonly group: string | null;
}

export interface Group {
  readonly id: string;
  readonly account: string;
  readonly family: number;
  readonly first: Verdict;
  readonly fns: string[];
  readonly open: Set<string>;
}

/** All that the fleet stage remembers; plain data, so that it can be snapshot as JSON. */
export interface FleetState {
  v: 2;
  holes: Hole[];
  held: Held[];
  open: [string, OpenAlert][];
  groups: { id: string; account: string; family: number; first: Verdict; fns: string[]; open: string[] }[];
  absorbed: string[];
  oneShots: OneShot[];
  budget: BudgetState;
}

/** As version 0.1 left it: without a page budget, which then begins anew. */
export type FleetStateV1 = Omit<FleetState, 'v' | 'budget'> & { v: 1 };
