import { Bell } from './bell.ts';
import { BusError } from './bus.ts';
import { type Cluster, codecOf, type KafkaClient, type ProduceRequest } from './kafka-client.ts';
import { KafkaConnection } from './kafka-connection.ts';
import { busErrorOf, remedyOf, typeOf } from './kafka-errors.ts';
import type { KafkaOptions } from './kafka-options.ts';
import { type Identity, Outbox, sizeOf } from './kafka-outbox.ts';
import { type OnTrouble, Patience } from './kafka-retry.ts';

/** The broker has forgotten what this producer has sent, or never knew: it has to begin as a new one. */
const FORGOTTEN_TYPES = new Set([
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'UNKNOWN_PRODUCER_ID',
  'INVALID_PRODUCER_EPOCH',
  'INVALID_PRODUCER_ID_MAPPING',
]);
const TOO_LARGE_TYPES = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE']);
const LAST_SEQUENCE = 2 ** 31 - 1;
/** of all partitions in one request; brokers take 100 MB by default */
const MAX_REQUEST_BYTES = 16 * 1024 * 1024;

export interface ProducerOptions {
  readonly client: KafkaClient;
  readonly kafka: KafkaOptions;
  readonly topics: readonly string[];
  /** what a topic takes in one batch of records, uncompressed */
  readonly maxBatchBytes: (topic: string) => number;
  /** records may wait for the brokers up to this size, before `send` waits for room */
  readonly maxWaitingBytes: number;
  readonly onTrouble?: OnTrouble;
}

/**
 * Sends records to partitions: idempotent, acknowledged by all replicas in sync, in the order of the calls, with one
 * request at a time to each broker. What comes while a request is under way goes with the next one, together.
 * A broker may be away for as long as it likes: nothing is given up but what it refuses.
 */
export class KafkaProducer {
  readonly #options: ProducerOptions;
  readonly #connection: KafkaConnection;
  readonly #patience: Patience;
  readonly #outboxes = new Map<string, Outbox>();
  /** calls that wait for room, in order */
  readonly #outside: { readonly bytes: number; readonly enter: () => void; readonly reject: (e: unknown) => void }[] =
    [];
  readonly #bell = new Bell();
  readonly #busy = new Set<number>();
  readonly #stop = new AbortController();
  #waitingBytes = 0;
  #identity: Identity | null = null;
  #running: Promise<void> | null = null;
  #closed = false;

  constructor(options: ProducerOptions) {
    this.#options = options;
    this.#connection = new KafkaConnection(options.client, options.topics);
    this.#patience = new Patience(`publishing to Kafka at ${options.kafka.brokers.join(', ')}`, options.onTrouble);
  }

  /** Resolves when all replicas in sync have the records. Takes a copy. @throws {BusError} CLOSED, REFUSED, UNREACHABLE */
  async send(topic: string, partition: number, records: readonly Uint8Array[]): Promise<void> {
    if (this.#closed) throw new BusError('CLOSED', 'the bus is closed');
    const largest = this.#options.maxBatchBytes(topic);
    const tooLarge = records.find((record) => sizeOf(record) > largest);
    if (tooLarge !== undefined) throw this.#tooLarge(topic, tooLarge.length);
    const copies = records.map((record) => Buffer.from(record));
    const bytes = copies.reduce((sum, record) => sum + sizeOf(record), 0);
    await new Promise<void>((resolve, reject) => {
      const enter = () => this.#outbox(topic, partition).add(copies, resolve, reject);
      this.#outside.push({ bytes, enter, reject });
      this.#admit();
    });
  }

  /** Waits for what is under way, but not longer than a request may take: what is then not stored is rejected. */
  async close(): Promise<void> {
    this.#closed = true;
    const running = this.#running ?? Promise.resolve();
    const giveUp = setTimeout(() => {
      this.#stop.abort();
      this.#bell.ring();
    }, this.#options.kafka.requestTimeoutMs);
    await running;
    clearTimeout(giveUp);
    this.#stop.abort();
    await this.#connection.close();
  }

  #outbox(topic: string, partition: number): Outbox {
    const outbox = new Outbox(topic, partition);
    const known = this.#outboxes.get(outbox.key) ?? outbox;
    this.#outboxes.set(outbox.key, known);
    return known;
  }

  /** In the order of the calls. While there is room, a call of any size is let in. */
  #admit(): void {
    while (this.#outside[0] !== undefined && this.#waitingBytes < this.#options.maxWaitingBytes) {
      const { bytes, enter } = this.#outside.shift()!;
      this.#waitingBytes += bytes;
      enter();
    }
    this.#running ??= this.#run();
    this.#bell.ring();
  }

