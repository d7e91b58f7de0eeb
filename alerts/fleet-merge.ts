import type { EngineMinute } from '../detectors/engine.ts';
import type { Pulse } from '../detectors/shard.ts';
import {
  type PartitionAway,
  type PartitionSaid,
  type PartitionStep,
  type Progress,
  progressIn,
  reach,
  type StepPiece,
  take,
} from './fleet-numbers.ts';

export type { PartitionAway, PartitionSaid, PartitionStep, StepPiece } from './fleet-numbers.ts';

export interface MergeState {
  readonly partitions: readonly (readonly [partition: number, progress: Readonly<Progress>])[];
  readonly waiting: readonly (readonly [partition: number, step: PartitionStep])[];
  readonly away: readonly number[];
  readonly steppedMs: number | null;
  readonly minuteMs: number | null;
}

interface Group {
  readonly minuteMs: number;
  /** the first watermark at which a partition said it */
  watermarkMs: number;
  readonly parts: (readonly [partition: number, step: PartitionStep])[];
}

/**
 * Puts what the engines of all partitions say into the one order that a single engine would have said it in: a minute is
 * handed on once every partition is past it. What it hands on does not depend on how the partitions' messages were
 * interleaved, delayed, cut or repeated. A step is taken only after the one before it: where one is missing, the partition
 * stands still until it is said again. Only a partition that was told to be away is not waited for: what it says afterwards is
 * handed on when it comes. Pure; its state is plain data.
 */
export class FleetMerge {
  readonly #listen: (minute: EngineMinute) => void;
  readonly #progress = new Map<number, Progress>();
  readonly #partitions: number;
  readonly #groups = new Map<string, Group>();
  /** steps before this watermark have been handed on */
  #steppedMs = Number.NEGATIVE_INFINITY;
  /** the last minute handed on */
  #minuteMs = Number.NEGATIVE_INFINITY;
  readonly #away = new Set<number>();
  /** heard again: the tail of a worker that was replaced */
  repeated = 0;
  /** messages from beyond a missing step */
  gaps = 0;
  /** messages of epochs that are over */
  stale = 0;

  constructor(partitions: number, listen: (minute: EngineMinute) => void) {
    this.#partitions = partitions;
    this.#listen = listen;
  }

  /** False where nothing of it counts: steps before it are missing, or it comes from an epoch that is over. */
  hear({ partition, epoch, last, watermarkMs, steps }: PartitionSaid): boolean {
    const progress = progressIn(epoch, this.#progress.get(partition));
    if (progress === null) {
      this.stale++;
      return false;
    }
    this.#progress.set(partition, progress);
    let isMissing = false;
    for (const piece of steps) isMissing = !this.#take(partition, progress, piece) || isMissing;
    const isAll = steps.length === 0 || watermarkMs > Number.NEGATIVE_INFINITY;
    if (isAll) isMissing = !reach(progress, last, watermarkMs) || isMissing;
    if (isMissing) this.gaps++;
    if (!progress.isGap) this.#away.delete(partition);
    this.#handOn(this.watermarkMs);
    return !progress.isGap;
  }

  /** Steps that the partition misses are given up with it. */
  leave({ away }: PartitionAway): void {
    this.#away.add(away);
    const progress = this.#progress.get(away);
    if (progress?.isGap) {
      progress.isGap = false;
      progress.isOpen = true;
    }
    this.#handOn(this.watermarkMs);
  }

  /** False where something before it is missing. */
  #take(partition: number, progress: Progress, piece: StepPiece): boolean {
    const taken = take(progress, piece);
    if (taken === 'repeated') this.repeated++;
    else if (taken !== null && taken !== 'missing') this.#enter(partition, taken);
    return taken !== 'missing';
  }

