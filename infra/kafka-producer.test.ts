import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Broker, Cluster, KafkaClient, ProduceRequest } from './kafka-client.ts';
import { DEFAULT_KAFKA } from './kafka-options.ts';
import { KafkaProducer } from './kafka-producer.ts';

type Fault = 'lost request' | 'lost answer' | 'forgets' | 'moves' | 'unknown';
const TOPIC = 't';
const PARTITIONS = 3;

const networkError = () =>
  Object.assign(new Error('closed'), { name: 'KafkaJSConnectionClosedError', retriable: true });
const protocolError = (type: string, retriable: boolean) => Object.assign(new Error(type), { type, retriable });

/** Two brokers that keep sequences as Kafka does, and fail as they are told, one fault a request. */
class SimulatedKafka implements KafkaClient {
  readonly logs: string[][] = Array.from({ length: PARTITIONS }, () => []);
  readonly requests: ProduceRequest[] = [];
  forgotten = false;
  readonly #faults: Fault[];
  readonly #leaders = Array.from({ length: PARTITIONS }, (_, partition) => partition % 2);
  readonly #sequences = new Map<string, { next: number; last: string }>();
  readonly #maxRecordBytes: number;
  #producers = 0;

  constructor(faults: readonly Fault[], maxRecordBytes = Number.MAX_SAFE_INTEGER) {
    this.#faults = [...faults];
    this.#maxRecordBytes = maxRecordBytes;
  }

  openAdmin(): never {
    throw new Error('a producer needs no admin');
  }

  openCluster(): Cluster {
    const metadata = () => this.#leaders.map((leader, partitionId) => ({ partitionId, leader }));
    let known = metadata();
    return {
      connect: async () => {},
      disconnect: async () => {},
      addMultipleTargetTopics: async () => {},
      refreshMetadataIfNecessary: async () => {},
      refreshMetadata: async () => {
        known = metadata();
      },
      findTopicPartitionMetadata: () => known,
      findBroker: async ({ nodeId }) => this.#broker(nodeId),
      findControllerBroker: async () => this.#broker(0),
    };
  }

