import type { EngineMinute } from '../detectors/engine.ts';
import type { Pulse } from '../detectors/shard.ts';

/** What an engine said at one moment, with its running number, which follows from the partition's data alone. */
export interface PartitionStep extends EngineMinute {
  readonly n: number;
}

/** Steps of one partition that follow each other, and how far its watermark has come with them. */
export interface PartitionSaid {
  readonly partition: number;
  readonly watermarkMs: number;
  readonly steps: readonly PartitionStep[];
}

export interface MergeState {
  readonly partitions: readonly (readonly [partition: number, last: number, watermarkMs: number])[];
  readonly waiting: readonly (readonly [partition: number, step: PartitionStep])[];
  readonly steppedMs: number | null;
}

interface Group {
  readonly minuteMs: number;
  /** the first watermark at which a partition said it */
  watermarkMs: number;
  readonly parts: (readonly [partition: number, step: PartitionStep])[];
}

interface Progress {
  /** number of the last step heard */
  last: number;
  watermarkMs: number;
}

/**
 * Puts what the engines of all partitions say into the one order that a single engine would have said it in: a minute is
 * handed on once every partition is past it. What it hands on does not depend on how the partitions' messages were
 * interleaved, delayed or repeated. A partition more than `laggardMs` behind the middle one is not waited for: what it
 * says then is handed on when it comes, and depends on when that is. Pure; its state is plain data.
 */
export class FleetMerge {
  readonly #listen: (minute: EngineMinute) => void;
  readonly #laggardMs: number;
  readonly #progress = new Map<number, Progress>();
  readonly #partitions: number;
  readonly #groups = new Map<string, Group>();
  /** steps before this watermark have been handed on */
  #steppedMs = Number.NEGATIVE_INFINITY;
  /** the first watermark heard of anybody: where those stand that have said nothing yet */
  #firstMs = Number.POSITIVE_INFINITY;
  /** heard again: the tail of a worker that was replaced */
  repeated = 0;

  constructor(partitions: number, laggardMs: number, listen: (minute: EngineMinute) => void) {
    this.#partitions = partitions;
    this.#laggardMs = laggardMs;
    this.#listen = listen;
  }

  hear({ partition, watermarkMs, steps }: PartitionSaid): void {
    let progress = this.#progress.get(partition);
    if (progress === undefined) {
      progress = { last: 0, watermarkMs: Number.NEGATIVE_INFINITY };
      this.#progress.set(partition, progress);
    }
    for (const step of steps) {
      if (step.n <= progress.last) {
        this.repeated++;
        continue;
      }
      progress.last = step.n;
      this.#enter(partition, step);
    }
    if (watermarkMs > progress.watermarkMs) progress.watermarkMs = watermarkMs;
    if (watermarkMs < this.#firstMs) this.#firstMs = watermarkMs;
    this.#handOn(this.watermarkMs);
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

  /** What every partition that is waited for has reached; -Infinity before the first word. */
  get watermarkMs(): number {
    const times = this.#times();
    const middle = times[times.length >> 1]!;
    return times.find((timeMs) => timeMs >= middle - this.#laggardMs) ?? Number.NEGATIVE_INFINITY;
  }

  /** Partitions that are not waited for. */
  get laggards(): number {
    const limit = this.watermarkMs;
    return this.#times().filter((timeMs) => timeMs < limit).length;
  }

  /** Steps that wait for slower partitions. */
  get waiting(): number {
    return this.#groups.size;
  }

  #times(): number[] {
    const times: number[] = [];
    for (let partition = 0; partition < this.#partitions; partition++) {
      const timeMs = this.#progress.get(partition)?.watermarkMs;
      times.push(timeMs ?? (Number.isFinite(this.#firstMs) ? this.#firstMs : Number.NEGATIVE_INFINITY));
    }
    return times.sort((a, b) => a - b);
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
    const isLate = watermarkMs < this.#steppedMs;
    if (!isLate) this.#steppedMs = watermarkMs;
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
      partitions: [...this.#progress].map(([partition, { last, watermarkMs }]) => [partition, last, watermarkMs]),
      waiting: [...this.#groups.values()].flatMap(({ parts }) => parts),
      steppedMs: Number.isFinite(this.#steppedMs) ? this.#steppedMs : null,
    };
  }

  restore({ partitions, waiting, steppedMs }: MergeState): void {
    for (const [partition, last, watermarkMs] of partitions) {
      this.#progress.set(partition, { last, watermarkMs });
      if (watermarkMs < this.#firstMs) this.#firstMs = watermarkMs;
    }
    for (const [partition, step] of waiting) this.#enter(partition, step);
    this.#steppedMs = steppedMs ?? Number.NEGATIVE_INFINITY;
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
