import { PageBudget } from '../alerts/budget.ts';
import { DEFAULT_PAGING, type PagingSettings } from '../alerts/budget-order.ts';
import type { AlertEvent } from '../alerts/event.ts';

export const DAY_MS = 24 * 3600 * 1000;
export const START_MS = 20_000 * DAY_MS;

export interface Told {
  readonly id: string;
  /** days since the start */
  readonly day: number;
  readonly event?: AlertEvent['event'];
  readonly severity?: AlertEvent['severity'];
  readonly score?: number;
  readonly failed?: number;
  readonly fn?: string;
}

/** One event of failures: `failed` calls an hour, with so much surprise. */
export function told({
  id,
  day,
  event = 'opened',
  severity = 'error',
  score = 20,
  failed = 600,
  fn = 'pay',
}: Told): AlertEvent {
  const at = new Date(START_MS + day * DAY_MS).toISOString();
  return {
    schema: 1,
    event,
    alert_id: id,
    at,
    started_at: at,
    function: { provider: 'aws', account: null, region: null, name: fn, version: null },
    signal: 'errors',
    related_signals: [],
    severity,
    observed: 1,
    expected: { low: 0, mid: 0, high: 0 },
    unit: 'failed invocations',
    score,
    window_ms: 60_000,
    baseline: { windows: 5000, kind: 'negative-binomial' },
    text: 'text',
    why: [],
    threats: [],
    evidence: {
      request_ids: [],
      config_hash: 'hash',
      model: { kind: 'negative-binomial' },
      signals: [{ signal: 'errors', score, observed: 1, mid: 0, horizon_ms: 60_000 }],
    },
    impact: { failed_per_hour: failed },
  };
}

/** A budget that has watched a fleet of some dozen functions for so many days, all of them still. */
export function budgetAfter(days: number, settings: PagingSettings = DEFAULT_PAGING): PageBudget {
  const budget = new PageBudget(settings);
  for (let day = -days; day <= 0; day++) budget.watch(START_MS + day * DAY_MS, 1e6);
  return budget;
}

export const judge = (budget: PageBudget, ...events: readonly Told[]) => budget.judge(events.map(told));
