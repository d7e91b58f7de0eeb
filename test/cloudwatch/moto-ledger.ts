import { openLocalTopics } from '../../infra/topics-local.ts';
import { decodeFragments } from '../../infra/wire.ts';
import { F, type FragmentBlock, FragmentKind, U } from '../../ingest/fragment.ts';
import { playBlocks } from '../pipeline.ts';
import type { Written } from './moto-fleet.ts';

const MINUTE_MS = 60_000;
const EXAMPLES = 20;
/** Where nothing comes for so long there is nothing, ms: a life may end before it has said anything. */
const READ_MS = 10_000;

/** How what was written compares with what was taken and with what was counted. All but the first four have to be 0. */
export interface Balance {
  readonly written: number;
  /** events that are on the bus */
  readonly taken: number;
  /** on the bus again, from the last kept position on, after a kill: dropped by the shards */
  readonly repeated: number;
  /** invocations that the shards counted */
  readonly counted: number;
  readonly missing: number;
  /** on the bus twice by one and the same process */
  readonly twice: number;
  /** on the bus, but never written, or of another function or time */
  readonly other: number;
  /** minutes of functions for which they counted another number than was written */
  readonly wrongMinutes: number;
  /** some of what is not right, for people */
  readonly examples: readonly string[];
}

export const isBalanced = ({ written, taken, counted, missing, twice, other, wrongMinutes }: Balance): boolean =>
  written === taken && written === counted && missing + twice + other + wrongMinutes === 0;

/** Reads what each life of a poller has put on its local bus; nobody else may have it open meanwhile. */
export class MotoLedger {
  readonly #dir: string;
  readonly #lives: FragmentBlock[][] = [];
  #offset = 0;

  /** @param dir of the local bus, which has to keep everything */
  constructor(dir: string) {
    this.#dir = dir;
  }

  /** A life has ended: what is on the bus now and was not there before is its. */
  async endLife(): Promise<void> {
    const topics = await openLocalTopics({ dir: this.#dir, keepBytes: Number.MAX_SAFE_INTEGER });
    const blocks: FragmentBlock[] = [];
    this.#lives.push(blocks);
    try {
      const signal = AbortSignal.timeout(READ_MS);
      const startAt = () => this.#offset;
      for await (const { records, nextOffset, endOffset } of topics.fragments.subscribe('ledger', {
        signal,
        startAt,
      })) {
        for (const record of records) blocks.push(decodeFragments(record));
        this.#offset = nextOffset;
        if (nextOffset >= endOffset) break;
      }
    } finally {
      await topics.close();
    }
  }

  /** What is on the bus by the ends of lives so far, by the number in its request id. */
  get taken(): Set<number> {
    return new Set(this.#lives.flat().flatMap((block) => [...reportsOf(block)].map(({ n }) => n)));
  }

  balance(written: readonly Written[]): Balance {
    const times = new Uint32Array(written.length);
    let twice = 0;
    let other = 0;
    let repeated = 0;
    const examples: string[] = [];
    const show = (what: string, n: number, fn: string, timeMs: number, life: number) => {
      const text = `${what}: ${n} of ${fn} at ${new Date(timeMs).toISOString()}, life ${life}`;
      if (examples.length < EXAMPLES) examples.push(text);
    };
    for (const [life, blocks] of this.#lives.entries()) {
      const inThisLife = new Set<number>();
      for (const { fn, n, timeMs } of blocks.flatMap((block) => [...reportsOf(block)])) {
        const event = written[n];
        if (event === undefined || event.fn !== fn || event.timestampMs !== timeMs) {
          other++;
          show('other', n, fn, timeMs, life);
          continue;
        }
        if (inThisLife.has(n)) {
          twice++;
          show('twice', n, fn, timeMs, life);
        } else if (times[n]! > 0) repeated++;
        inThisLife.add(n);
        times[n]!++;
      }
    }
    for (const [n, { fn, timestampMs }] of written.entries())
      if (times[n] === 0) show('missing', n, fn, timestampMs, this.#lives.length);
    const taken = times.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0);
    return {
      written: written.length,
      taken,
      repeated,
      missing: written.length - taken,
      twice,
      other,
      examples,
      ...this.#count(written),
    };
  }

  /** What the shards make of the whole bus. */
  #count(written: readonly Written[]): { counted: number; wrongMinutes: number } {
    const { minutes, totals } = playBlocks(this.#lives.flat());
    const wrongMinutes = wrongMinutesOf(written, minutes);
    return { counted: totals.invocations, wrongMinutes };
  }
}

/** Calls of one function in one minute, or in a part of it. */
export interface MinuteCount {
  readonly fn: string;
  readonly minuteMs: number;
  readonly invocations: number;
}

/** How many minutes of functions have another count than what was written. */
export function wrongMinutesOf(written: readonly Written[], minutes: Iterable<MinuteCount>): number {
  const left = new Map<string, number>();
  const add = (fn: string, timeMs: number, count: number) => {
    const key = `${fn} ${Math.floor(timeMs / MINUTE_MS)}`;
    left.set(key, (left.get(key) ?? 0) + count);
  };
  for (const { fn, timestampMs } of written) add(fn, timestampMs, 1);
  for (const { fn, minuteMs, invocations } of minutes) add(fn, minuteMs, -invocations);
  return [...left.values()].filter((count) => count !== 0).length;
}

function* reportsOf({ u, f, n, dictionary }: FragmentBlock): Generator<{ fn: string; n: number; timeMs: number }> {
  for (let i = 0; i < n; i++) {
    if ((u[i * U.stride]! & 0xff) === FragmentKind.tick) continue;
    const fn = dictionary.text(u[i * U.stride + U.fn]!);
    yield { fn, n: u[i * U.stride + U.id3]!, timeMs: f[i * F.stride + F.time]! };
  }
}
