import { ArrivalClock } from './clock.ts';
import { type Dictionary, F, FragmentBlock, U } from './fragment.ts';
import { copyRows, PAGE } from './fragment-log.ts';
import type { FragmentRuns } from './order.ts';
import { addTick } from './tick.ts';

const MINUTE_MS = 60_000;

/** Where the ticks go in a sequence of fragments, and how many of these come too late for their minute's grading. */
export interface ArrivalPlan {
  readonly fragments: number;
  readonly late: number;
  /** ordinals: tick `i` goes behind that many fragments */
  readonly tickAfter: readonly number[];
  readonly tickMs: readonly number[];
}

/**
 * Hears all fragments in the order of their arrival, as a live source would.
 * @param startMs watermark to go on from, NaN = none
 * @param hear also called with each run, for what else wants to look at every fragment once
 */
export function planArrivals(
  runs: FragmentRuns,
  startMs: number,
  gradeDelayMs: number,
  hear: (block: FragmentBlock, from: number, to: number) => void = () => {},
): ArrivalPlan {
  const clock = new ArrivalClock(startMs);
  const tickAfter: number[] = [];
  const tickMs: number[] = [];
  let fragments = 0;
  let late = 0;
  let gradedMs = clock.watermarkMs - gradeDelayMs; // minutes that end by then have been graded
  while (runs.next()) {
    const { block, from, to } = runs;
    const { f, u } = block;
    hear(block, from, to);
    for (let i = from; i < to; i++) {
      const timeMs = f[i * F.stride + F.time]!;
      if (timeMs < gradedMs && (Math.floor(timeMs / MINUTE_MS) + 1) * MINUTE_MS <= gradedMs) late++;
      if (!clock.observe(u[i * U.stride + U.fn]!, u[i * U.stride + U.id0]!, timeMs)) continue;
      gradedMs = clock.watermarkMs - gradeDelayMs;
      tickAfter.push(fragments + i - from + 1);
      tickMs.push(clock.watermarkMs);
    }
    fragments += to - from;
  }
  return { fragments, late, tickAfter, tickMs };
}

/**
 * Hands out fragments with their ticks between them, in blocks of 4,096. The block is the same each time: whoever gets it
 * must be done with it before the next call.
 */
export class TickedBlocks {
  readonly block: FragmentBlock;
  readonly #runs: FragmentRuns;
  readonly #plan: ArrivalPlan;
  #row = 0; // within the current run, from its start
  #passed = 0; // fragments handed out
  #tick = 0;

  constructor(runs: FragmentRuns, plan: ArrivalPlan, dictionary: Dictionary) {
    this.#runs = runs;
    this.#plan = plan;
    this.block = new FragmentBlock(dictionary, PAGE);
  }

  /** Fills `block`; false when nothing is left. */
  next(): boolean {
    const { block } = this;
    block.n = 0;
    while (block.n < PAGE) {
      if (this.#plan.tickAfter[this.#tick] === this.#passed) {
        this.#addTick(this.#plan.tickMs[this.#tick]!);
        this.#tick++;
        continue;
      }
      if (this.#runs.from + this.#row >= this.#runs.to) {
        if (!this.#runs.next()) break;
        this.#row = 0;
      }
      this.#addRows();
    }
    return block.n > 0;
  }

  /** Copies rows up to the next tick, or the end of the run, or of the block. */
  #addRows(): void {
    const { block } = this;
    const first = this.#runs.from + this.#row;
    const untilTick = (this.#plan.tickAfter[this.#tick] ?? Number.POSITIVE_INFINITY) - this.#passed;
    const count = Math.min(this.#runs.to - first, PAGE - block.n, untilTick);
    copyRows(this.#runs.block, first, count, block, block.n);
    block.n += count;
    this.#row += count;
    this.#passed += count;
  }

  #addTick(timeMs: number): void {
    addTick(this.block, { timeMs, clock: '', isLast: false });
  }
}
