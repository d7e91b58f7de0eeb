import { coverageOf } from '../alerts/coverage.ts';
import type { AlertEvent } from '../alerts/event.ts';
import { Fleet } from '../alerts/fleet.ts';
import type { FleetState, FleetStateV1 } from '../alerts/fleet-state.ts';
import { DEFAULT_FUNCTIONS, functionsPerShard } from '../detectors/bounds.ts';
import { Engine } from '../detectors/engine.ts';
import type { CoverageRow, FunctionRow } from '../detectors/records.ts';
import { functionRow } from '../detectors/rows.ts';
import { seenOf, shardPages } from '../detectors/shard-pages.ts';
import { restoreShard } from '../detectors/shard-snapshot.ts';
import type { WatermarkState } from '../detectors/watermark.ts';
import type { Pipeline, PipelineOptions, PipelineOutput, PipelineTotals } from './pipeline.ts';

interface HostJson {
  readonly v: 1;
  readonly watermarkMs: number | null;
  readonly graded: number | null;
  readonly sourceStart: number | null;
  /** absent in states of before 0.3, which had one clock */
  readonly clocks?: WatermarkState;
  readonly fleet: FleetState | FleetStateV1;
}

const orNull = (value: number): number | null => (Number.isNaN(value) ? null : value);

/** Joins the shards and the fleet stage into the one path, fresh or from a snapshot. */
export function createPipeline(options: PipelineOptions): Pipeline {
  let events: AlertEvent[] = [];
  const fleet = new Fleet(
    options.configHash,
    (event) => events.push(event),
    options.settings.disabledSignals,
    options.parts?.commonCause === false ? Number.POSITIVE_INFINITY : undefined,
    options.paging,
  );
  const engine = new Engine(
    {
      settings: options.settings,
      pricesOf: options.pricesOf,
      deploys: options.deploys ?? null,
      maxFunctions: functionsPerShard(options.limits?.functions ?? DEFAULT_FUNCTIONS),
      invocations: options.records ? options.invocations : 'none',
      records: options.records,
      ...(options.parts === undefined ? {} : { parts: options.parts }),
    },
    (minute) => fleet.step(minute),
  );
  if (options.restored !== undefined) restore(engine, fleet, options.restored);
  if (options.model !== undefined) engine.setModel(options.model);

  function functions(): FunctionRow[] {
    const rows = engine.shards.flatMap((shard) => shard.keys.map((_key, slot) => functionRow(shard, slot)));
    return rows.filter((row) => !Number.isNaN(row.firstSeenMs)).sort((a, b) => (a.fn < b.fn ? -1 : 1));
  }

  return {
    setModel: (model) => engine.setModel(model),
    collect: (collector) => {
      for (const shard of engine.shards) shard.rowSink = collector.see;
    },
    step: (block) => engine.step(block),
    finish() {
      engine.finish();
      fleet.finish(engine.watermarkMs);
    },
    get watermarkMs() {
      return engine.watermarkMs;
    },
    drain(): PipelineOutput {
      const output = { events, ...engine.rows };
      events = [];
      engine.rows = { minutes: [], invocations: [], scores: [] };
      return output;
    },
    totals: () => totalsOf(engine),
    functions,
    budget: () => fleet.budget(),
    coverage: (): CoverageRow[] => functions().flatMap(coverageOf),
    pages: () => pagesOf(engine, fleet),
    snapshot: () => new Map(Array.from(pagesOf(engine, fleet), ([name, bytes]) => [name, bytes.slice()])),
  };
}

const NOTHING_DROPPED = {
  evicted: 0,
  forgottenEvents: 0,
  forgottenAttempts: 0,
  earlyRows: 0,
  ungraded: 0,
  unsaid: 0,
};

export function totalsOf(engine: Engine): PipelineTotals {
  const totals = { invocations: 0, functions: 0, duplicates: 0, late: 0, tooLate: 0, partial: 0, ...NOTHING_DROPPED };
  for (const shard of engine.shards) {
    totals.invocations += shard.calls;
    totals.functions += shard.slots.size;
    totals.duplicates += shard.duplicates;
    totals.late += shard.late;
    totals.tooLate += shard.tooLate;
    totals.partial += shard.partial;
    const { functions, attempts, rows, windows, unsaid } = shard.dropped;
    totals.evicted += functions;
    totals.forgottenEvents += Object.values(seenOf(shard)).reduce((sum, { forgotten }) => sum + forgotten, 0);
    totals.forgottenAttempts += attempts;
    totals.earlyRows += rows;
    totals.ungraded += windows;
    totals.unsaid += unsaid;
  }
  return totals;
}

function* pagesOf(engine: Engine, fleet: Fleet): Generator<readonly [string, Uint8Array]> {
  const host: HostJson = {
    v: 1,
    watermarkMs: orNull(engine.watermarkMs),
    graded: orNull(engine.graded),
    sourceStart: orNull(engine.sourceStart),
    clocks: engine.clocks,
    fleet: fleet.state(),
  };
  yield ['host', new TextEncoder().encode(JSON.stringify(host))];
  const scratch = { floats: new Float32Array(0) };
  for (const shard of engine.shards) yield* shardPages(shard, scratch);
}

function restore(engine: Engine, fleet: Fleet, pages: ReadonlyMap<string, Uint8Array>): void {
  const bytes = pages.get('host');
  if (bytes === undefined) return;
  const host = JSON.parse(new TextDecoder().decode(bytes)) as HostJson;
  for (const shard of engine.shards) restoreShard(shard, pages);
  engine.resume(host.graded ?? Number.NaN, host.watermarkMs ?? Number.NaN, host.sourceStart ?? Number.NaN, host.clocks);
  fleet.restore(host.fleet);
}
