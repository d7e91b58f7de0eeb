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
  /** of those functions that chose one */
  readonly logGroups: Map<string, string>;
}

export interface GroupState extends Omit<Group, 'open' | 'logGroups'> {
  readonly open: readonly string[];
  /** absent where none has one, and in states of before */
  readonly logGroups?: readonly (readonly [fn: string, logGroup: string])[];
}

export function groupState(group: Group): GroupState {
  const { open, logGroups, ...rest } = group;
  return { ...rest, open: [...open], ...(logGroups.size === 0 ? {} : { logGroups: [...logGroups] }) };
}

export const groupOfState = (state: GroupState): Group => ({
  ...state,
  open: new Set(state.open),
  logGroups: new Map(state.logGroups),
});

/** All that the fleet stage remembers; plain data, so that it can be snapshot as JSON. */
export interface FleetState {
  v: 2;
  holes: Hole[];
  held: Held[];
  open: [string, OpenAlert][];
  groups: GroupState[];
  absorbed: string[];
  oneShots: OneShot[];
  budget: BudgetState;
}

/** As version 0.1 left it: without a page budget, which then begins anew. */
export type FleetStateV1 = Omit<FleetState, 'v' | 'budget'> & { v: 1 };