  #freed(bytes: number): void {
    this.#waitingBytes -= bytes;
    this.#admit();
  }

  /** Until nothing waits. */
  async #run(): Promise<void> {
    await new Promise(setImmediate); // what is published together travels together
    while (this.#waiting() && !this.#stop.signal.aborted) {
      try {
        await this.#sendReady();
      } catch (error) {
        await this.#wait(error);
        if (remedyOf(error) !== 'retry') this.#rejectAll(busErrorOf(error, 'publishing', this.#options.kafka));
        continue;
      }
      await this.#bell.rung();
    }
    if (this.#stop.signal.aborted) await this.#giveUp();
    this.#running = null;
  }

  #waiting(): boolean {
    return [...this.#outboxes.values()].some((outbox) => !outbox.empty);
  }

  /** A request to each broker that has none under way and leads a partition that something waits for. */
  async #sendReady(): Promise<void> {
    const cluster = await this.#connection.cluster();
    this.#identity ??= await this.#identify(cluster);
    const ready = [...this.#outboxes.values()].filter((outbox) => !outbox.empty && !outbox.underWay);
    const leaderOf = ({ topic, partition }: Outbox) =>
      cluster.findTopicPartitionMetadata(topic).find(({ partitionId }) => partitionId === partition)?.leader ?? -1;
    for (const [nodeId, outboxes] of groupBy(ready, leaderOf)) {
      if (this.#busy.has(nodeId)) continue;
      this.#busy.add(nodeId);
      const chosen = this.#choose(outboxes);
      for (const outbox of chosen) outbox.underWay = true;
      void this.#request(nodeId, chosen, this.#identity);
    }
  }

  async #identify(cluster: Cluster): Promise<Identity> {
    const broker = await cluster.findControllerBroker();
    const { producerId, producerEpoch } = await broker.initProducerId({ transactionTimeout: 60_000 });
    return { producerId, producerEpoch, sequences: new Map() };
  }

  /** Those that a request has room for, or the one that goes alone. All take the turn of the first in time. */
  #choose(outboxes: readonly Outbox[]): Outbox[] {
    const alone = outboxes.find((outbox) => outbox.alone);
    if (alone !== undefined) return [alone];
    const chosen: Outbox[] = [];
    let bytes = 0;
    for (const outbox of outboxes) {
      bytes += outbox.batch(this.#options.maxBatchBytes(outbox.topic))!.bytes;
      if (chosen.length > 0 && bytes > MAX_REQUEST_BYTES) break;
      chosen.push(outbox);
      // the map keeps the order of insertion: who was served goes to its end
      this.#outboxes.delete(outbox.key);
      this.#outboxes.set(outbox.key, outbox);
    }
    return chosen;
  }

  async #request(nodeId: number, chosen: readonly Outbox[], identity: Identity): Promise<void> {
    const outboxes = new Set(chosen);
    try {
      const broker = await this.#connection.broker(nodeId);
      for (const group of this.#byIdentity(chosen, identity)) {
        await broker.produce(this.#requestOf(group));
        for (const outbox of group) {
          outboxes.delete(outbox);
          this.#stored(outbox);
        }
      }
      this.#patience.succeeded();
    } catch (error) {
      await this.#failed(error, [...outboxes]);
    } finally {
      for (const outbox of outboxes) outbox.underWay = false;
      this.#busy.delete(nodeId);
      this.#bell.ring();
    }
  }

  /** A batch that is tried again keeps its identity; a request has only one. */
  #byIdentity(outboxes: readonly Outbox[], identity: Identity): Outbox[][] {
    const identityOf = (outbox: Outbox) => {
      const batch = outbox.batch(this.#options.maxBatchBytes(outbox.topic))!;
      batch.identity ??= identity;
      return batch.identity;
    };
    return [...groupBy(outboxes, identityOf).values()];
  }

  #requestOf(outboxes: readonly Outbox[]): ProduceRequest {
    const { kafka, maxBatchBytes } = this.#options;
    const { producerId, producerEpoch, sequences } = outboxes[0]!.batch(0)!.identity!;
    const byTopic = groupBy(outboxes, ({ topic }) => topic);
    return {
      acks: -1,
      timeout: kafka.requestTimeoutMs,
      compression: codecOf(kafka.compression),
      producerId,
      producerEpoch,
      topicData: [...byTopic].map(([topic, list]) => ({
        topic,
        partitions: list.map((outbox) => ({
          partition: outbox.partition,
          firstSequence: sequences.get(outbox.key) ?? 0,
          messages: outbox.batch(maxBatchBytes(topic))!.records.map((value) => ({ key: null, value })),
        })),
      })),
    };
  }

  #stored(outbox: Outbox): void {
    const { identity, records } = outbox.batch(0)!;
    const next = (identity!.sequences.get(outbox.key) ?? 0) + records.length;
    identity!.sequences.set(outbox.key, next);
    if (next > LAST_SEQUENCE - records.length * 2) this.#forget(identity!);
    outbox.underWay = false;
    outbox.alone = false;
    this.#freed(outbox.stored());
  }

  async #failed(error: unknown, outboxes: readonly Outbox[]): Promise<void> {
    const type = typeOf(error) ?? '';
    if (FORGOTTEN_TYPES.has(type)) {
      for (const outbox of outboxes) this.#begin(outbox);
      return await this.#wait(error);
    }
    if (remedyOf(error) === 'retry') return await this.#wait(error);
    if (outboxes.length > 1) {
      for (const outbox of outboxes) outbox.alone = true;
      return;
    }
    const outbox = outboxes[0]!;
    if (type === 'DUPLICATE_SEQUENCE_NUMBER') return this.#stored(outbox);
    // it may be that an earlier try was stored after all: the next batch must not be taken for that one
    this.#begin(outbox);
    if (TOO_LARGE_TYPES.has(type) && outbox.halve()) return;
    const { records } = outbox.batch(0)!;
    const refusal = TOO_LARGE_TYPES.has(type)
      ? this.#tooLarge(outbox.topic, records[0]!.length)
      : busErrorOf(error, `publishing to ${outbox.topic}`, this.#options.kafka);
    this.#freed(outbox.refused(refusal));
  }

  /** As a new producer, for whom there is no past. */
  #begin(outbox: Outbox): void {
    const batch = outbox.batch(0)!;
    this.#forget(batch.identity);
    batch.identity = null;
  }

  #forget(identity: Identity | null): void {
    if (this.#identity === identity) this.#identity = null;
  }

  async #wait(error: unknown): Promise<void> {
    await this.#connection.failed(error);
    await this.#patience.failed(error, this.#stop.signal);
  }

  async #giveUp(): Promise<void> {
    await this.#connection.close();
    while (this.#busy.size > 0) await this.#bell.rung();
    const at = this.#options.kafka.brokers.join(', ');
    this.#rejectAll(new BusError('UNREACHABLE', `not stored by Kafka at ${at} before the bus was closed`));
  }

  #rejectAll(error: unknown): void {
    for (const outbox of this.#outboxes.values()) {
      while (!outbox.underWay && outbox.batch(Number.MAX_SAFE_INTEGER) !== null) {
        this.#waitingBytes -= outbox.refused(error);
      }
    }
    for (const { reject } of this.#outside.splice(0)) reject(error);
  }

  #tooLarge(topic: string, bytes: number): BusError {
    return new BusError('REFUSED', `a record of ${bytes} bytes is larger than ${topic} takes (its max.message.bytes)`);
  }
}

function groupBy<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}
