import type { Place } from './kafka-context.ts';

export type Task =
  | { readonly kind: 'parse'; readonly file: string }
  | { readonly kind: 'ingest'; readonly file: string; readonly place: Place }
  | { readonly kind: 'memory' | 'raw'; readonly place: Place }
  | { readonly kind: 'worker'; readonly place: Place; readonly filled: string; readonly run: string };

export interface Measured {
  readonly startMs: number;
  readonly endMs: number;
  /** processor time of all threads, from the order to begin to the end */
  readonly cpuMs: number;
  /** fragments, invocations or bytes, whatever the task counts */
  readonly counted: number;
}

/** From a process that was told to begin. */
export type Said =
  | { readonly kind: 'ready' }
  | { readonly kind: 'assigned'; readonly atMs: number }
  | { readonly kind: 'absorbed'; readonly partition: number; readonly offset: number; readonly atMs: number }
  | { readonly kind: 'done'; readonly measured: Measured };

export function say(said: Said): void {
  process.send!(said);
}

export async function timed(work: () => Promise<number>): Promise<Measured> {
  const before = process.cpuUsage();
  const startMs = Date.now();
  const counted = await work();
  const endMs = Date.now();
  const { user, system } = process.cpuUsage(before);
  return { startMs, endMs, cpuMs: (user + system) / 1000, counted };
}
