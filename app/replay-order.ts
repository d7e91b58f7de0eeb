import { type ArrivalPlan, planArrivals, TickedBlocks } from '../ingest/arrivals.ts';
import { Fingerprint } from '../ingest/fingerprint.ts';
import type { PageFile } from '../ingest/fragment-log.ts';
import { type FragmentRuns, MergedRuns, SequentialRuns } from '../ingest/order.ts';
import { sortByTime } from '../ingest/sort.ts';
import type { Reading } from './replay-read.ts';

/** More than this share late, and the order of arrival is no order to learn from. */
const LATE_SHARE = 0.01;

/** The fragments of a reading in the order in which they will be taken to have arrived. */
export interface Ordered {
  readonly blocks: TickedBlocks;
  readonly plan: ArrivalPlan;
  /** hash of all fragments in their order of arrival, before any sorting */
  readonly fingerprint: string;
  /** fragments that were late in the order of arrival, if that made us sort; else null */
  readonly sortedBecauseLate: number | null;
  close(): void;
}

/**
 * The order of a file is its order of arrival; several files are merged by time. Where over 1 % of the fragments would
 * come after their minute's grading they are all sorted by time instead.
 * @param startMs watermark to go on from, NaN = none
 */
export function orderArrivals(
  { log, ranges }: Reading,
  startMs: number,
  gradeDelayMs: number,
  openFile: () => PageFile,
): Ordered {
  const arrivals = (): FragmentRuns => {
    const [only] = ranges;
    return ranges.length === 1 && only !== undefined ? new SequentialRuns(log, only) : new MergedRuns(log, ranges);
  };
  const hash = new Fingerprint(log.dictionary);
  const plan = planArrivals(arrivals(), startMs, gradeDelayMs, (block, from, to) => hash.add(block, from, to));
  const fingerprint = hash.digest();
  if (plan.late <= plan.fragments * LATE_SHARE) {
    const blocks = new TickedBlocks(arrivals(), plan, log.dictionary);
    return { blocks, plan, fingerprint, sortedBecauseLate: null, close: () => {} };
  }
  const sorted = sortByTime(log, openFile);
  const sortedPlan = planArrivals(sorted.runs(), startMs, gradeDelayMs);
  const blocks = new TickedBlocks(sorted.runs(), sortedPlan, log.dictionary);
  return { blocks, plan: sortedPlan, fingerprint, sortedBecauseLate: plan.late, close: () => sorted.close() };
}
