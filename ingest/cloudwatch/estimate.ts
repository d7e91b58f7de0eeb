import { PAGE_EVENTS } from './api.ts';
import { DEEP_EVERY_MS, type GroupPoller, type PollSettings } from './group-poller.ts';

const DAY_S = 86_400;
const PAGE_BYTES = 1_000_000;
/** How far back polls of a busy group look, ms, and from which traffic it is one. */
const TAIL_MS = 10_000;
const BUSY_EVENTS = 2000;

/** What polling takes in a day. The requests themselves cost nothing; see docs/cloudwatch.md. */
export interface DayEstimate {
  readonly requests: number;
  readonly bytes: number;
}

/** From the traffic of the moment: polls at their intervals, the pages they read, and the sweeps. About a third right. */
export function estimateDay(
  pollers: Iterable<Pick<GroupPoller, 'intervalMs' | 'traffic'>>,
  { overlapMs, latenessMs }: PollSettings,
): DayEstimate {
  let requests = 0;
  let bytes = 0;
  for (const { intervalMs, traffic } of pollers) {
    const perSecond = traffic.rate;
    const add = (everyMs: number, backMs: number) => {
      const times = (DAY_S * 1000) / everyMs;
      const events = perSecond * ((everyMs + backMs) / 1000);
      const size = events * traffic.bytes;
      requests += times * Math.max(1, events / PAGE_EVENTS, size / PAGE_BYTES);
      bytes += times * size;
    };
    const isBusy = (perSecond * overlapMs) / 1000 > BUSY_EVENTS;
    add(intervalMs, isBusy ? TAIL_MS : overlapMs);
    if (!isBusy) continue;
    add(overlapMs / 2, overlapMs / 2);
    add(DEEP_EVERY_MS, Math.max(latenessMs, overlapMs));
  }
  return { requests: Math.round(requests), bytes: Math.round(bytes) };
}
