import type { Decision } from './decision.ts';
import { P, PAGE } from './page.ts';
import type { GradeTime } from './ring.ts';
import { scoreRow } from './rows.ts';
import type { Shard } from './shard.ts';
import { isShifted } from './shift.ts';
import { FAMILY } from './signals/signal.ts';
import { crept, excessOf, slowFinding } from './signals/slow.ts';
import { renewReferences, S, takeHour } from './slow.ts';
import { QUANTITIES } from './slow-quantities.ts';
import { speak } from './speak.ts';

/** Said for a week, and then the new level. */
const ACCEPT_AFTER_HOURS = 168;
/** `open` holds 1 + the quantity, and in steps of this the hours it has been open. */
const HOUR = 8;
/** It is over when less than this part of the floor is left. */
const OVER_BELOW = 0.5;

/**
 * What the slow clock has to say at a full hour: opens an incident of its own family, which covers nothing (the baseline
 * has long followed what grew), stays while the level is up, and is the new level after a week.
 */
export function followSlow(shard: Shard, slot: number, time: GradeTime, watermarkMs: number): void {
  const { pages } = shard;
  const open = slot * PAGE + P.slow + S.open;
  const isTaken = !isShifted(pages, slot * PAGE) && takeHour(pages, slot * PAGE, time);
  if (pages[open] === 0) {
    if (isTaken) begin(shard, slot, watermarkMs);
    return;
  }
  pages[open] = pages[open]! + HOUR;
  if (excessOf(shard.view, (pages[open]! % HOUR) - 1) < OVER_BELOW) {
    endSlow(shard, slot, 'near the level of the weeks before again', watermarkMs);
  } else if (pages[open]! >= HOUR * ACCEPT_AFTER_HOURS) {
    renewReferences(pages, slot * PAGE);
    endSlow(shard, slot, 'the new level: it has lasted a week and is the measure from now on', watermarkMs);
  }
}

function begin(shard: Shard, slot: number, watermarkMs: number): void {
  const { view, pages, options } = shard;
  const index = crept(view);
  if (index < 0 || options.settings.disabledSignals.includes(QUANTITIES[index]!.signal)) return;
  view.sumHorizons();
  const finding = slowFinding(view, index);
  if (options.records) shard.scores.push(scoreRow(shard, slot, finding));
  if (finding.score < options.settings.bar) return;
  const at = slot * PAGE + P.slow;
  pages[at + S.open] = 1 + index;
  const onset = pages[at + S.since]!;
  const rule = `the hours since then are beyond the slack of the slow clock (score ${finding.score.toFixed(1)})`;
  say(shard, slot, { event: 'opened', finding, signal: finding.signal, onset, ended: null, rule }, watermarkMs);
}

/** Ends what is open, if anything is. */
export function endSlow(shard: Shard, slot: number, rule: string, watermarkMs: number): void {
  const { view, pages } = shard;
  const at = slot * PAGE + P.slow;
  const open = pages[at + S.open]!;
  if (open === 0) return;
  pages[at + S.open] = 0;
  const { signal } = QUANTITIES[(open % HOUR) - 1]!;
  const onset = pages[at + S.since]!;
  say(shard, slot, { event: 'resolved', finding: null, signal, onset, ended: view.minute, rule }, watermarkMs);
}

type Said = Pick<Decision, 'event' | 'finding' | 'signal' | 'onset' | 'ended' | 'rule'>;

function say(shard: Shard, slot: number, said: Said, watermarkMs: number): void {
  speak(shard, slot, { ...said, family: FAMILY.slow, severity: 'warning', related: [], usdPerHour: null }, watermarkMs);
}
