import { P, PAGE } from './page.ts';
import { forgetTainted, taint } from './ring.ts';
import type { Expected } from './settings.ts';
import type { Shard } from './shard.ts';
import { FAMILY } from './signals/signal.ts';

/** What the ring holds, minutes. */
const RING_MINUTES = 240;

/** Families that an event explains; what is expected of none is any. Leaked text and lost telemetry are never planned. */
const EXPLAINS: Readonly<Record<Expected, readonly number[]>> = {
  surge: [FAMILY.traffic, FAMILY.latency, FAMILY.data, FAMILY.slow],
  quiet: [FAMILY.silence],
  any: [FAMILY.traffic, FAMILY.latency, FAMILY.failure, FAMILY.data, FAMILY.silence, FAMILY.slow],
};

/** The note of the event that explains a verdict of this family now; null = none does. */
export function plannedNote(shard: Shard, slot: number, minute: number, family: number): string | null {
  if (shard.plans.isEmpty) return null;
  const plan = shard.plans.at(shard.keys[slot]!, minute);
  return plan !== null && EXPLAINS[plan.expect].includes(family) ? plan.note : null;
}

/** Whether a minute belongs to an event, whatever is expected of it: then it is not learnt, nor counts towards a hole. */
export function isPlanned(shard: Shard, slot: number, minute: number): boolean {
  return !shard.plans.isEmpty && shard.plans.at(shard.keys[slot]!, minute) !== null;
}

/**
 * Keeps a planned minute from being learnt; and when an event is over, forgets its windows, which would be news to the
 * minutes after it. Call before the minute is folded into the ring.
 */
export function coverPlanned(shard: Shard, slot: number, minute: number): void {
  if (shard.plans.isEmpty) return;
  const { pages } = shard;
  const page = slot * PAGE;
  const fn = shard.keys[slot]!;
  if (shard.plans.endsAt(fn, minute)) {
    taint(pages, page, minute, minute - RING_MINUTES, minute - 1);
    forgetTainted(pages, page);
    pages[page + P.gap] = 0;
    pages[page + P.gapExpected] = 0;
  }
  if (shard.plans.at(fn, minute) !== null) taint(pages, page, minute, minute, minute);
}
