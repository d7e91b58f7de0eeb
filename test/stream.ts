import { F, Flag, type FragmentBlock, FragmentKind, FragmentWriter, U } from '../ingest/fragment.ts';

/** Small seeded generator for tests: xorshift32 → [0, 1). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 4294967296;
  };
}

export function poisson(random: () => number, mean: number): number {
  const limit = Math.exp(-mean);
  let product = random();
  let n = 0;
  while (product > limit) {
    product *= random();
    n++;
  }
  return n;
}

export interface TestCall {
  readonly fn?: string;
  readonly timeMs: number;
  readonly id: number;
  readonly durationUs?: number;
  readonly memoryUsedKib?: number;
  readonly flags?: number;
  readonly errorType?: string;
  readonly version?: string;
  readonly bytes?: number;
}

export const START_MS = Date.UTC(2026, 0, 5); // a Monday

/** Builds the blocks that a parser would: calls and ticks in the order given. */
export function createStream(): {
  call(call: TestCall): void;
  tick(timeMs: number): void;
  add(
    kindFlags: number,
    fn: string,
    timeMs: number,
    id: number,
    fill?: (block: FragmentBlock, f: number, u: number) => void,
  ): void;
  blocks(): FragmentBlock[];
} {
  const out: FragmentBlock[] = [];
  const writer = new FragmentWriter((block) => out.push(block));
  const { dictionary } = writer;

  function add(
    kindFlags: number,
    fn: string,
    timeMs: number,
    id: number,
    fill?: (block: FragmentBlock, f: number, u: number) => void,
  ): void {
    const i = writer.add(kindFlags, dictionary.id(`aws/123456789012/-/${fn}`), timeMs);
    const { block } = writer;
    block.u[i * U.stride + U.id3] = id >>> 0;
    block.u[i * U.stride + U.id0] = id === 0 ? 0 : 0xabcd;
    fill?.(block, i * F.stride, i * U.stride);
  }

  return {
    add,
    call({
      fn = 'checkout',
      timeMs,
      id,
      durationUs = 100_000,
      memoryUsedKib = 90_000,
      flags = 0,
      errorType = '',
      version = '7',
      bytes,
    }) {
      add(FragmentKind.report | flags | Flag.fusedStart, fn, timeMs, id, (block, f, u) => {
        block.f[f + F.durationUs] = durationUs;
        block.f[f + F.billedUs] = Math.ceil(durationUs / 1000) * 1000;
        block.u[u + U.memorySizeKib] = 512 * 1024;
        block.u[u + U.memoryUsedKib] = memoryUsedKib;
        block.u[u + U.text] = dictionary.id(errorType);
        block.u[u + U.version] = dictionary.id(version);
      });
      if (bytes === undefined) return;
      add(FragmentKind.insights, fn, timeMs + 1, id, (block, f, u) => {
        block.f[f + F.a] = bytes;
        block.u[u + U.version] = dictionary.id(version);
      });
    },
    tick(timeMs) {
      writer.add(FragmentKind.tick, 0, timeMs);
    },
    blocks() {
      writer.flush();
      return out;
    },
  };
}
