import type { Call } from '../scenarios/call.ts';
import { MINUTE_MS } from '../scenarios/rhythm.ts';
import type { ScoredAlert } from '../scenarios/score.ts';

/** The peer: what one gets from a day's rolling mean and standard deviation on each metric, on perfect minute sums. */
const BASELINE_WINDOWS = 1440;
const FEWEST_WINDOWS = 30;
const QUIET_WINDOWS = 15;
const METRICS = ['invocations', 'duration', 'errors', 'egress'] as const;

interface Minute {
  calls: number;
  durationMs: number;
  errors: number;
  bytes: number;
}

/** Mean and variance of the last 1,440 values, from sums that are exact enough at these sizes. */
class RollingBaseline {
  readonly #ring = new Float64Array(BASELINE_WINDOWS);
  #count = 0;
  #sum = 0;
  #sumOfSquares = 0;

  /** Standard deviations from the mean, 0 where there is no opinion yet. */
  deviation(value: number): number {
    const n = Math.min(this.#count, BASELINE_WINDOWS);
    if (n < FEWEST_WINDOWS) return 0;
    const mean = this.#sum / n;
    const variance = Math.max(0, this.#sumOfSquares / n - mean * mean);
    const gap = Math.abs(value - mean);
    return gap < 1e-9 ? 0 : gap / Math.max(Math.sqrt(variance), 1e-9);
  }

  learn(value: number): void {
    const place = this.#count % BASELINE_WINDOWS;
    const old = this.#count >= BASELINE_WINDOWS ? (this.#ring[place] ?? 0) : 0;
    this.#ring[place] = value;
    this.#sum += value - old;
    this.#sumOfSquares += value * value - old * old;
    this.#count++;
  }
}

function values(minute: Minute | undefined, measured: boolean): (number | null)[] {
  if (minute === undefined || minute.calls === 0) return [0, null, null, null];
  const { calls, durationMs, errors, bytes } = minute;
  return [calls, durationMs / calls, errors / calls, measured ? bytes / calls : null];
}

/** Collects the minute sums of a fleet while it is generated, then runs the peer over them. */
export class ZScorePeer {
  readonly #startMs: number;
  readonly #minutes = new Map<string, Map<number, Minute>>();
  readonly #measured = new Set<string>();

  constructor(startMs: number) {
    this.#startMs = startMs;
  }

  /** One call, by the time it ended. What a hole swallowed the peer does not see either. */
  observe(call: Call, delivered: boolean): void {
    if (!delivered) return;
    const { name, insights } = call.profile;
    let minutes = this.#minutes.get(name);
    if (minutes === undefined) {
      minutes = new Map();
      this.#minutes.set(name, minutes);
      if (insights) this.#measured.add(name);
    }
    const at = Math.floor((call.endMs - this.#startMs) / MINUTE_MS);
    let minute = minutes.get(at);
    if (minute === undefined) {
      minute = { calls: 0, durationMs: 0, errors: 0, bytes: 0 };
      minutes.set(at, minute);
    }
    minute.calls++;
    minute.durationMs += call.durationMs;
    minute.bytes += call.txBytes;
    if (call.failure !== null) minute.errors++;
  }

  /** Alerts of every function: 2 of 3 windows beyond `sigma`, closed after 15 quiet ones. */
  alerts(sigma: number, endMs: number): ScoredAlert[] {
    const last = Math.floor((endMs - this.#startMs) / MINUTE_MS);
    return [...this.#minutes].flatMap(([name, minutes]) => this.#judge(name, minutes, last, sigma));
  }

  #judge(name: string, minutes: ReadonlyMap<number, Minute>, last: number, sigma: number): ScoredAlert[] {
    const baselines = METRICS.map(() => new RollingBaseline());
    const recent = METRICS.map(() => [0, 0, 0]);
    const alerts: ScoredAlert[] = [];
    let quiet = QUIET_WINDOWS;
    for (let at = Math.min(...minutes.keys()); at < last; at++) {
      let firing = -1;
      values(minutes.get(at), this.#measured.has(name)).forEach((value, metric) => {
        if (value === null) return;
        const flags = recent[metric] ?? [];
        flags.shift();
        flags.push((baselines[metric]?.deviation(value) ?? 0) > sigma ? 1 : 0);
        baselines[metric]?.learn(value);
        if (flags.reduce((sum, flag) => sum + flag, 0) >= 2) firing = metric;
      });
      if (firing >= 0 && quiet >= QUIET_WINDOWS)
        alerts.push(this.#alert(name, METRICS[firing] ?? 'invocations', at + 1));
      quiet = firing >= 0 ? 0 : quiet + 1;
    }
    return alerts;
  }

  #alert(name: string, signal: string, at: number): ScoredAlert {
    const atMs = this.#startMs + at * MINUTE_MS;
    return {
      event: 'opened',
      alert_id: `z-${name}-${at}`,
      at: new Date(atMs).toISOString(),
      function: { name },
      signal,
      severity: 'warning',
    };
  }
}
