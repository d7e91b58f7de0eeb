import type { Instruments } from './metric-instruments.ts';

const OUTCOMES = ['ok', 'throttled', 'denied', 'credentials', 'gone', 'token', 'transient', 'refused'] as const;
export type PollOutcome = (typeof OUTCOMES)[number];

export interface PollFigures {
  readonly groups: number;
  readonly busyGroups: number;
  /** how long ago the log group with traffic that is furthest behind was last read, ms */
  readonly lagMs: number;
  /** requests a second that the buckets allow at present */
  readonly rate: number;
  readonly ids: number;
  readonly requestsADay: number;
  readonly bytesADay: number;
  /** how far our clock is ahead of AWS's, ms */
  readonly clockAheadMs: number;
}

export function cloudWatchMetrics(make: Instruments) {
  const requests = make.counter('cloudwatch_requests_total', 'Requests of FilterLogEvents, by outcome.', ['outcome']);
  const empty = make.counter('cloudwatch_empty_pages_total', 'Pages without an event that were not the last.');
  const events = make.counter('cloudwatch_events_total', 'Log events polled, new ones and those seen before.', ['seen']);
  const late = make.counter('cloudwatch_late_events_total', 'New events from before what had been read already.');
  const groups = make.gauge('cloudwatch_groups', 'Log groups polled by this process.');
  const busy = make.gauge('cloudwatch_busy_groups', 'Those of them that are asked at least every ten seconds.');
  const lag = make.gauge('cloudwatch_lag_seconds', 'Time since the busy log group that is furthest behind was read.');
  const rate = make.gauge('cloudwatch_allowed_requests_per_second', 'Requests that are made at most; falls when throttled.');
  const ids = make.gauge('cloudwatch_remembered_ids', 'Ids of log events kept to know them when they come again.');
  const day = make.gauge('cloudwatch_estimated_requests_per_day', 'Requests a day at the traffic of the moment.');
  const bytes = make.gauge('cloudwatch_estimated_bytes_per_day', 'Bytes that answers hold in a day at that traffic.');
  const clock = make.gauge('cloudwatch_clock_ahead_seconds', 'How far the clock here is ahead of that of CloudWatch.');
  return {
    request: (outcome: PollOutcome): void => requests.inc({ outcome }),
    page(page: { readonly isEmpty: boolean; readonly fresh: number; readonly again: number; readonly late: number }) {
      if (page.isEmpty) empty.inc();
      events.inc({ seen: 'no' }, page.fresh);
      events.inc({ seen: 'yes' }, page.again);
      late.inc(page.late);
    },
    figures(now: PollFigures) {
      groups.set(now.groups);
      busy.set(now.busyGroups);
      lag.set(now.lagMs / 1000);
      rate.set(now.rate);
      ids.set(now.ids);
      day.set(now.requestsADay);
      bytes.set(now.bytesADay);
      clock.set(now.clockAheadMs / 1000);
    },
  };
} // biome-ignore format: one instrument a line reads as a table
