import type { Broker, Cluster, KafkaClient } from './kafka-client.ts';
import { typeOf } from './kafka-errors.ts';

/**
 * The connections of one user of the cluster, made when they are first needed. After a failure of the network they are
 * all thrown away and made anew: a connection that half worked is not repaired.
 */
export class KafkaConnection {
  readonly #client: KafkaClient;
  readonly #topics: readonly string[];
  #cluster: Promise<Cluster> | null = null;
  #stale = false;

  constructor(client: KafkaClient, topics: readonly string[]) {
    this.#client = client;
    this.#topics = topics;
  }

  /** Connected, with metadata of the topics. @throws kafkajs' errors */
  async cluster(): Promise<Cluster> {
    this.#cluster ??= this.#open();
    const opened = this.#cluster;
    try {
      const cluster = await opened;
      if (this.#stale) await cluster.refreshMetadata();
      else await cluster.refreshMetadataIfNecessary();
      this.#stale = false;
      return cluster;
    } catch (error) {
      if (this.#cluster === opened) await this.failed(error);
      throw error;
    }
  }

  /** node id of the leader of each partition that has one */
  async leaders(topic: string): Promise<ReadonlyMap<number, number>> {
    const metadata = (await this.cluster()).findTopicPartitionMetadata(topic);
    return new Map(
      metadata.filter(({ leader }) => leader >= 0).map(({ partitionId, leader }) => [partitionId, leader]),
    );
  }

  async broker(nodeId: number): Promise<Broker> {
    return await (await this.cluster()).findBroker({ nodeId });
  }

  async coordinator(groupId: string): Promise<Broker> {
    const cluster = await this.cluster();
    const anyBroker = await cluster.findControllerBroker();
    const { coordinator } = await anyBroker.findGroupCoordinator({ groupId, coordinatorType: 0 });
    return await cluster.findBroker({ nodeId: coordinator.nodeId });
  }

  /** To be told of every error, so that the next attempt does not meet the same broken connection or old metadata. */
  async failed(error: unknown): Promise<void> {
    this.#stale = true;
    if (typeOf(error) === null) await this.close();
  }

  /** Cuts off requests under way. Another use opens again. */
  async close(): Promise<void> {
    const cluster = this.#cluster;
    this.#cluster = null;
    await cluster?.then((opened) => opened.disconnect()).catch(() => {});
  }

  async #open(): Promise<Cluster> {
    const cluster = this.#client.openCluster();
    try {
      await cluster.connect();
      await cluster.addMultipleTargetTopics(this.#topics);
      return cluster;
    } catch (error) {
      await cluster.disconnect();
      throw error;
    }
  }
}
