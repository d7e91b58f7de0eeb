import { setTimeout as wait } from 'node:timers/promises';
import type { DeliveryRow } from '../../alerts/delivery-row.ts';
import type { DestinationSettings } from '../config-destinations.ts';
import { type DeliveryView, deliveryViewFile, shownOf } from '../delivery-view.ts';
import type { AttemptClock, Condition } from './attempts.ts';
import type { RoleContext } from './context.ts';
import type { DeliveryHooks } from './delivery-hooks.ts';
import { DeliveryStage } from './delivery-stage.ts';
import { type DestinationHooks, openDestination } from './destinations.ts';
import { hooksOf } from './detect.ts';
import type { StageHost } from './stage.ts';
import { Stages, type StagesOptions } from './stages.ts';
import { ViewFile } from './view-file.ts';

/** Positions are small, and what was delivered is saved at once; this is how often anything else is. */
const SAVE_MS = 2000;
const LOG_MS = 1000;

/** The group of a destination on the topic `notices`, and the name of its state. */
export const deliveryGroup = (destination: string): string => `deliver-${destination}`;

export interface DeliverOptions {
  readonly context: RoleContext;
  readonly signal: AbortSignal;
  readonly settings: DestinationSettings;
  readonly destinations: DestinationHooks;
  /** told what is wrong with this destination; null = nothing */
  readonly warn: (warning: string | null) => void;
  readonly stages: Pick<StagesOptions, 'onAssigned' | 'onRestored'>;
}

/** The wall clock, a timer and chance. */
const CLOCK: AttemptClock = {
  nowMs: Date.now,
  wait: (ms, signal) => wait(ms, undefined, { signal }),
  random: Math.random,
};

/** Takes the notices that name one destination to it, until the signal; then it saves and leaves. */
export class Deliverer {
  readonly #options: DeliverOptions;
  readonly #stages: Stages;
  readonly #view: ViewFile;
  readonly #name: string;
  /** the one that this worker hosts now */
  #stage: DeliveryStage | null = null;
  #waiting = 0;
  #dropped = 0;

  constructor(options: DeliverOptions) {
    this.#options = options;
    const { context, signal, settings } = options;
    const { config, log, topics } = context;
    this.#name = settings.name;
    const file = deliveryViewFile(config.live.state, settings.name);
    this.#view = new ViewFile(
      file,
      () => JSON.stringify(this.#shown()),
      (why) => log.warn('the list of deliveries cannot be written', { destination: this.#name, why }),
    );
    context.metrics.notify.destination(this.#name);
    this.#stages = new Stages({
      ...hooksOf(context, 'notify'),
      ...options.stages,
      bus: topics.notices,
      group: deliveryGroup(settings.name),
      name: deliveryGroup(settings.name),
      stateDir: context.stateDir,
      snapshotMs: Math.min(SAVE_MS, config.live.live.snapshotMs),
      shutdownMs: config.live.live.shutdownMs,
      signal,
      onProgress: ({ lag }) => this.#reached(lag),
      open: (_partition, pages, host) => this.#open(pages, host),
    });
  }

  async run(): Promise<void> {
    const stop = new AbortController();
    const logging = this.#keepLog(stop.signal);
    try {
      await this.#stages.run();
    } finally {
      stop.abort();
      await logging;
      this.#view.changed();
      await this.#view.close();
    }
  }

  #open(pages: ReadonlyMap<string, Uint8Array> | null, host: StageHost): DeliveryStage {
    const { context, signal, settings, destinations } = this.#options;
    const { deadLetters, log } = context;
    const options = { deadLetters, signal, clock: CLOCK, hooks: this.#hooks() };
    this.#stage = new DeliveryStage(options, pages, (mark) => openDestination(settings, mark, destinations));
    void this.#stage.drain(host);
    this.#stage.keepFresh().catch((error: unknown) => {
      log.error('open incidents are not refreshed any more', { destination: this.#name, error });
    });
    this.#changed();
    return this.#stage;
  }

  #hooks(): DeliveryHooks {
    const { log, metrics, nowMs } = this.#options.context;
    const destination = this.#name;
    return {
      onFailed: (why) => {
        metrics.notify.attempted(destination, 'retried');
        log.debug('a delivery failed', { destination, why });
        this.#changed();
      },
      onCondition: (condition, why) => this.#became(condition, why),
      onEnded: (rows) => {
        for (const { outcome, latencyMs } of rows) {
          metrics.notify.attempted(destination, outcome);
          if (outcome === 'delivered') metrics.notify.delivered(destination, latencyMs / 1000);
        }
        const dead = rows.find(({ outcome }) => outcome === 'dead');
        if (dead !== undefined) log.error('a notice cannot be delivered: it is kept as a dead letter', fields(dead));
        this.#changed();
      },
      onIgnored: (n, why) => log.warn('a notice is not delivered now', { destination, n, why }),
      onUnknown: ({ delivery }) =>
        log.warn('a notice that is to be sent again is not known any more', { destination, delivery }),
      onUnrefreshed: (why) => log.warn('open incidents could not be refreshed', { destination, why, at: nowMs() }),
    };
  }

