import { C } from './cells.ts';
import { decideEarly } from './decide.ts';
import { EPOCH_MINUTE, P, PAGE, Q } from './page.ts';
import type { Shard } from './shard.ts';
import { access } from './signals/access.ts';
import { cost } from './signals/cost.ts';
import { egressTotal } from './signals/egress.ts';
import { errors } from './signals/errors.ts';
import { invocations } from './signals/invocations.ts';
import { oom } from './signals/oom.ts';
import type { Finding, Signal } from './signals/signal.ts';
import { timeouts } from './signals/timeouts.ts';
import { speak } from './speak.ts';
import { sumsOf } from './sums.ts';

/** How much an open window must grow before it is worth another look. */
const NEXT_LOOK = 1.3;
const BY_AMOUNT: readonly Signal[] = [invocations, cost, egressTotal];
const BY_SHARE: readonly Signal[] = [errors, timeouts, oom, access];

/**
 * Looks into a window that is not over. Counts, errors, cost and bytes can only grow: what already crosses the bar of a
 * full window is said now, within the window. Does nothing for windows that are graded (late pieces) or far ahead.
 */
export function early(shard: Shard, slot: number, at: number, nowMs: number): void {
  if (!shard.view.parts.early) return;
  const { values } = shard.cells;
  const minute = values[at + C.minute]!;
  const n = values[at + C.n]!;
  const bad = Math.max(values[at + C.err]!, values[at + C.acc]!);
  const grown = n >= values[at + C.nextCheck]!;
  if (grown) values[at + C.nextCheck] = Math.ceil(n * NEXT_LOOK);
  const worse = bad >= values[at + C.nextBad]!;
  if (worse) values[at + C.nextBad] = Math.ceil(bad * NEXT_LOOK) + 1;
  if (!grown && !worse && values[at + C.bytesMax] === 0) return;
  if (!(minute > shard.graded) || minute > shard.graded + 5) return;
  if ((minute + EPOCH_MINUTE) * 60_000 > nowMs + 60_000) return;
  if (shard.pages[slot * PAGE + P.levelMinutes]! < 1) return;
  judge(shard, slot, at, nowMs);
}

/** Grades one window alone, at the bar for single windows: open ones, and late pieces of windows long gone. */
export function judge(shard: Shard, slot: number, at: number, nowMs: number): void {
  const { view } = shard;
  const minute = shard.cells.values[at + C.minute]!;
  view.load(shard.pages, slot * PAGE, shard.timeOf(minute));
  if (!(view.rate > 0)) return;
  view.sums.fill(0);
  view.sums.set(sumsOf(shard.cells, at));
  view.sums[Q.mu] = view.rate;
  const { disabledSignals } = shard.options.settings;
  const findings: Finding[] = [];
  const run = (signals: readonly Signal[]) => {
    for (const signal of signals) {
      const finding = signal(view);
      if (finding !== null && !disabledSignals.includes(finding.signal)) findings.push(finding);
    }
  };
  run(BY_AMOUNT);
  // the calls still to come in this window may all be well: judge failures against a full minute of calls
  view.sums[Q.n] = Math.max(view.sums[Q.n]!, view.rate);
  run(BY_SHARE);
  if (findings.length === 0) return;
  for (const decision of decideEarly(view, findings, shard.options.settings)) speak(shard, slot, decision, nowMs);
}
