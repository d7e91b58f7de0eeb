import { Bell } from './bell.ts';
import type { Broker, KafkaClient } from './kafka-client.ts';
import { KafkaConnection } from './kafka-connection.ts';
import { remedyOf, typeOf } from './kafka-errors.ts';
import type { Feed } from './kafka-feed.ts';
import type { KafkaOptions } from './kafka-options.ts';
import { type OnTrouble, Patience } from './kafka-retry.ts';
import { StorageError } from './storage-error.ts';

const EARLIEST = -2;
const LATEST = -1;
const READ_COMMITTED = 1;
/** of one partition in an answer, at least; a larger batch of records comes all the same, alone */
const MIN_PARTITION_BYTES = 64 * 1024;

export interface FetcherOptions {
  readonly client: KafkaClient;
  readonly kafka: KafkaOptions;
  readonly topic: string;
  /** something has come for a feed */
  readonly onRecords: () => void;
  /** fetching has ended for good: OFFSET_GONE, or the cluster refuses */
  readonly onFailed: (error: unknown) => void;
  readonly onTrouble?: OnTrouble;
}

/**
 * Fills feeds from the leaders of their partitions, one request at a time to each broker, ahead of the reader: at most
 * half of `maxFetchBytes` waits before the next request of `maxFetchBytes` is made.
 */
export class KafkaFetcher {
  readonly #options: FetcherOptions;
  readonly #connection: KafkaConnection;
  readonly #patience: Patience;
  readonly #feeds = new Map<number, Feed>();
  readonly #bell = new Bell();
  readonly #busy = new Set<number>();
  readonly #stop = new AbortController();
  #running: Promise<void> | null = null;

  constructor(options: FetcherOptions) {
    this.#options = options;
    this.#connection = new KafkaConnection(options.client, [options.topic]);
    const { brokers } = options.kafka;
    this.#patience = new Patience(`reading ${options.topic} of Kafka at ${brokers.join(', ')}`, options.onTrouble);
  }

  add(feed: Feed): void {
    this.#feeds.set(feed.partition, feed);
    this.#running ??= this.#run();
    this.#bell.ring();
  }

  remove(partition: number): void {
    const feed = this.#feeds.get(partition);
    if (feed !== undefined) feed.closed = true;
    this.#feeds.delete(partition);
  }

  /** There is room again. */
  taken(): void {
    this.#bell.ring();
  }

  /** Offset of the oldest record kept, and behind the newest. One attempt. @throws kafkajs' errors */
  async range(partition: number): Promise<{ earliest: number; latest: number }> {
    try {
      const leader = (await this.#connection.leaders(this.#options.topic)).get(partition) ?? -1;
      const broker = await this.#connection.broker(leader);
      return {
        earliest: await this.#edge(broker, partition, EARLIEST),
        latest: await this.#edge(broker, partition, LATEST),
      };
    } catch (error) {
      await this.#connection.failed(error);
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#bell.ring();
    await this.#connection.close();
    await this.#running;
    await this.#connection.close(); // what was just being opened
  }

  async #edge(broker: Broker, partition: number, timestamp: number): Promise<number> {
    const { topic } = this.#options;
    const topics = [{ topic, partitions: [{ partition, timestamp }] }];
    const { responses } = await broker.listOffsets({ isolationLevel: READ_COMMITTED, topics });
    return Number(responses[0]!.partitions[0]!.offset);
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        await this.#fetchReady();
        await this.#bell.rung();
      } catch (error) {
        await this.#failed(error);
      }
    }
    while (this.#busy.size > 0) await this.#bell.rung();
  }

  async #fetchReady(): Promise<void> {
    let waiting = 0;
    for (const { bytes } of this.#feeds.values()) waiting += bytes;
    if (this.#feeds.size === 0 || waiting > this.#options.kafka.maxFetchBytes / 2) return;
    const leaders = await this.#connection.leaders(this.#options.topic);
    for (const nodeId of new Set([...this.#feeds.keys()].map((partition) => leaders.get(partition) ?? -1))) {
      if (this.#busy.has(nodeId)) continue;
      this.#busy.add(nodeId);
      void this.#fetch(
        nodeId,
        [...this.#feeds.values()].filter(({ partition }) => (leaders.get(partition) ?? -1) === nodeId),
      );
    }
  }

  async #fetch(nodeId: number, feeds: readonly Feed[]): Promise<void> {
    const { kafka, topic, onRecords } = this.#options;
    const asked = new Map(feeds.map((feed) => [feed.partition, { feed, from: feed.fetchOffset }]));
    try {
      const broker = await this.#connection.broker(nodeId);
      const maxBytes = Math.max(MIN_PARTITION_BYTES, Math.floor(kafka.maxFetchBytes / feeds.length));
      const partitions = feeds.map(({ partition, fetchOffset }) => ({
        partition,
        fetchOffset: String(fetchOffset),
        maxBytes,
      }));
      const { responses } = await broker.fetch({
        maxWaitTime: kafka.maxWaitMs,
        minBytes: 1,
        maxBytes: kafka.maxFetchBytes,
        isolationLevel: READ_COMMITTED,
        topics: [{ topic, partitions }],
      });
      for (const answer of responses.flatMap((response) => response.partitions)) {
        const { feed, from } = asked.get(answer.partition)!;
        feed.add(from, answer);
        if (feed.waiting) onRecords();
      }
      this.#patience.succeeded();
    } catch (error) {
      await this.#failed(error, asked);
    } finally {
      this.#busy.delete(nodeId);
      this.#bell.ring();
    }
  }

  async #failed(error: unknown, asked?: ReadonlyMap<number, { feed: Feed; from: number }>): Promise<void> {
    if (this.#stop.signal.aborted) return;
    await this.#connection.failed(error);
    try {
      if (typeOf(error) === 'OFFSET_OUT_OF_RANGE') await this.#findGone(asked!);
      else if (remedyOf(error) !== 'retry') throw error;
    } catch (final) {
      if (remedyOf(final) !== 'retry') {
        this.#stop.abort();
        this.#options.onFailed(final);
        return;
      }
    }
    await this.#patience.failed(error, this.#stop.signal);
  }

  /** The broker does not say of which partition. @throws {StorageError} OFFSET_GONE of the first that has none */
  async #findGone(asked: ReadonlyMap<number, { feed: Feed; from: number }>): Promise<void> {
    for (const [partition, { feed, from }] of asked) {
      if (feed.closed) continue;
      const { earliest, latest } = await this.range(partition);
      if (from >= earliest && from <= latest) continue;
      throw new StorageError(
        'OFFSET_GONE',
        `${this.#options.topic} partition ${partition}: offset ${from} is not kept, only ${earliest} to ${latest}`,
      );
    }
  }
}
