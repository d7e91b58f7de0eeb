import { setTimeout as wait } from 'node:timers/promises';
import type { Bus } from '../../infra/bus.ts';

/** Between two looks at the clock, ms. */
const TURN_MS = 20;

/** A record, and when it is its turn: from 0, the start, to 1, the end. */
export interface Due {
  readonly at: number;
  readonly partition: number;
  readonly record: Uint8Array;
}

/** The records of each partition, in their order, spread evenly. */
export function spread(partitions: readonly (readonly Uint8Array[])[]): Due[] {
  return partitions
    .flatMap((records, partition) =>
      records.map((record, i) => ({ at: (i + 0.5) / records.length, partition, record })),
    )
    .sort((a, b) => a.at - b.at); // stable: the order within a partition stays
}

/** Publishes records at their time, however long a publish takes: the order in each partition is that of the list. */
export class Feeder {
  readonly #bus: Bus;
  readonly #records: readonly Due[];
  readonly #lengthMs: number;
  readonly #waiting: { readonly at: number; readonly resolve: () => void }[] = [];
  #running: Promise<void> = Promise.resolve();
  #at = 0;

  constructor(bus: Bus, records: readonly Due[], lengthMs: number) {
    this.#bus = bus;
    this.#records = records;
    this.#lengthMs = lengthMs;
  }

  start(): void {
    this.#running = this.#run();
    this.#running.catch(() => {}); // whoever waits for the end is told
  }

  /** Resolves when everything is safe on the bus. */
  async ended(): Promise<void> {
    await this.#running;
  }

  /** Resolves when that part of the time is over. */
  async reached(at: number): Promise<void> {
    if (at <= this.#at) return;
    const reached = new Promise<void>((resolve) => this.#waiting.push({ at, resolve }));
    await Promise.race([reached, this.#running]);
  }

  async #run(): Promise<void> {
    const startMs = Date.now();
    const published: Promise<void>[] = [];
    for (let i = 0; i < this.#records.length; ) {
      this.#advance(Math.min(1, (Date.now() - startMs) / this.#lengthMs));
      const batches = new Map<number, Uint8Array[]>();
      for (; i < this.#records.length && this.#records[i]!.at <= this.#at; i++) {
        const { partition, record } = this.#records[i]!;
        const batch = batches.get(partition) ?? [];
        batch.push(record);
        batches.set(partition, batch);
      }
      for (const [partition, records] of batches) published.push(this.#bus.publish(partition, records));
      await wait(TURN_MS);
    }
    this.#advance(1);
    await Promise.all(published);
  }

  #advance(at: number): void {
    this.#at = at;
    for (const waiting of [...this.#waiting]) {
      if (waiting.at > at) continue;
      this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
      waiting.resolve();
    }
  }
}
