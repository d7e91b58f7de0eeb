import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { shardsOfPartition } from '../../infra/bus.ts';
import { pagingOf } from '../paging.ts';
import { createPartition } from '../partition.ts';
import type { PipelineTotals } from '../pipeline.ts';
import { pricesOf } from '../prices.ts';
import type { CheckpointHooks } from './checkpoint.ts';
import type { RoleContext } from './context.ts';
import { type Absorbed, DetectStage } from './detect-stage.ts';
import { FleetStage } from './fleet-stage.ts';
import { liveSettings } from './live-settings.ts';
import { type StageName, Stages } from './stages.ts';
import { ShownPartitions } from './watch.ts';

/** A batch, or the wait for a store that is away, may take so long before the worker counts as stuck, ms. */
const STUCK_MS = 300_000;
const BEAT_MS = 1000;
/** How often it is looked for partitions that hold alerts up. */
const LOOK_MS = 10_000;

/**
 * Hosts the shards of the partitions that this worker is given, and the fleet stage if it is given that: until the signal,
 * then it saves and leaves. @throws what a worker cannot go on from
 */
export async function runDetect(context: RoleContext): Promise<void> {
  const failed = new AbortController();
  const signal = AbortSignal.any([context.signal, failed.signal]);
  const component = context.health.register('detect', { deadlineMs: STUCK_MS });
  const opened = new Opened((isReady, reason) => component.ready(isReady, reason));
  const fleet = fleetStages(context, signal);
  const stages = [detectStages(context, signal, opened), fleet];
  const watch = setInterval(() => void lookForLaggards(context, fleet), LOOK_MS);
  const beating = beat(() => component.beat(), signal);
  try {
    await Promise.all(
      stages.map((it) =>
        it.run().catch((error: unknown) => {
          failed.abort(); // what still can save does
          throw error;
        }),
      ),
    );
  } finally {
    clearInterval(watch);
    failed.abort();
    await beating;
  }
}

async function lookForLaggards({ log }: RoleContext, fleet: Stages): Promise<void> {
  for (const stage of fleet.stages().values()) {
    if (!(stage instanceof FleetStage)) continue;
    const away = await stage.lookForLaggards().catch(() => []); // the bus says itself what is wrong with it
    if (away.length > 0)
      log.warn('alerts no longer wait for partitions that nothing is heard of', { partitions: away });
  }
}

export async function beat(tell: () => void, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    tell();
    await wait(BEAT_MS, undefined, { signal }).catch(() => {});
  }
}

/** Ready = a member of the group, and the state of every partition it has is in memory. */
class Opened {
  readonly #tell: (isReady: boolean, reason?: string) => void;
  readonly #open = new Set<number>();
  #assigned: readonly number[] = [];

  constructor(tell: (isReady: boolean, reason?: string) => void) {
    this.#tell = tell;
  }

  assigned(partitions: readonly number[]): void {
    this.#assigned = partitions;
    this.#look();
  }

  restored(partition: number): void {
    this.#open.add(partition);
    this.#look();
  }

  lost(partition: number): void {
    this.#open.delete(partition);
  }

  #look(): void {
    const missing = this.#assigned.filter((partition) => !this.#open.has(partition));
    if (missing.length === 0) this.#tell(true);
    else this.#tell(false, `restoring ${missing.length} of ${this.#assigned.length} partitions`);
  }
}

function detectStages(context: RoleContext, signal: AbortSignal, opened: Opened): Stages {
  const { config, model, topics, rows, hasStore, deadLetters, metrics, elapsedMs, watch } = context;
  const shown = new ShownPartitions(watch, signal);
  const { settings, configHash } = liveSettings(config);
  const counted = new Map<number, PipelineTotals>();
  const hooks = hooksOf(context, 'detect');
  return new Stages({
    ...hooks,
    onRestored: (name, partition, ...rest) => {
      hooks.onRestored?.(name, partition, ...rest);
      opened.restored(partition);
    },
    onLost: (name, partition) => {
      hooks.onLost?.(name, partition);
      opened.lost(partition);
      shown.lost(partition);
    },
    bus: topics.fragments,
    group: 'detect',
    name: 'fragments',
    stateDir: context.stateDir,
    snapshotMs: config.live.live.snapshotMs,
    shutdownMs: config.live.live.shutdownMs,
    signal,
    open: (partition, pages) => {
      const engine = createPartition({
        epoch: randomUUID(),
        settings,
        configHash,
        pricesOf: pricesOf(config.prices),
        deploys: config.deploys,
        invocations: hasStore ? config.invocations : 'none',
        records: hasStore,
        limits: config.live.limits,
        shards: shardsOfPartition(partition, topics.fragments.partitions),
        ...(pages === null ? {} : { restored: pages }),
        ...(model === null ? {} : { model }),
      });
      counted.set(partition, engine.totals());
      shown.opened(partition, () => engine.recent());
      return new DetectStage({
        partition,
        engine,
        rows,
        verdicts: topics.verdicts,
        deadLetters,
        elapsedMs,
        onAbsorbed: (absorbed) => count(context, counted, absorbed),
        watch,
      });
    },
    onAssigned: (partitions) => {
      metrics.detect.assigned(partitions);
      opened.assigned(partitions);
      context.log.info('partitions assigned', { stage: 'detect', partitions });
    },
    onProgress: ({ partition, lag }) => metrics.detect.progress(partition, { lagRecords: lag }),
  });
}

