import { randomUUID } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { openSnapshots } from '../../infra/state.ts';
import { deskSettingsOf } from '../config-routes.ts';
import { styleFor } from '../style.ts';
import { offsetOf } from './checkpoint.ts';
import type { RoleContext } from './context.ts';
import { Deliverer, deliveryGroup } from './deliver.ts';
import { DeskClerk } from './desk-clerk.ts';
import { DeskStage } from './desk-stage.ts';
import { beat, hooksOf } from './detect.ts';
import { type HeartbeatDeps, keepBeating, Pulse } from './heartbeat.ts';
import { IncidentStage } from './incident-stage.ts';
import { NotifyStage, RejectStage, storeDestination } from './notify-stage.ts';
import { Stages, type StagesOptions } from './stages.ts';

const REJECTS = 'store-rejects';
const DESK = 'desk';
const STORE = 'store-alerts';
const STORE_INCIDENTS = 'store-incidents';
const STUCK_MS = 300_000;
/** Positions are small: what a crash sends again is little. */
const SAVE_MS = 2000;

interface Runnable {
  run(): Promise<void>;
}

/**
 * Makes notices of alert events, takes them to every destination of the configuration, and alert events and dead letters to
 * the store. Each has a place of its own in its topic, so none waits for another. Until the signal; then it saves and leaves.
 */
export async function runNotify(context: RoleContext): Promise<void> {
  const { config, io, hasStore } = context;
  const failed = new AbortController();
  const signal = AbortSignal.any([context.signal, failed.signal]);
  const destinationHooks = {
    stdout: io.stdout,
    style: io.stdout.isTTY ? styleFor(io.stdout, io.env) : null,
    nowMs: context.nowMs,
  };
  const { destinations, heartbeat } = config.live;
  await forgetOthers(
    context,
    destinations.map(({ name }) => name),
  );
  const isUpgrade = (await groupsWithAlerts(context.stateDir)).length > 0;
  const component = context.health.register('notify', { deadlineMs: STUCK_MS });
  const opened = new Opened((isReady, reason) => component.ready(isReady, reason));
  const warnings = new Warnings((warning) => component.warn(warning));
  const stages: Runnable[] = destinations.map((settings) => {
    const stageHooks = opened.hooks(deliveryGroup(settings.name), hooksOf(context, 'notify'));
    const warn = (warning: string | null) => warnings.set(settings.name, warning);
    return new Deliverer({ context, signal, settings, destinations: destinationHooks, warn, stages: stageHooks });
  });
  if (hasStore) stages.push(storeStages(context, signal, opened), incidentStages(context, signal, opened));
  const clerk = new DeskClerk(context, deskSettingsOf(config.live));
  const pulse = new Pulse(context.elapsedMs);
  const desk = deskStages({ context, signal, opened, clerk, pulse, isUpgrade });
  stages.push(rejectStages(context, signal, opened), desk);
  const clerking = clerk.run(() => desk.stages().size > 0, signal);
  if (heartbeat !== undefined)
    stages.push({ run: () => keepBeating(heartbeat, heartbeatDeps(context, pulse), signal) });
  const beating = beat(() => component.beat(), signal);
  try {
    await Promise.all(
      stages.map((it) =>
        it.run().catch((error: unknown) => {
          failed.abort();
          throw error;
        }),
      ),
    );
  } finally {
    failed.abort();
    await Promise.all([beating, clerking]);
  }
}

/** What the local bus keeps for destinations that are not in the configuration any more is let go, and their state. */
async function forgetOthers(
  { stateDir, topics, log, hasStore }: RoleContext,
  destinations: readonly string[],
): Promise<void> {
  await topics.alerts.keepOnly?.([STORE, DESK]);
  await topics.rejects.keepOnly?.([REJECTS]);
  const forgotten =
    (await topics.notices.keepOnly?.([...(hasStore ? [STORE_INCIDENTS] : []), ...destinations.map(deliveryGroup)])) ??
    [];
  for (const group of forgotten) {
    if (!/^deliver-[a-z0-9-]+$/.test(group)) continue;
    await rm(stateOf(stateDir, group), { recursive: true, force: true });
    log.info('a destination that the config does not name any more is forgotten', { destination: group.slice(8) });
  }
}

const heartbeatDeps = ({ log, metrics, nowMs }: RoleContext, pulse: Pulse): HeartbeatDeps => ({
  pulse,
  log,
  nowMs,
  notify: metrics.notify,
  wait: (ms, signal) => wait(ms, undefined, { signal }),
});

const stateOf = (dir: string, group: string): string => join(dir, `${group}-000`);

/** Groups that have handled alerts, whether the configuration still names them or not. */
async function groupsWithAlerts(dir: string): Promise<string[]> {
  const names = await readdir(dir).catch(() => []);
  const groups = names.flatMap((name) => /^(notify-.+)-000$/.exec(name)?.[1] ?? []);
  const offsets = await Promise.all(
    groups.map(async (group) => {
      try {
        const snapshot = await (await openSnapshots(stateOf(dir, group))).load();
        return snapshot === null ? null : offsetOf(snapshot);
      } catch {
        return 0; // damaged: there was something
      }
    }),
  );
  return groups.filter((_, i) => offsets[i] !== null);
}

