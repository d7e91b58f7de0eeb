import { C } from './cells.ts';
import { decideLate } from './decide.ts';
import { judge } from './early.ts';
import { dropMinute } from './open-windows.ts';
import { EPOCH_MINUTE, P, PAGE, Q } from './page.ts';
import { foldLate } from './ring.ts';
import { minuteRow } from './rows.ts';
import { scoreWindow } from './score-window.ts';
import type { Shard } from './shard.ts';
import { speak } from './speak.ts';
import { sumsOf } from './sums.ts';
import { dropNewer } from './versions/newer.ts';
import { foldVersions } from './versions/observe.ts';

/**
 * Pieces that came after their minute was graded: they correct what is stored (a row of their own that adds up) and what
 * the ring still holds, and may still raise what was missed, dated then. `patch` names the correction: by the last graded
 * minute, which moves between any two of them, where the watermark's minute may not.
 */
export function gradeLate(shard: Shard, watermarkMs: number, patch = shard.graded + EPOCH_MINUTE + 1): void {
  const late = [...shard.cells.minutes.keys()].filter((minute) => minute <= shard.graded).sort((a, b) => a - b);
  for (const minute of late) {
    const slots: [number, number][] = [];
    for (let at = shard.cells.minutes.get(minute)!; at >= 0; at = shard.cells.values[at + C.nextOfMinute]!) {
      slots.push([shard.cells.values[at + C.slot]!, at]);
    }
    slots.sort((a, b) => a[0] - b[0]);
    for (const [slot, at] of slots) gradeLateCell(shard, slot, at, minute, watermarkMs, patch);
    dropMinute(shard, minute);
    dropNewer(shard, minute);
  }
}

function gradeLateCell(
  shard: Shard,
  slot: number,
  at: number,
  minute: number,
  watermarkMs: number,
  patch: number,
): void {
  const page = slot * PAGE;
  const { pages, view } = shard;
  if (shard.options.records) shard.minutes.push(minuteRow(shard, at, slot, patch));
  if (shard.observed[slot] !== 0) foldVersions(shard, slot, minute, at, shard.timeOf(minute).now.hour);
  const sums = sumsOf(shard.cells, at);
  pages[page + P.total] = Math.min(pages[page + P.total]! + sums[Q.n]!, 16_777_216);
  if (minute > pages[page + P.lastSeen]!) {
    pages[page + P.lastSeen] = minute;
    const gap = shard.graded - minute;
    if (gap < pages[page + P.gap]!) {
      pages[page + P.gapExpected] = (pages[page + P.gapExpected]! * gap) / pages[page + P.gap]!;
      pages[page + P.gap] = gap;
    }
  }
  if (!foldLate(pages, page, shard.graded, minute, sums) || pages[page + P.firstSeen]! > shard.graded) {
    judge(shard, slot, at, watermarkMs);
    return;
  }
  view.load(pages, page, shard.timeOf(shard.graded));
  view.sumHorizons();
  const findings = scoreWindow(shard, slot, false).filter((finding) => finding.direction === 'up');
  for (const decision of decideLate(view, findings, shard.options.settings)) speak(shard, slot, decision, watermarkMs);
  if (shard.graded - minute >= 5) judge(shard, slot, at, watermarkMs);
}

/** At the end of an input: windows far ahead of the watermark are stored as they are, ungraded. */
export function storeUngraded(shard: Shard): void {
  for (const at of shard.cells.live()) {
    if (shard.options.records) shard.minutes.push(minuteRow(shard, at, shard.cells.values[at + C.slot]!, 0));
  }
  for (const minute of [...shard.cells.minutes.keys()]) dropMinute(shard, minute);
  for (const minute of [...shard.observations.cells.minutes.keys()]) dropNewer(shard, minute);
}