function count({ metrics, log }: RoleContext, counted: Map<number, PipelineTotals>, absorbed: Absorbed): void {
  const { partition, engine, minutes, seconds, poison } = absorbed;
  const totals = engine.totals();
  const before = counted.get(partition) ?? totals;
  counted.set(partition, totals);
  metrics.detect.stepped({
    invocations: totals.invocations - before.invocations,
    windows: minutes,
    duplicates: totals.duplicates - before.duplicates,
    late: totals.late - before.late,
    tooLate: totals.tooLate - before.tooLate,
    evictedFunctions: totals.evicted - before.evicted,
    seconds,
  });
  if (totals.evicted > before.evicted)
    log.warn('functions forgotten to make room for others, the least used first: see limits.functions', {
      partition,
      forgotten: totals.evicted - before.evicted,
    });
  if (poison > 0) metrics.detect.poisoned(poison);
  const { watermarkMs } = engine;
  metrics.detect.progress(partition, {
    functions: totals.functions,
    ...(Number.isNaN(watermarkMs) ? {} : { watermarkMs }),
  });
}

function fleetStages(context: RoleContext, signal: AbortSignal): Stages {
  const { config, topics, deadLetters, metrics, nowMs, elapsedMs, log } = context;
  const { settings, configHash } = liveSettings(config);
  return new Stages({
    ...hooksOf(context, 'fleet'),
    bus: topics.verdicts,
    group: 'fleet',
    name: 'fleet',
    stateDir: context.stateDir,
    // small, and what is said after it is said again
    snapshotMs: Math.min(config.live.live.snapshotMs, 5000),
    shutdownMs: config.live.live.shutdownMs,
    signal,
    open: (_partition, pages) =>
      new FleetStage(
        {
          epoch: randomUUID(),
          configHash,
          paging: pagingOf(config.paging),
          disabledSignals: settings.disabledSignals,
          partitions: topics.fragments.partitions,
          laggardMs: config.live.live.laggardMs,
          elapsedMs,
          verdicts: topics.verdicts,
          alerts: topics.alerts,
          deadLetters,
          onSaid: (events) => {
            for (const event of events) {
              metrics.alerts.said(event);
              metrics.alerts.latency(Math.max(0, (nowMs() - Date.parse(event.at)) / 1000));
              const { alert_id, at, severity } = event;
              log.debug('said', { alert_id, event: event.event, severity, function: event.function.name, at });
            }
          },
          onProgress: (merge) => {
            const { watermarkMs, slowest } = merge;
            if (Number.isFinite(watermarkMs))
              metrics.fleet.progress({ watermarkMs, waitingPartitions: slowest.length });
          },
        },
        pages,
      ),
    onAssigned: (partitions) => {
      if (partitions.length > 0) log.info('this worker hosts the fleet stage');
      else metrics.fleet.released();
    },
  });
}

/** What checkpoints tell, for logs and metrics. */
export function hooksOf(
  { nowMs, elapsedMs, log, metrics }: RoleContext,
  stage: StageName,
): CheckpointHooks & Pick<ConstructorParameters<typeof Stages>[0], 'onRestored' | 'onLost' | 'onBlank'> {
  const part = (partition: number) => String(partition);
  return {
    nowMs,
    elapsedMs,
    onSaved: ({ name, partition }, bytes, tookMs) => {
      metrics.state.saved(stage, `${name}-${partition}`, { bytes, seconds: tookMs / 1000 });
      log.debug('snapshot saved', { stage, partition, bytes, tookMs: Math.round(tookMs) });
    },
    onTrouble: ({ partition }, reason, message) => {
      if (reason === 'NOT_OWNER') {
        log.info('another worker has this partition now', { stage, partition });
        return;
      }
      metrics.state.failed(reason);
      log.warn('snapshot not saved: what follows it will be read again after a restart', {
        stage,
        partition,
        why: message,
      });
    },
    onRestored: (name, partition, offset, tookMs, damaged) => {
      metrics.state.loaded(stage, `${name}-${part(partition)}`);
      for (const message of damaged) log.warn('a damaged snapshot was passed over', { stage, partition, why: message });
      log.info('partition opened', { stage, partition, fromOffset: offset, tookMs: Math.round(tookMs) });
    },
    onBlank: (_name, partition, offset) => {
      if (stage === 'notify') return;
      const why = 'what was learnt before is not known here: do all workers share the folder `state`?';
      log.error('a partition begins in its middle without a snapshot', { stage, partition, offset, why });
    },
    onLost: (name, partition) => {
      metrics.state.released(stage, `${name}-${part(partition)}`);
      log.info('partition handed over', { stage, partition });
    },
  };
}
