import { Q } from '../page.ts';
import { amount, COST_HISTORY } from './amount.ts';
import type { Signal } from './signal.ts';

/** Dollars: calls × duration × memory. Where calls or duration alone explain it, the incident is theirs (see decide.ts). */
export const cost: Signal = (view) =>
  amount(view, {
    signal: 'cost',
    amount: Q.cost,
    count: Q.n,
    history: COST_HISTORY,
    ratio: [4, 3, 2.5, 2.1, 1.9],
    support: 4,
    unit: 'USD',
    scale: 1e-6,
  });
