import { setTimeout as wait } from 'node:timers/promises';
import type { TopicName, Topics } from '../../infra/topics.ts';

/** Between two looks at the clock, ms. */
const TURN_MS = 20;

/** A record, and when it is its turn: from 0, the start, to 1, the end. */
export interface Due {
  readonly at: number;
  readonly topic: TopicName;
  readonly partition: number;
  readonly record: Uint8Array;
}

/** The records of each partition, in their order, spread evenly. */
export function spread(topic: TopicName, partitions: readonly (readonly Uint8Array[])[]): Due[] {
  return partitions.flatMap((records, partition) =>
    records.map((record, i) => ({ at: (i + 0.5) / records.length, topic, partition, record })),
  );
}

/** Stable: what is due at one time stays in its order. */
export const inTurn = (records: readonly Due[]): Due[] => [...records].sort((a, b) => a.at - b.at);

/** Publishes records at their time, however long a publish takes: the order in each partition is that of the list. */
export class Feeder {
  readonly #topics: Topics;
  readonly #records: readonly Due[];
  readonly #lengthMs: number;
  readonly #waiting: { readonly at: number; readonly resolve: () => void }[] = [];
  #running: Promise<void> = Promise.resolve();
  #at = 0;

  constructor(topics: Topics, records: readonly Due[], lengthMs: number) {
    this.#topics = topics;
    this.#records = inTurn(records);
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
      for (; i < this.#records.length && this.#records[i]!.at <= this.#at; i++) {
        const { topic, partition, record } = this.#records[i]!;
        const sent = this.#topics[topic].publish(partition, [record]);
        sent.catch(() => {}); // thrown at the end
        published.push(sent);
      }
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
