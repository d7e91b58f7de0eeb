import { TAIL } from '../calibrate.ts';
import { P, Q } from '../page.ts';
import { type AmountRule, amount, COST_HISTORY } from './amount.ts';
import { costDrivers } from './cost-drivers.ts';
import type { Signal } from './signal.ts';

/** Below this rise of the cost of one call, more cost is more calls: the business of `invocations`, with its guards. */
const LEAST_PER_CALL = 1.4;

const RULE: AmountRule = {
  signal: 'cost',
  tail: TAIL.cost,
  amount: Q.cost,
  count: Q.n,
  history: COST_HISTORY,
  ratio: [4, 3, 2.5, 2.1, 1.9],
  support: 4,
  unit: 'USD',
  scale: 1e-6,
};

/** Dollars: calls × duration × memory. Where calls or duration alone explain it, the incident is theirs (see decide.ts). */
export const cost: Signal = (view) => {
  const found = amount(view, RULE);
  const largest = view.page[view.base + P.cost + 4]! * 1e-6;
  if (found === null || (view.parts.guards && found.horizon <= 3 && found.observed < 1.3 * largest)) return null;
  const calls = view.get(found.horizon, Q.n) / view.expected(found.horizon);
  if (found.ratio < LEAST_PER_CALL * calls) return null;
  return { ...found, drivers: costDrivers(view, found.horizon, calls, found.ratio / calls) };
};
