import type { EngineMinute } from '../detectors/engine.ts';

/** What an engine said at one moment, with its running number, which follows from the partition's data alone. */
export interface PartitionStep extends EngineMinute {
  readonly n: number;
}

/** A step, or a piece of one that is too large for one record: its verdicts, then its pulses, cut anywhere. */
export interface StepPiece extends PartitionStep {
  /** how many verdicts and pulses of the step are in the pieces before this; absent = 0 */
  readonly from?: number;
  /** how many verdicts and pulses the step has in all; absent = it is whole */
  readonly of?: number;
}

/** Steps of one partition that follow each other, and how far its watermark has come with them. */
export interface PartitionSaid {
  readonly partition: number;
  /** which life of the partition's state counts the steps: where the state was lost, another one counts from 1 */
  readonly epoch: string;
  /** number of the last step that belongs before the watermark */
  readonly last: number;
  /** -Infinity: there is more to come before it */
  readonly watermarkMs: number;
  readonly steps: readonly StepPiece[];
}

/** Nothing has been heard of a partition for long: from here on nobody waits for it, until it speaks again. */
export interface PartitionAway {
  readonly away: number;
}

/** A step of which not all pieces were heard. */
type Unfinished = PartitionStep & { readonly of: number };

/** How far one partition was heard. */
export interface Progress {
  epoch: string;
  /** number of the last step heard whole */
  last: number;
  watermarkMs: number;
  /** what was heard of the step after it */
  partial: Unfinished | null;
  /** a step is missing; what lies beyond it is not taken */
  isGap: boolean;
  /** the next step is taken whatever its number: nothing was heard before, or the missing ones were given up */
  isOpen: boolean;
  /** earlier epochs, the newest last: who still speaks in one is a worker whose state is gone */
  replaced: readonly string[];
}

/** Earlier epochs of a partition that are remembered. */
const REPLACED_KEPT = 8;

/** Where a partition is that speaks in `epoch`: a new one counts from 1. null where the epoch is over. */
export function progressIn(epoch: string, before: Progress | undefined): Progress | null {
  if (before?.epoch === epoch) return before;
  if (before?.replaced.includes(epoch)) return null;
  return {
    epoch,
    last: 0,
    watermarkMs: before?.watermarkMs ?? Number.NEGATIVE_INFINITY,
    partial: null,
    isGap: false,
    isOpen: before === undefined,
    replaced: before === undefined ? [] : [...before.replaced, before.epoch].slice(-REPLACED_KEPT),
  };
}

/** The step that is whole with this piece; null = not yet, or the rest of a step whose beginning nobody will say again. */
export function take(progress: Progress, piece: StepPiece): PartitionStep | 'repeated' | 'missing' | null {
  const { n, from = 0, of = sizeOf(piece) } = piece;
  if (n <= progress.last) return 'repeated';
  const { partial } = progress;
  const before = partial?.n === n && partial.of === of ? partial : null;
  const heard = before === null ? 0 : sizeOf(before);
  if (n > progress.last + 1 || from > heard) {
    if (!progress.isOpen) {
      progress.isGap = true;
      return 'missing';
    }
    progress.partial = null;
    progress.last = from > heard ? n : n - 1;
  }
  progress.isGap = false;
  progress.isOpen = false;
  if (n === progress.last) return null;
  if (before !== null && from + sizeOf(piece) <= heard) return 'repeated';
  const step = joined(before, piece, heard - from);
  if (sizeOf(step) < of) {
    progress.partial = { ...step, of };
    return null;
  }
  progress.last = n;
  progress.partial = null;
  return step;
}

/** The watermark counts once all that belongs before it was heard: false where steps are missing. */
export function reach(progress: Progress, last: number, watermarkMs: number): boolean {
  if (last > progress.last) {
    if (!progress.isOpen) {
      progress.isGap = true;
      return false;
    }
    progress.last = last;
    progress.partial = null;
  }
  if (last === progress.last) progress.isOpen = false;
  if (watermarkMs > progress.watermarkMs) progress.watermarkMs = watermarkMs;
  return true;
}

const sizeOf = ({ verdicts, pulses }: Pick<EngineMinute, 'verdicts' | 'pulses'>): number =>
  verdicts.length + pulses.length;

/** `before` and what follows it: the first `known` verdicts and pulses of `piece` are the last of `before`. */
function joined(before: PartitionStep | null, piece: PartitionStep, known: number): PartitionStep {
  const { n, minuteMs, watermarkMs, verdicts, pulses, tested } = piece;
  if (before === null) return { n, minuteMs, watermarkMs, verdicts, pulses, tested };
  return {
    n,
    minuteMs,
    watermarkMs,
    verdicts: [...before.verdicts, ...verdicts.slice(known)],
    pulses: [...before.pulses, ...pulses.slice(Math.max(0, known - verdicts.length))],
    tested,
  };
}
