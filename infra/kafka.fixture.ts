import { randomUUID } from 'node:crypto';
import { describe } from '@jest/globals';
import type { Bus, BusBatch } from './bus.ts';
import { texts } from './bus-contract.fixture.ts';
import { type KafkaHooks, openKafkaTopics } from './bus-kafka.ts';
import { createKafkaClient } from './kafka-client.ts';
import { DEFAULT_KAFKA, type KafkaOptions, type TopicPlan } from './kafka-options.ts';
import { setupKafkaTopics } from './kafka-topics.ts';
import type { Topics } from './topics.ts';

// biome-ignore lint/style/noProcessEnv: how a test run is told of its broker
const { KAFKA_BROKERS } = process.env;

/** `describe`, or skipped where there is no Kafka: what to say of that has been said by jest-setup.mjs. */
export const describeKafka = KAFKA_BROKERS === undefined ? describe.skip : describe;

/** Timeouts as short as brokers allow, and topics of its own. */
export const freshOptions = (changes: Partial<KafkaOptions> = {}): KafkaOptions => ({
  ...DEFAULT_KAFKA,
  brokers: (KAFKA_BROKERS ?? '').split(','),
  prefix: `test-${randomUUID()}`,
  sessionTimeoutMs: 6_000, // the least that brokers take unless told otherwise
  heartbeatMs: 100,
  ...changes,
});

export const planOf = (partitions: number): TopicPlan => ({
  partitions: { fragments: partitions, verdicts: 1, alerts: 1, notices: 1, rejects: 1, sources: 1 },
  replication: 1,
  retentionMs: {
    fragments: 3_600_000,
    verdicts: 3_600_000,
    alerts: 3_600_000,
    notices: 3_600_000,
    rejects: 3_600_000,
    sources: 3_600_000,
  },
});

const opened: Topics[] = [];
const optionsOf = new WeakMap<Bus, KafkaOptions>();

/** Topics, made where they are not there: `options` of an earlier call for another member of the same groups. */
export async function openTopics(
  given: { partitions?: number; options?: KafkaOptions; hooks?: KafkaHooks } = {},
): Promise<Topics> {
  const options = given.options ?? freshOptions();
  await setupKafkaTopics(options, planOf(given.partitions ?? 1));
  const topics = await openKafkaTopics(options, given.hooks);
  opened.push(topics);
  optionsOf.set(topics.fragments, options);
  return topics;
}

/** What retention does, at once. */
export async function retire(bus: Bus, partition: number, before: number): Promise<void> {
  const options = optionsOf.get(bus)!;
  const topic = `${options.prefix}.fragments`;
  const admin = createKafkaClient(options).openAdmin();
  await admin.connect();
  try {
    await admin.fetchTopicMetadata({ topics: [topic] }); // or kafkajs does not know the leader
    await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(before) }] });
  } finally {
    await admin.disconnect();
  }
}

export async function closeKafka(): Promise<void> {
  await Promise.all(opened.splice(0).map((topics) => topics.close()));
}

/** A member of a group that reads until it is told to stop, and remembers everything. */
export class Reading {
  /** what it has now */
  has: readonly number[] = [];
  /** partitions it was asked about, in order */
  readonly asked: number[] = [];
  readonly got: string[][] = [];
  readonly ended: Promise<void>;
  readonly #controller = new AbortController();
  readonly #watchers = new Set<() => void>();

  constructor(bus: Bus, group: string, handle: (batch: BusBatch) => unknown, onRevoking = async () => {}) {
    for (let partition = 0; partition < bus.partitions; partition++) this.got.push([]);
    this.ended = this.#read(bus, group, handle, onRevoking);
    this.ended.catch(() => {}); // awaited by those who care, later
  }

  /** Resolves as soon as it holds; looked at after everything that happens here. */
  async until(holds: () => boolean): Promise<void> {
    await Promise.race([
      this.ended,
      new Promise<void>((resolve) => {
        const look = () => {
          if (holds() && this.#watchers.delete(look)) resolve();
        };
        this.#watchers.add(look);
        look();
      }),
    ]);
  }

  async stop(): Promise<void> {
    this.#controller.abort();
    await this.ended;
  }

  async #read(
    bus: Bus,
    group: string,
    handle: (batch: BusBatch) => unknown,
    onRevoking: () => Promise<void>,
  ): Promise<void> {
    const batches = bus.subscribe(group, {
      signal: this.#controller.signal,
      maxBatchBytes: 64,
      onRevoking,
      onAssigned: (partitions) => {
        this.has = partitions;
        this.#happened();
      },
      startAt: (partition) => {
        this.asked.push(partition);
        return null;
      },
    });
    for await (const batch of batches) {
      this.got[batch.partition]!.push(...texts(batch));
      await handle(batch);
      this.#happened();
    }
  }

  #happened(): void {
    for (const look of this.#watchers) look();
  }
}