  /** Said once for each change: at a first failure that it is tried again, after several that somebody should look. */
  #became(condition: Condition, why: string | null): void {
    const { context, warn } = this.#options;
    const { log, metrics } = context;
    const destination = this.#name;
    const test = `tripline notify test ${destination}`;
    metrics.notify.isUp(destination, condition === 'working' || condition === 'failing');
    if (condition === 'working') log.info('destination works again', { destination });
    if (condition === 'failing') log.warn('destination fails: trying again', { destination, why });
    if (condition === 'open')
      log.error('destination keeps failing: notices wait for it, and it is tried now and then', { destination, why });
    if (condition === 'parked')
      log.error('destination takes nothing until somebody changes something: notices wait', { destination, why, test });
    const isBad = condition === 'open' || condition === 'parked';
    warn(isBad ? `is ${condition}: ${why}; notices wait, try ${test}` : null);
    this.#changed();
  }

  #reached(lag: number): void {
    this.#waiting = lag;
    this.#changed();
  }

  #changed(): void {
    const { notify } = this.#options.context.metrics;
    const stage = this.#stage;
    notify.queued(this.#name, this.#waiting + (stage?.heldBack ?? 0));
    if (stage !== null) {
      notify.deadLetters(this.#name, stage.state.dead.length);
      notify.trying(this.#name, stage.attempts.begun?.firstMs ?? null);
      const { dropped } = stage.state.unlogged;
      if (dropped > this.#dropped) notify.unlogged(this.#name, dropped - this.#dropped);
      this.#dropped = dropped;
    }
    this.#view.changed();
  }

  /** Rows of the delivery log go to the store beside the deliveries: one that is away holds nothing up. */
  async #keepLog(signal: AbortSignal): Promise<void> {
    const { rows, hasStore } = this.#options.context;
    while (!signal.aborted) {
      await wait(LOG_MS, undefined, { signal }).catch(() => {});
      const stage = this.#stage;
      const pending = stage?.state.unlogged.items ?? [];
      if (stage === null || pending.length === 0) continue;
      if (hasStore) {
        try {
          const stored = rows.writeDeliveries(pending).then(() => rows.flush());
          if (!(await endsBefore(stored, signal))) return;
        } catch {
          return; // the store is closed: the rows are in the state, and are written by the next process
        }
      }
      stage.logged(new Set(pending));
    }
  }

  #shown(): DeliveryView {
    const { settings, context } = this.#options;
    const stage = this.#stage;
    const { condition = 'working', why = null, sinceMs = context.nowMs(), nextMs = null } = stage?.attempts ?? {};
    const begun = stage?.attempts.begun ?? null;
    const at = (ms: number) => new Date(ms).toISOString();
    return {
      schema: 1,
      destination: settings.name,
      type: settings.type,
      written_at: at(context.nowMs()),
      condition,
      since: at(sinceMs),
      why: condition === 'working' ? null : why,
      next_attempt_at: nextMs === null ? null : at(nextMs),
      trying:
        begun === null ? null : { notice: stage?.trying ?? null, since: at(begun.firstMs), attempts: begun.attempts },
      waiting: this.#waiting + (stage?.heldBack ?? 0),
      forgotten: stage?.state.memory.forgotten ?? 0,
      recent: (stage?.state.recent.items ?? []).map(({ row, notice }) => shownOf(row, notice)),
      dead: (stage?.state.dead.items ?? []).map(({ row, notice }) => ({ ...shownOf(row, notice), notice })),
    };
  }
}

const fields = ({ destination, incidentId: incident, version, why }: DeliveryRow) => ({
  destination,
  incident,
  version,
  why,
});

/** False where the signal comes first. @throws what the work throws */
async function endsBefore(work: Promise<void>, signal: AbortSignal): Promise<boolean> {
  const ended = new AbortController();
  const asked = wait(2 ** 31 - 1, false, { signal: AbortSignal.any([signal, ended.signal]) }).catch(() => false);
  work.catch(() => {});
  try {
    return await Promise.race([work.then(() => true), asked]);
  } finally {
    ended.abort();
  }
}
