import type { RoleContext } from '../app/roles/context.ts';
import { runDetect } from '../app/roles/detect.ts';
import type { Bus } from '../infra/bus.ts';
import { openContext } from './kafka-context.ts';
import { type Measured, type Said, say, type Task } from './kafka-said.ts';

/**
 * `tripline detect` on fragments that are on the bus already, until the parent says that all of them are done: what it
 * says goes to topics of this run, so that its fleet stage hears of this run alone. It tells when it is given partitions,
 * and of every batch when it is absorbed and all verdicts so far are acknowledged.
 */
export async function runWorker(
  { place, filled, run }: Task & { readonly kind: 'worker' },
  go: () => Promise<void>,
): Promise<Measured> {
  const stop = new AbortController();
  const own = await openContext(place, stop.signal);
  const source = await openContext({ ...place, prefix: filled }, stop.signal);
  const published = new Published(own.context.topics.verdicts);
  const fragments = watched(source.context.topics.fragments, run, published);
  const context: RoleContext = {
    ...own.context,
    topics: { ...own.context.topics, fragments, verdicts: published.bus },
  };
  await go();
  const before = process.cpuUsage();
  const startMs = Date.now();
  const ended = new Promise<Measured>((resolve) => {
    process.once('message', async () => {
      const { user, system } = process.cpuUsage(before); // the snapshots of the end are no part of it
      const measured = {
        startMs,
        endMs: Date.now(),
        cpuMs: (user + system) / 1000,
        counted: await invocationsOf(context),
      };
      stop.abort();
      resolve(measured);
    });
  });
  await runDetect(context);
  const measured = await ended;
  await own.close();
  await source.close();
  return measured;
}

async function invocationsOf({ metrics }: RoleContext): Promise<number> {
  return Number(/^tripline_detect_invocations_total (\d+)$/m.exec(await metrics.text())?.[1]);
}

/** Knows when all that was published so far is acknowledged. */
class Published {
  readonly bus: Bus;
  #all: Promise<unknown> = Promise.resolve();

  constructor(bus: Bus) {
    this.bus = {
      partitions: bus.partitions,
      publish: (partition, records) => this.#noted(bus.publish(partition, records)),
      publishToAll: (records) => this.#noted(bus.publishToAll(records)),
      subscribe: (group, options) => bus.subscribe(group, options),
      close: () => bus.close(),
    };
  }

  #noted(sent: Promise<void>): Promise<void> {
    this.#all = Promise.all([this.#all, sent]);
    return sent;
  }

  settled(): Promise<unknown> {
    return this.#all;
  }
}

/** The same bus for a group of this run, which tells what was done with it. */
function watched(bus: Bus, run: string, published: Published): Bus {
  const tell = async (said: () => Said) => {
    await published.settled();
    say(said());
  };
  return {
    partitions: bus.partitions,
    publish: (partition, records) => bus.publish(partition, records),
    publishToAll: (records) => bus.publishToAll(records),
    close: () => bus.close(),
    async *subscribe(group, options = {}) {
      const onAssigned = (partitions: readonly number[]) => {
        if (partitions.length > 0) say({ kind: 'assigned', atMs: Date.now() });
        options.onAssigned?.(partitions);
      };
      for await (const batch of bus.subscribe(`${group}-${run}`, { ...options, onAssigned })) {
        yield batch;
        const { partition, nextOffset: offset } = batch;
        void tell(() => ({ kind: 'absorbed', partition, offset, atMs: Date.now() }));
      }
    },
  };
}
