import { type Bus, type BusBatch, BusError, type SubscribeOptions } from './bus.ts';
import { createKafkaClient, type KafkaClient, type KafkaLog } from './kafka-client.ts';
import { KafkaConnection } from './kafka-connection.ts';
import { busErrorOf, typeOf } from './kafka-errors.ts';
import type { KafkaOptions } from './kafka-options.ts';
import { KafkaProducer } from './kafka-producer.ts';
import type { OnTrouble } from './kafka-retry.ts';
import { KafkaSubscription } from './kafka-subscription.ts';
import { readMaxBatchBytes } from './kafka-topics.ts';
import { TOPICS, type TopicName, type Topics } from './topics.ts';

/** Published records that wait for the brokers, all topics together, before publishing waits for room. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;

export interface KafkaHooks {
  /** what goes wrong and is tried again: for the log of operators */
  readonly onTrouble?: OnTrouble;
  /** what the client library says itself; left out = nothing */
  readonly log?: KafkaLog;
  readonly maxWaitingBytes?: number;
}

interface TopicContext {
  readonly client: KafkaClient;
  readonly kafka: KafkaOptions;
  readonly producer: KafkaProducer;
  readonly topic: string;
  readonly partitions: number;
  readonly hooks: KafkaHooks;
}

/**
 * One topic. Members of a group share its partitions, whichever process they are in: there is no GROUP_TAKEN, and
 * `partitions` of `subscribe` is refused. A batch that was handed out can be acked while its iteration lasts.
 */
class KafkaBus implements Bus {
  readonly partitions: number;
  readonly #context: TopicContext;
  readonly #subscriptions = new Set<KafkaSubscription>();
  readonly #publishing = new Set<Promise<void>>();
  #closed = false;

  constructor(context: TopicContext) {
    this.#context = context;
    this.partitions = context.partitions;
  }

  async publish(partition: number, records: readonly Uint8Array[]): Promise<void> {
    const { producer, topic } = this.#context;
    if (this.#closed) throw new BusError('CLOSED', 'the bus is closed');
    if (!Number.isInteger(partition) || partition < 0 || partition >= this.partitions) {
      throw new BusError('NO_SUCH_PARTITION', `no partition ${partition} of ${this.partitions} in ${topic}`);
    }
    if (records.length === 0) return;
    const sent = producer.send(topic, partition, records);
    const settled = sent.catch(() => {}).finally(() => this.#publishing.delete(settled));
    this.#publishing.add(settled);
    await sent;
  }

  async publishToAll(records: readonly Uint8Array[]): Promise<void> {
    await Promise.all(Array.from({ length: this.partitions }, (_, partition) => this.publish(partition, records)));
  }

  async *subscribe(group: string, options: SubscribeOptions = {}): AsyncGenerator<BusBatch> {
    if (this.#closed) throw new BusError('CLOSED', 'the bus is closed');
    if (options.partitions !== undefined) {
      throw new BusError('REFUSED', 'on Kafka the group says who reads which partitions');
    }
    const { client, kafka, topic, hooks } = this.#context;
    const subscription = new KafkaSubscription({
      client,
      kafka,
      topic,
      group: `${kafka.prefix}-${group}`,
      partitions: this.partitions,
      reader: options,
      ...(hooks.onTrouble === undefined ? {} : { onTrouble: hooks.onTrouble }),
    });
    this.#subscriptions.add(subscription);
    try {
      yield* subscription.batches();
    } finally {
      this.#subscriptions.delete(subscription);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    const stopped = [...this.#subscriptions].map((subscription) => subscription.stopped());
    await Promise.all([...stopped, ...this.#publishing]);
  }
}

/**
 * The topics `<prefix>.fragments` … of a cluster. One producer is shared, a subscription has connections of its own.
 *
 * @throws {BusError} UNREACHABLE, REFUSED (password, certificate, ACL), NO_SUCH_TOPIC
 */
export async function openKafkaTopics(options: KafkaOptions, hooks: KafkaHooks = {}): Promise<Topics> {
  const client = createKafkaClient(options, hooks.log);
  const names = TOPICS.map((name) => `${options.prefix}.${name}`);
  const counts = await countPartitions(client, options, names);
  const limits = await readMaxBatchBytes(client, names);
  const producer = new KafkaProducer({
    client,
    kafka: options,
    topics: names,
    maxBatchBytes: (topic) => limits.get(topic)!,
    maxWaitingBytes: hooks.maxWaitingBytes ?? MAX_WAITING_BYTES,
    ...(hooks.onTrouble === undefined ? {} : { onTrouble: hooks.onTrouble }),
  });
  const buses = TOPICS.map((name, i): [TopicName, KafkaBus] => {
    const topic = names[i]!;
    return [name, new KafkaBus({ client, kafka: options, producer, topic, partitions: counts.get(topic)!, hooks })];
  });
  return {
    ...(Object.fromEntries(buses) as Record<TopicName, KafkaBus>),
    async close() {
      const closing = buses.map(([, bus]) => bus.close());
      await producer.close();
      await Promise.all(closing);
    },
  };
}

async function countPartitions(
  client: KafkaClient,
  options: KafkaOptions,
  topics: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const connection = new KafkaConnection(client, []);
  try {
    const cluster = await connection.cluster();
    const counts = new Map<string, number>();
    for (const topic of topics) {
      await cluster.addMultipleTargetTopics([topic]).catch((error: unknown) => {
        if (typeOf(error) !== 'UNKNOWN_TOPIC_OR_PARTITION') throw error;
        throw new BusError('NO_SUCH_TOPIC', `there is no topic ${topic}: run \`tripline setup\``, { cause: error });
      });
      counts.set(topic, cluster.findTopicPartitionMetadata(topic).length);
    }
    return counts;
  } catch (error) {
    throw busErrorOf(error, 'opening the topics', options);
  } finally {
    await connection.close();
  }
}
