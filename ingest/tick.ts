import { F, type FragmentBlock, FragmentKind, NONE, U } from './fragment.ts';

/** Time of a clock, told within the stream. */
export interface Tick {
  /** nothing before it is expected any more, ms */
  readonly timeMs: number;
  /** whose time it is; '' where there is only one clock */
  readonly clock: string;
  /** the clock's last: its source has ended, and nobody waits for it from now on */
  readonly isLast: boolean;
}

/** Writes a tick as row `block.n` and counts it. The block must have room. */
export function addTick(block: FragmentBlock, { timeMs, clock, isLast }: Tick): void {
  const f = block.n * F.stride;
  const u = block.n * U.stride;
  block.f.fill(Number.NaN, f, f + F.stride);
  block.f[f + F.time] = timeMs;
  block.f[f + F.weight] = 1;
  if (isLast) block.f[f + F.a] = 1;
  block.u.fill(0, u, u + U.stride);
  block.u[u + U.kindFlags] = FragmentKind.tick;
  block.u[u + U.text] = block.dictionary.id(clock);
  block.u[u + U.memorySizeKib] = NONE;
  block.u[u + U.memoryUsedKib] = NONE;
  block.n++;
}
