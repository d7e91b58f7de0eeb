import type { FragmentBlock } from '../ingest/fragment.ts';
import { createStream, poisson, START_MS, seeded, type TestCall } from './stream.ts';

const MINUTE_MS = 60_000;

/** A plan for functions that are called at random moments of each minute. */
export interface Plan {
  readonly minutes: number;
  readonly fns?: readonly string[];
  /** mean calls of a function in a minute */
  readonly perMinute: (minute: number, fn: string) => number;
  /** what is special about a call */
  readonly call?: (minute: number, random: () => number, fn: string) => Partial<TestCall>;
  /** what else happens at the start of a minute, before its calls */
  readonly also?: (stream: ReturnType<typeof createStream>, minute: number) => void;
  /** false = no tick at the end of this minute */
  readonly ticks?: (minute: number) => boolean;
  readonly startMs?: number;
  readonly seed?: number;
}

/** Plays a plan: calls in the order of time, ticks every ten seconds. The same plan gives the same blocks. */
export function play(plan: Plan): FragmentBlock[] {
  const { minutes, fns = ['checkout'], startMs = START_MS, ticks = () => true } = plan;
  const stream = createStream();
  const random = seeded(plan.seed ?? 7);
  let id = 0;
  for (let minute = 0; minute < minutes; minute++) {
    plan.also?.(stream, minute);
    const calls = fns.flatMap((fn) =>
      Array.from({ length: poisson(random, plan.perMinute(minute, fn)) }, () => ({
        fn,
        timeMs: startMs + minute * MINUTE_MS + Math.floor(random() * MINUTE_MS),
        durationUs: Math.round(100_000 * 2 ** (random() + random() - 1)),
      })),
    );
    calls.sort((a, b) => a.timeMs - b.timeMs);
    let next = 0;
    for (let part = 1; part <= 6; part++) {
      const untilMs = startMs + minute * MINUTE_MS + part * 10_000;
      for (; next < calls.length && calls[next]!.timeMs < untilMs; next++) {
        const call = calls[next]!;
        stream.call({ ...call, id: ++id, ...plan.call?.(minute, random, call.fn) });
      }
      if (ticks(minute)) stream.tick(untilMs);
    }
  }
  return stream.blocks();
}
