import type { EngineMinute } from '../detectors/engine.ts';
import type { Pulse } from '../detectors/shard.ts';
import type { Verdict } from '../detectors/verdict.ts';
import type { AlertEvent } from './event.ts';
import { holeEvent } from './say.ts';

const MINUTE_MS = 60_000;
/** A hole: at most this share of the calls that were due, from at least this many functions, */
const HOLE_SHARE = 0.1;
const HOLE_FUNCTIONS = 3;
/** … once this many were due: P(none) is then 10^-6 by `noneDue`, the bar of other signals. A dozen are missing once a day. */
const HOLE_DUE = 30;
/** From here on, 10^-12, it is beyond doubt, and said again: worth a page at night. */
const SURE_DUE = 150;
/** Over-dispersion of the calls of several functions together: quiet minutes are commoner than Poisson's law says. */
const HOLE_PHI = 0.1;

/** -log10 P(no call) of a negative binomial count whose mean is what was due. */
export function noneDue(due: number): number {
  return Math.log10(1 + HOLE_PHI * due) / HOLE_PHI;
}

export interface Hole {
  readonly account: string;
  fromMs: number;
  toMs: number | null;
  due: number;
  announced: boolean;
  /** it was said again when it was beyond doubt; absent in states of 0.1 */
  sure?: boolean;
}

/**
 * Tells a hole in everyone's telemetry from functions that fell silent: by the pulse, the calls due and seen of each
 * account and of all. One alert for a hole; what it explains is not said.
 */
export class Holes {
  readonly #say: (event: AlertEvent) => void;
  readonly #configHash: string;
  #holes: Hole[] = [];

  constructor(configHash: string, say: (event: AlertEvent) => void) {
    this.#configHash = configHash;
    this.#say = say;
  }

  /** Looks at the pulse of one graded minute. */
  watch({ minuteMs, watermarkMs, pulses }: EngineMinute): void {
    for (const pulse of [...pulses, total(pulses)]) {
      let hole = this.#holes.find((known) => known.account === pulse.account && known.toMs === null);
      if (pulse.observed > HOLE_SHARE * pulse.expected || pulse.expected === 0) {
        if (hole === undefined) continue;
        hole.toMs = minuteMs;
        if (hole.announced) this.#say(holeEvent(hole, minuteMs, watermarkMs, 'resolved', this.#configHash));
        else this.#holes.splice(this.#holes.indexOf(hole), 1);
        continue;
      }
      if (hole === undefined) {
        hole = { account: pulse.account, fromMs: minuteMs, toMs: null, due: 0, announced: false };
        this.#holes.push(hole);
      }
      hole.due += pulse.expected;
      if (hole.announced && hole.sure !== true && hole.due >= SURE_DUE) {
        hole.sure = true;
        this.#say(holeEvent(hole, minuteMs, watermarkMs, 'updated', this.#configHash));
      }
      if (
        hole.announced ||
        hole.due < HOLE_DUE ||
        pulse.functions < HOLE_FUNCTIONS ||
        minuteMs - hole.fromMs < MINUTE_MS
      )
        continue;
      if (this.#coveredByWider(hole, pulses.length)) continue;
      hole.announced = true;
      hole.sure = hole.due >= SURE_DUE;
      this.#say(holeEvent(hole, minuteMs, watermarkMs, 'opened', this.#configHash));
    }
    if (this.#holes.length > 64)
      this.#holes = this.#holes.filter((hole) => hole.toMs === null || hole.toMs > minuteMs - 1440 * MINUTE_MS);
  }

  /** An account's hole is not said beside that of the whole source, nor the source's beside that of its only account. */
  #coveredByWider(hole: Hole, accounts: number): boolean {
    if (hole.account === '*') return accounts === 1;
    if (accounts === 1) return false;
    return this.#holes.some(
      (other) => other.account === '*' && other.toMs === null && Math.abs(other.fromMs - hole.fromMs) <= 2 * MINUTE_MS,
    );
  }

  /** Is the time from onset to now mostly a hole in the telemetry of that account? */
  explains(verdict: Verdict, nowMs: number): boolean {
    const account = verdict.fn.split('/', 2).join('/');
    for (const hole of this.#holes) {
      if (hole.account !== '*' && hole.account !== account) continue;
      if (hole.due < HOLE_DUE) continue;
      const from = Math.max(hole.fromMs, verdict.onsetMs);
      const to = Math.min(hole.toMs ?? nowMs, verdict.atMs);
      if (
        to - from >= 0.25 * (verdict.atMs - verdict.onsetMs) ||
        (hole.toMs ?? nowMs) >= verdict.atMs - 5 * MINUTE_MS
      ) {
        if ((hole.toMs ?? nowMs) >= verdict.onsetMs) return true;
      }
    }
    return false;
  }

  state(): Hole[] {
    return this.#holes;
  }

  restore(holes: readonly Hole[]): void {
    this.#holes = [...holes];
  }
}

function total(pulses: readonly Pulse[]): Pulse {
  const sum: Pulse = { account: '*', expected: 0, observed: 0, functions: 0 };
  for (const pulse of pulses) {
    sum.expected += pulse.expected;
    sum.observed += pulse.observed;
    sum.functions += pulse.functions;
  }
  return sum;
}