/** What is wrong with destinations, told as one. */
class Warnings {
  readonly #tell: (warning: string | null) => void;
  readonly #warnings = new Map<string, string>();

  constructor(tell: (warning: string | null) => void) {
    this.#tell = tell;
  }

  set(destination: string, warning: string | null): void {
    if (warning === null) this.#warnings.delete(destination);
    else this.#warnings.set(destination, warning);
    const all = [...this.#warnings].map(([name, text]) => `${name} ${text}`);
    this.#tell(all.length === 0 ? null : all.join('; '));
  }
}

/** Ready = every stage has been told what it has, and has its state in memory. */
class Opened {
  readonly #tell: (isReady: boolean, reason?: string) => void;
  readonly #waiting = new Set<string>();

  constructor(tell: (isReady: boolean, reason?: string) => void) {
    this.#tell = tell;
  }

  /** For the options of a stage, with what it tells besides. */
  hooks(
    name: string,
    rest: ReturnType<typeof hooksOf>,
  ): ReturnType<typeof hooksOf> & Pick<StagesOptions, 'onAssigned'> {
    this.#waiting.add(name);
    this.#look();
    return {
      ...rest,
      onAssigned: (partitions) => {
        if (partitions.length === 0) this.#waiting.delete(name); // stands by
        this.#look();
      },
      onRestored: (...told) => {
        rest.onRestored?.(...told);
        this.#waiting.delete(name);
        this.#look();
      },
    };
  }

  #look(): void {
    if (this.#waiting.size === 0) this.#tell(true);
    else this.#tell(false, `waiting for a place in the topics: ${[...this.#waiting].join(', ')}`);
  }
}

/** What the readers of this role have in common: a group, a name and a folder each, and places that are kept often. */
function commonOf(name: string, context: RoleContext, signal: AbortSignal, opened: Opened) {
  const { snapshotMs, shutdownMs } = context.config.live.live;
  return {
    ...opened.hooks(name, hooksOf(context, 'notify')),
    group: name,
    name,
    stateDir: context.stateDir,
    snapshotMs: Math.min(SAVE_MS, snapshotMs),
    shutdownMs,
    signal,
  };
}

/** Alert events to the store. */
function storeStages(context: RoleContext, signal: AbortSignal, opened: Opened): Stages {
  const { log, topics, deadLetters, rows } = context;
  const onIgnored = ({ n }: { readonly n: number }, why: string) => log.warn('an alert is not stored now', { n, why });
  return new Stages({
    ...commonOf(STORE, context, signal, opened),
    bus: topics.alerts,
    open: (_partition, pages) =>
      new NotifyStage({ deadLetters, signal, onIgnored, onDelivered: () => {} }, pages, () => storeDestination(rows)),
  });
}

/** What became of incidents to the store. */
function incidentStages(context: RoleContext, signal: AbortSignal, opened: Opened): Stages {
  const { topics, rows } = context;
  return new Stages({
    ...commonOf(STORE_INCIDENTS, context, signal, opened),
    bus: topics.notices,
    open: (_partition, pages) => new IncidentStage(rows, pages),
  });
}

interface DeskOptions {
  readonly context: RoleContext;
  readonly signal: AbortSignal;
  readonly opened: Opened;
  readonly clerk: DeskClerk;
  readonly pulse: Pulse;
  /** others have told people of the past before there was a desk: it is not told again */
  readonly isUpgrade: boolean;
}

function deskStages({ context, signal, opened, clerk, pulse, isUpgrade }: DeskOptions): Stages {
  const { config, topics, deadLetters, log } = context;
  return new Stages({
    ...commonOf(DESK, context, signal, opened),
    bus: topics.alerts,
    open: (_partition, pages) => {
      const stage = new DeskStage(
        {
          epoch: randomUUID(),
          settings: deskSettingsOf(config.live),
          ...(isUpgrade ? { beginsAt: 'newest' } : {}),
          notices: topics.notices,
          deadLetters,
          onTime: (timeMs) => pulse.heard(timeMs),
          onSaid: (said) => {
            clerk.said(said);
            clerk.changed();
          },
          onIgnored: (n, outOfTurn) => log.warn('the desk passes over an alert now', { n, outOfTurn }),
        },
        pages,
      );
      clerk.hosts(stage);
      return stage;
    },
  });
}

/** Without a store too: what nobody reads would be kept for ever. */
function rejectStages(context: RoleContext, signal: AbortSignal, opened: Opened): Stages {
  const { topics, rows } = context;
  return new Stages({
    ...commonOf(REJECTS, context, signal, opened),
    bus: topics.rejects,
    snapshotMs: SAVE_MS,
    open: () => new RejectStage(rows),
  });
}