  #enter(partition: number, step: PartitionStep): void {
    const key = Number.isNaN(step.minuteMs) ? `at ${step.watermarkMs}` : `of ${step.minuteMs}`;
    const group = this.#groups.get(key);
    if (group === undefined) {
      const { minuteMs, watermarkMs } = step;
      this.#groups.set(key, { minuteMs, watermarkMs, parts: [[partition, step]] });
      return;
    }
    group.parts.push([partition, step]);
    group.watermarkMs = Math.min(group.watermarkMs, step.watermarkMs);
  }

  /** What every partition that is waited for has reached; -Infinity before all of them have spoken. */
  get watermarkMs(): number {
    let leastMs = Number.POSITIVE_INFINITY;
    for (let partition = 0; partition < this.#partitions; partition++) {
      if (!this.#away.has(partition)) leastMs = Math.min(leastMs, this.reached(partition));
    }
    return leastMs === Number.POSITIVE_INFINITY ? Number.NEGATIVE_INFINITY : leastMs;
  }

  /** Watermark of a partition; -Infinity before its first word. */
  reached(partition: number): number {
    return this.#progress.get(partition)?.watermarkMs ?? Number.NEGATIVE_INFINITY;
  }

  /** Partitions that others wait for. */
  get slowest(): number[] {
    const limit = this.watermarkMs;
    if (this.#groups.size === 0) return [];
    const all = Array.from({ length: this.#partitions }, (_, partition) => partition);
    return all.filter((partition) => !this.#away.has(partition) && this.reached(partition) === limit);
  }

  /** Partitions that miss a step. */
  get stuck(): number[] {
    return [...this.#progress].filter(([, { isGap }]) => isGap).map(([partition]) => partition);
  }

  /** Steps that wait for slower partitions. */
  get waiting(): number {
    return this.#groups.size;
  }

  #handOn(untilMs: number): void {
    if (this.#groups.size === 0) return;
    const ready = [...this.#groups].filter(([, { watermarkMs }]) => watermarkMs <= untilMs);
    ready.sort(([, a], [, b]) => a.watermarkMs - b.watermarkMs || order(a.minuteMs) - order(b.minuteMs));
    for (const [key, group] of ready) {
      this.#groups.delete(key);
      this.#listen(this.#joined(group));
    }
  }

  #joined({ minuteMs, watermarkMs, parts }: Group): EngineMinute {
    const isLate = watermarkMs < this.#steppedMs || minuteMs <= this.#minuteMs;
    if (watermarkMs > this.#steppedMs) this.#steppedMs = watermarkMs;
    if (minuteMs > this.#minuteMs) this.#minuteMs = minuteMs;
    parts.sort(([a, left], [b, right]) => a - b || left.n - right.n);
    return {
      // the pulse of a laggard alone is not that of everybody: it must not look like a hole
      minuteMs: isLate ? Number.NaN : minuteMs,
      watermarkMs: this.#steppedMs,
      verdicts: parts.flatMap(([, { verdicts }]) => verdicts).sort((a, b) => a.atMs - b.atMs),
      pulses: isLate ? [] : summed(parts.flatMap(([, { pulses }]) => pulses)),
      tested: parts.reduce((sum, [, { tested }]) => sum + tested, 0),
    };
  }

  state(): MergeState {
    return {
      partitions: [...this.#progress].map(([partition, progress]) => [partition, { ...progress }]),
      waiting: [...this.#groups.values()].flatMap(({ parts }) => parts),
      away: [...this.#away],
      steppedMs: Number.isFinite(this.#steppedMs) ? this.#steppedMs : null,
      minuteMs: Number.isFinite(this.#minuteMs) ? this.#minuteMs : null,
    };
  }

  restore({ partitions, waiting, away, steppedMs, minuteMs }: MergeState): void {
    for (const [partition, progress] of partitions) this.#progress.set(partition, { ...progress });
    for (const partition of away) this.#away.add(partition);
    for (const [partition, step] of waiting) this.#enter(partition, step);
    this.#steppedMs = steppedMs ?? Number.NEGATIVE_INFINITY;
    this.#minuteMs = minuteMs ?? Number.NEGATIVE_INFINITY;
  }
}

/** What is said between two minutes comes after those that the same tick graded. */
const order = (minuteMs: number): number => (Number.isNaN(minuteMs) ? Number.MAX_VALUE : minuteMs);

function summed(pulses: readonly Pulse[]): Pulse[] {
  const byAccount = new Map<string, Pulse>();
  for (const pulse of pulses) {
    const sum = byAccount.get(pulse.account);
    if (sum === undefined) byAccount.set(pulse.account, { ...pulse });
    else {
      sum.expected += pulse.expected;
      sum.observed += pulse.observed;
      sum.functions += pulse.functions;
    }
  }
  return [...byAccount.values()].sort((a, b) => (a.account < b.account ? -1 : 1));
}
