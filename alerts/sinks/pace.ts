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

/** @throws AbortError by the signal */
export type Pace = (signal: AbortSignal) => Promise<void>;

const systemWait: Wait = (ms, signal) => timer(ms, undefined, { signal });

/** Lets callers through no faster than a receiver takes them: waits at most `everyMs` when called one after the other. */
export function paceOf({ everyMs, burst, nowMs, wait = systemWait }: PaceOptions): Pace {
  const depthMs = (burst - 1) * everyMs;
  let dueMs = Number.NEGATIVE_INFINITY; // when the next would be due if there were no bursts
  return async (signal) => {
    signal.throwIfAborted();
    const now = nowMs();
    if (dueMs > now + depthMs + everyMs) dueMs = now; // the clock was set back
    const pauseMs = dueMs - depthMs - now;
    dueMs = Math.max(dueMs, now) + everyMs;
    if (pauseMs > 0) await wait(pauseMs, signal);
  };
}
