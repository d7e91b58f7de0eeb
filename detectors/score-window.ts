import { CELL } from './page.ts';
import { scoreRow } from './rows.ts';
import type { Shard } from './shard.ts';
import { isReturn } from './shift.ts';
import { GUARDRAILS, LEAST_HISTORY, plainAtFirst } from './signals/first-calls.ts';
import { WINDOW_SIGNALS } from './signals/kinds.ts';
import type { Finding } from './signals/signal.ts';

/** Scores below this are not kept. */
export const KEEP_SCORE = 3;
const SIGNALS = Object.entries(WINDOW_SIGNALS);
const FIRST_SIGNALS = Object.entries(GUARDRAILS);
const NOTHING: readonly Finding[] = [];

/** What the signals find in the window that the shard's view shows. */
export function scoreWindow(shard: Shard, slot: number, partial: boolean): readonly Finding[] {
  const { view } = shard;
  const isNew = view.history < LEAST_HISTORY;
  view.raw.fill(0);
  let findings: Finding[] | null = null;
  const isShort = view.parts.longestHorizon < 4;
  if (isShort) view.sums.fill(0, (view.parts.longestHorizon + 1) * CELL);
  const { disabledSignals } = shard.options.settings;
  for (const [name, signal] of isNew ? FIRST_SIGNALS : SIGNALS) {
    if (disabledSignals.length > 0 && disabledSignals.includes(name)) continue;
    const finding = isNew ? plainAtFirst(view, signal(view)) : signal(view);
    if (finding === null || (partial && finding.direction === 'down') || isReturn(view, finding)) continue;
    if (finding.score >= KEEP_SCORE) {
      findings ??= [];
      findings.push(finding);
      if (shard.options.records) shard.scores.push(scoreRow(shard, slot, finding));
    }
  }
  if (isShort) view.sumHorizons();
  return findings ?? NOTHING;
}
