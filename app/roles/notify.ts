import { styleFor } from '../style.ts';
import type { RoleContext } from './context.ts';
import { openDestination } from './destinations.ts';
import { beat, hooksOf } from './detect.ts';
import { type Destination, NotifyStage, RejectStage, storeDestination } from './notify-stage.ts';
import { Stages } from './stages.ts';

const STUCK_MS = 300_000;
/** Positions are small: what a crash sends again is little. */
const SAVE_MS = 2000;

/**
 * Takes alert events to every destination of the configuration and to the store, and dead letters to the store. Each has
 * a place of its own in the topic, so none waits for another. Until the signal; then it saves and leaves.
 */
export async function runNotify(context: RoleContext): Promise<void> {
  const { config, io, log, hasStore, rows } = context;
  const failed = new AbortController();
  const signal = AbortSignal.any([context.signal, failed.signal]);
  const hooks = {
    stdout: io.stdout,
    style: io.stdout.isTTY ? styleFor(io.stdout, io.env) : null,
    onTrouble: (destination: string, message: string) => log.warn('destination', { destination, why: message }),
  };
  const stages = config.live.destinations.map((settings) =>
    destinationStages(context, signal, `notify-${settings.name}`, (mark) => openDestination(settings, mark, hooks)),
  );
  if (hasStore) {
    stages.push(destinationStages(context, signal, 'store-alerts', () => storeDestination(rows)));
    stages.push(rejectStages(context, signal));
  }
  const component = context.health.register('notify', { deadlineMs: STUCK_MS });
  const beating = beat(() => component.beat(), signal);
  component.ready(true);
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
    await beating;
  }
}

function destinationStages(
  context: RoleContext,
  signal: AbortSignal,
  name: string,
  open: (mark: unknown) => Destination,
): Stages {
  const { config, topics, deadLetters, metrics } = context;
  return new Stages({
    ...hooksOf(context, 'notify'),
    bus: topics.alerts,
    group: name,
    name,
    stateDir: context.stateDir,
    snapshotMs: Math.min(SAVE_MS, config.live.live.snapshotMs),
    shutdownMs: config.live.live.shutdownMs,
    signal,
    open: (_partition, pages) =>
      new NotifyStage(
        {
          deadLetters,
          signal,
          onDelivered: (destination, events, refused) => {
            for (let i = 0; i < events.length; i++) {
              metrics.notify.attempted(destination, i < refused ? 'dead' : 'delivered');
            }
          },
        },
        pages,
        open,
      ),
  });
}

function rejectStages(context: RoleContext, signal: AbortSignal): Stages {
  const { config, topics, rows } = context;
  return new Stages({
    ...hooksOf(context, 'notify'),
    bus: topics.rejects,
    group: 'store-rejects',
    name: 'store-rejects',
    stateDir: context.stateDir,
    snapshotMs: SAVE_MS,
    shutdownMs: config.live.live.shutdownMs,
    signal,
    open: () => new RejectStage(rows),
  });
}
