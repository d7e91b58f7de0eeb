import type { PartitionStep } from '../alerts/fleet-merge.ts';
import { DEFAULT_FUNCTIONS, functionsPerShard } from '../detectors/bounds.ts';
import { Engine } from '../detectors/engine.ts';
import { type RecentRow, recentOf } from '../detectors/recent.ts';
import type { FunctionRow } from '../detectors/records.ts';
import { functionRow } from '../detectors/rows.ts';
import { shardPages } from '../detectors/shard-pages.ts';
import { restoreShard } from '../detectors/shard-snapshot.ts';
import type { WatermarkState } from '../detectors/watermark.ts';
import type { FragmentBlock } from '../ingest/fragment.ts';
import { totalsOf } from './build.ts';
import type { PipelineOptions, PipelineOutput, PipelineTotals } from './pipeline.ts';

/** The state page that names what the host of the shards itself remembers. */
const HOST_PAGE = 'host';
const VERSION = 1;

interface HostJson {
  readonly v: typeof VERSION;
  readonly watermarkMs: number | null;
  readonly graded: number | null;
  readonly sourceStart: number | null;
  readonly clocks: WatermarkState;
  /** steps said so far */
  readonly steps: number;
  readonly misrouted: number;
  readonly epoch: string;
}

/** What came out since it was last asked. */
export interface PartitionOutput extends Omit<PipelineOutput, 'events'> {
  readonly steps: readonly PartitionStep[];
}

export type PartitionOptions = Omit<PipelineOptions, 'paging'> & {
  /** numbers of the shards of this partition, ascending */
  readonly shards: readonly number[];
  /** names the life that begins where nothing is restored: unlike any other; default '' */
  readonly epoch?: string;
};

/** The shards of one partition, without a fleet stage: a pure function of the blocks it was given, in their order. */
export interface Partition {
  step(block: FragmentBlock): void;
  drain(): PartitionOutput;
  /** NaN before the first tick */
  readonly watermarkMs: number;
  /** the life of the state that counts the steps: it ends where the state is lost */
  readonly epoch: string;
  /** number of the last step drained or to be drained */
  readonly said: number;
  /** fragments of functions that belong to other partitions */
  readonly misrouted: number;
  totals(): PipelineTotals;
  functions(): FunctionRow[];
  /** how the functions do now; reads only */
  recent(): RecentRow[];
  /** Named pages for `Snapshots.save`, made as they are asked for: nothing may be stepped before the last. */
  pages(): Iterable<readonly [name: string, bytes: Uint8Array]>;
  /** The same at once, in memory of their own; `restored` of the options takes them. */
  snapshot(): Map<string, Uint8Array>;
}

const orNull = (value: number): number | null => (Number.isNaN(value) ? null : value);

export function createPartition(options: PartitionOptions): Partition {
  let steps: PartitionStep[] = [];
  let said = 0;
  let epoch = options.epoch ?? '';
  const engine = new Engine(
    {
      settings: options.settings,
      pricesOf: options.pricesOf,
      deploys: options.deploys ?? null,
      maxFunctions: functionsPerShard(options.limits?.functions ?? DEFAULT_FUNCTIONS),
      invocations: options.records ? options.invocations : 'none',
      records: options.records,
    },
    (minute) => steps.push({ ...minute, n: ++said }),
    options.shards,
  );
  const host = options.restored === undefined ? null : restore(engine, options.restored);
  if (host !== null) {
    said = host.steps;
    epoch = host.epoch;
  }
  if (options.model !== undefined) engine.setModel(options.model);

  return {
    step: (block) => engine.step(block),
    drain() {
      const output = { steps, ...engine.rows };
      steps = [];
      engine.rows = { minutes: [], invocations: [], scores: [] };
      return output;
    },
    get watermarkMs() {
      return engine.watermarkMs;
    },
    get epoch() {
      return epoch;
    },
    get said() {
      return said;
    },
    get misrouted() {
      return engine.misrouted;
    },
    totals: () => totalsOf(engine),
    functions() {
      const rows = engine.shards.flatMap((shard) => shard.keys.map((_key, slot) => functionRow(shard, slot)));
      return rows.filter((row) => !Number.isNaN(row.firstSeenMs));
    },
    recent: () => engine.shards.flatMap(recentOf),
    pages: () => pagesOf(engine, said, epoch),
    snapshot: () => new Map(Array.from(pagesOf(engine, said, epoch), ([name, bytes]) => [name, bytes.slice()])),
  };
}

function* pagesOf(engine: Engine, steps: number, epoch: string): Generator<readonly [string, Uint8Array]> {
  const host: HostJson = {
    v: VERSION,
    watermarkMs: orNull(engine.watermarkMs),
    graded: orNull(engine.graded),
    sourceStart: orNull(engine.sourceStart),
    clocks: engine.clocks,
    steps,
    misrouted: engine.misrouted,
    epoch,
  };
  yield [HOST_PAGE, new TextEncoder().encode(JSON.stringify(host))];
  const scratch = { floats: new Float32Array(0) };
  for (const shard of engine.shards) yield* shardPages(shard, scratch);
}

/** Returns what the host remembered; null = nothing. */
function restore(engine: Engine, pages: ReadonlyMap<string, Uint8Array>): HostJson | null {
  const bytes = pages.get(HOST_PAGE);
  if (bytes === undefined) return null;
  const host = JSON.parse(new TextDecoder().decode(bytes)) as HostJson;
  for (const shard of engine.shards) restoreShard(shard, pages);
  const { graded, watermarkMs, sourceStart, clocks, misrouted } = host;
  engine.resume(graded ?? Number.NaN, watermarkMs ?? Number.NaN, sourceStart ?? Number.NaN, clocks);
  engine.misrouted = misrouted;
  return host;
}
