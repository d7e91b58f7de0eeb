import { setTimeout as timer } from 'node:timers/promises';

export interface PaceOptions {
  /** one in so many ms in the long run */
  readonly everyMs: number;
  /** so many at once after a rest */
  readonly burst: number;
  /** wall clock, ms */
  readonly nowMs: () => number;
  readonly wait?: Wait;
}

/** @throws AbortError by the signal */
export type Wait = (ms: number, signal: AbortSignal) => Promise<void>;

/** A receiver's rate. What is pressing may use the burst; what is not leaves it alone, so that the burst is there then. */
export interface Pace {
  /** Waits until it is let through. @throws AbortError by the signal */
  take(isPressing: boolean, signal: AbortSignal): Promise<void>;
  /** how long `take` would wait now, ms; 0 = not at all */
  pauseMs(isPressing: boolean): number;
}

const systemWait: Wait = (ms, signal) => timer(ms, undefined, { signal });

/** Lets callers through no faster than a receiver takes them: waits at most `everyMs` when called one after the other. */
export function paceOf({ everyMs, burst, nowMs, wait = systemWait }: PaceOptions): Pace {
  const depthMs = (burst - 1) * everyMs;
  let dueMs = Number.NEGATIVE_INFINITY; // when the next would be due if there were no bursts
  function pauseMs(isPressing: boolean): number {
    const now = nowMs();
    if (dueMs > now + depthMs + everyMs) dueMs = now; // the clock was set back
    return Math.max(0, dueMs - (isPressing ? depthMs : 0) - now);
  }
  return {
    pauseMs,
    async take(isPressing, signal) {
      signal.throwIfAborted();
      const pause = pauseMs(isPressing);
      dueMs = Math.max(dueMs, nowMs()) + everyMs;
      if (pause > 0) await wait(pause, signal);
    },
  };
}
