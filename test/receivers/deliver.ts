import type { Notice } from '../../alerts/notice.ts';
import type { Outcome, Sink } from '../../alerts/sinks/sink.ts';

const MOST_ATTEMPTS = 20;

/** Time that passes only when somebody waits. */
export function virtualClock(startMs = Date.UTC(2026, 10, 20, 2, 14, 30)) {
  let now = startMs;
  return {
    nowMs: () => now,
    wait: async (ms: number, signal: AbortSignal): Promise<void> => {
      signal.throwIfAborted();
      now += ms;
    },
  };
}
export type VirtualClock = ReturnType<typeof virtualClock>;

/**
 * Sends notices one by one as the outbox does: again after a pause when that is worth it, with what the sink asked to be
 * remembered. @returns how each ended, `retry` only where it never did
 */
export async function deliver(sink: Sink, notices: readonly Notice[], clock: VirtualClock): Promise<Outcome[]> {
  const { signal } = new AbortController();
  const ended: Outcome[] = [];
  const memories = new Map<string, unknown>();
  for (const notice of notices) {
    let outcome: Outcome | null = null;
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const memory = memories.get(notice.incident_id) ?? null;
      outcome = await sink.send({ notice, memory, isRetry: attempt > 0 }, signal);
      if (outcome.kind !== 'retry') break;
      await clock.wait(Math.max(500, outcome.afterMs), signal);
    }
    if (outcome === null) throw new Error('not tried');
    ended.push(outcome);
    // what is remembered is written down and read again in between
    if (outcome.kind === 'taken' && outcome.memory !== undefined)
      memories.set(notice.incident_id, JSON.parse(JSON.stringify(outcome.memory)));
  }
  return ended;
}
