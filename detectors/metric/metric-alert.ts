import type { Statistic } from './layout.ts';
import type { MetricScorer } from './metric-scorer.ts';

/** One alert on a metric: when it was noticed, and why. */
export interface MetricAlert {
  readonly timestampMs: number;
  /** −log10 of a chance */
  readonly surprise: number;
  readonly direction: 'up' | 'down';
  readonly statistic: Statistic;
  /** the value, or the mean of the window of the statistic */
  readonly observed: number;
  readonly expected: number;
  /** how far from what is expected it usually is */
  readonly typical: number;
}

/** Surprise from which on a row is worth a person's time; measured in docs/detection.md. */
export const METRIC_BAR = 5;
/** Alerts within so many ms after one belong to it. */
const QUIET_MS = 3_600_000;

/** Turns the rows of one metric into alerts: one an event, repeats left out. */
export class MetricAlerts {
  readonly #scorer: MetricScorer;
  readonly #bar: number;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(scorer: MetricScorer, bar: number = METRIC_BAR) {
    this.#scorer = scorer;
    this.#bar = bar;
  }

  /** Judges and learns one row; null = nothing to say. */
  push(timestampMs: number, value: number): MetricAlert | null {
    const surprise = this.#scorer.push(timestampMs, value);
    if (surprise < this.#bar) return null;
    const repeats = timestampMs - this.#lastMs <= QUIET_MS;
    this.#lastMs = timestampMs;
    if (repeats) return null;
    const reason = this.#scorer.reason();
    return { timestampMs, surprise, direction: reason.observed < reason.expected ? 'down' : 'up', ...reason };
  }
}
