import type { Finding } from './signals/signal.ts';
import type { RelatedSignal, Severity } from './verdict.ts';

/** What decide() has to say; the shard adds names and evidence. */
export interface Decision {
  readonly event: 'opened' | 'updated' | 'resolved';
  readonly family: number;
  readonly finding: Finding | null;
  readonly signal: Finding['signal'];
  readonly severity: Severity;
  readonly onset: number;
  readonly ended: number | null;
  readonly related: readonly RelatedSignal[];
  readonly usdPerHour: number | null;
  readonly rule: string;
}

/** Severities in the order of their numbers in a page. */
export const LEVELS: readonly Severity[] = ['info', 'warning', 'error', 'critical'];

/** Marks, in `I.signals`, an incident that is learnt all the same: above the bits of signals and families. */
export const HABIT = 1 << 22;

/** The other families' findings that are worth a word beside `except`. */
export function relatedOf(tops: readonly (Finding | null)[], except: Finding | null): RelatedSignal[] {
  const related: RelatedSignal[] = [];
  for (const top of tops) {
    if (top === null || top === except || top.score < 2) continue;
    related.push({ signal: top.signal, score: top.score, observed: top.observed, mid: top.mid, horizon: top.horizon });
  }
  return related;
}