  #broker(nodeId: number): Broker {
    const broker: Pick<Broker, 'produce' | 'initProducerId'> = {
      initProducerId: async () => ({ producerId: String(this.#producers++), producerEpoch: 0 }),
      produce: async (request) => {
        await new Promise(setImmediate);
        this.#produce(nodeId, request);
      },
    };
    return broker as Broker;
  }

  #produce(nodeId: number, request: ProduceRequest): void {
    this.requests.push(request);
    const fault = this.#faults.shift();
    if (fault === 'lost request') throw networkError();
    if (fault === 'unknown') throw protocolError('UNKNOWN', false);
    if (fault === 'moves') {
      for (let partition = 0; partition < PARTITIONS; partition++)
        this.#leaders[partition] = 1 - this.#leaders[partition]!;
    }
    if (fault === 'forgets') {
      this.forgotten = true;
      this.#sequences.clear();
    }
    const errors = request.topicData[0]!.partitions.map((batch) => this.#append(nodeId, request.producerId, batch));
    const error = errors.find((found) => found !== null);
    if (error) throw error;
    if (fault === 'lost answer') throw networkError();
  }

  /** Each partition for itself: one that fails does not keep the others from being stored. */
  #append(nodeId: number, producerId: string, batch: ProduceRequest['topicData'][0]['partitions'][0]): Error | null {
    const { partition, firstSequence, messages } = batch;
    if (this.#leaders[partition] !== nodeId) return protocolError('NOT_LEADER_FOR_PARTITION', true);
    if (messages.some(({ value }) => value.length > this.#maxRecordBytes))
      return protocolError('MESSAGE_TOO_LARGE', false);
    const key = `${producerId} ${partition}`;
    const known = this.#sequences.get(key);
    const name = `${firstSequence}+${messages.length}`;
    if (known?.last === name) return null; // the same again: said to be stored, which it is
    if (known === undefined && firstSequence > 0) return protocolError('UNKNOWN_PRODUCER_ID', false);
    if (known !== undefined && known.next !== firstSequence)
      return protocolError('OUT_OF_ORDER_SEQUENCE_NUMBER', false);
    this.#sequences.set(key, { next: firstSequence + messages.length, last: name });
    this.logs[partition]!.push(...messages.map(({ value }) => value.toString()));
    return null;
  }
}

const producerOn = (client: KafkaClient, maxBatchBytes = 200, maxWaitingBytes = 1_000) =>
  new KafkaProducer({
    client,
    kafka: { ...DEFAULT_KAFKA, brokers: ['simulated:1'], requestTimeoutMs: 5_000 },
    topics: [TOPIC],
    maxBatchBytes: () => maxBatchBytes,
    maxWaitingBytes,
  });
const bytes = (text: string) => new Uint8Array(Buffer.from(text));

test('whatever fails on the way, everything arrives in the order of the calls, and once unless the brokers forget', async () => {
  const fault = fc.constantFrom<Fault>('lost request', 'lost answer', 'forgets', 'moves', 'unknown');
  const calls = fc.array(
    fc.record({ partition: fc.nat({ max: PARTITIONS - 1 }), count: fc.integer({ min: 1, max: 9 }) }),
    {
      minLength: 1,
      maxLength: 30,
    },
  );
  const property = fc.asyncProperty(calls, fc.array(fault, { maxLength: 3 }), async (plan, faults) => {
    const kafka = new SimulatedKafka(faults);
    const producer = producerOn(kafka);
    const expected: string[][] = Array.from({ length: PARTITIONS }, () => []);
    let next = 0;
    const sent = plan.map(({ partition, count }) => {
      const texts = Array.from({ length: count }, () => String(next++));
      expected[partition]!.push(...texts);
      return producer.send(TOPIC, partition, texts.map(bytes));
    });
    await Promise.all(sent);
    await producer.close();
    const firsts = kafka.logs.map((log) => log.filter((text, i) => log.indexOf(text) === i));
    expect(firsts).toEqual(expected);
    if (!kafka.forgotten) expect(kafka.logs).toEqual(expected);
  });
  await fc.assert(property, { numRuns: 40 });
});

test('calls that wait together go in one request to each broker', async () => {
  const kafka = new SimulatedKafka([]);
  const producer = producerOn(kafka, 10_000, 1_000_000);
  await Promise.all(Array.from({ length: 60 }, (_, i) => producer.send(TOPIC, i % PARTITIONS, [bytes(String(i))])));
  expect(kafka.requests).toHaveLength(2);
  expect(
    kafka.requests.flatMap(({ topicData }) => topicData[0]!.partitions.map(({ messages }) => messages.length)),
  ).toEqual([20, 20, 20]);
  await producer.close();
});

test('one record that the brokers refuse costs its own call, not those it travelled with', async () => {
  const kafka = new SimulatedKafka([], 50);
  const producer = producerOn(kafka, 10_000, 1_000_000);
  const sizes = [1, 2, 80, 3, 4];
  const settled = await Promise.allSettled([
    ...sizes.map((size) => producer.send(TOPIC, 0, [new Uint8Array(size).fill(97)])),
    producer.send(TOPIC, 2, [bytes('other')]),
  ]);
  expect(settled.map(({ status }) => status)).toEqual([
    'fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'fulfilled',
  ]); // biome-ignore format: a row
  expect(settled[2]).toMatchObject({ reason: { code: 'REFUSED', message: expect.stringContaining('80 bytes') } });
  expect(kafka.logs).toEqual([['a', 'aa', 'aaa', 'aaaa'], [], ['other']]);
  await producer.close();
});

test('closing waits for what is under way, and takes nothing more', async () => {
  const kafka = new SimulatedKafka(['lost request']);
  const producer = producerOn(kafka);
  const sent = producer.send(TOPIC, 0, [bytes('a')]);
  await producer.close();
  await sent;
  expect(kafka.logs[0]).toEqual(['a']);
  await expect(producer.send(TOPIC, 0, [bytes('b')])).rejects.toMatchObject({ code: 'CLOSED' });
});
