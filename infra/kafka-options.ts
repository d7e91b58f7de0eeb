import type { TopicName } from './topics.ts';

/** How to reach a Kafka cluster. Everything here can be set in the configuration, under `bus.kafka`. */
export interface KafkaOptions {
  /** host:port each, at least one */
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** topics are `<prefix>.fragments` …, groups `<prefix>-<group>` */
  readonly prefix: string;
  /** null = plain text */
  readonly tls: KafkaTls | null;
  readonly sasl: KafkaSasl | null;
  /** of record batches; blocks of fragments are compact already */
  readonly compression: 'none' | 'gzip';
  readonly connectionTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** a member that is not heard of for so long loses its partitions */
  readonly sessionTimeoutMs: number;
  readonly heartbeatMs: number;
  /** how long a rebalance waits for members that save their state */
  readonly rebalanceTimeoutMs: number;
  /** of one answer of a broker */
  readonly maxFetchBytes: number;
  /** how long a broker waits for something to answer with */
  readonly maxWaitMs: number;
}

export interface KafkaTls {
  /** PEM; left out = the certificate authorities that Node knows */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

export interface KafkaSasl {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  readonly username: string;
  readonly password: string;
}

/** What `tripline setup` makes where it is not there. */
export interface TopicPlan {
  readonly partitions: Readonly<Record<TopicName, number>>;
  /** copies of each partition; 3 in a cluster worth the name */
  readonly replication: number;
  readonly retentionMs: Readonly<Record<TopicName, number>>;
}

export const DEFAULT_KAFKA: Omit<KafkaOptions, 'brokers'> = {
  clientId: 'tripline',
  prefix: 'tripline',
  tls: null,
  sasl: null,
  compression: 'none',
  connectionTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  sessionTimeoutMs: 30_000,
  heartbeatMs: 3_000,
  rebalanceTimeoutMs: 60_000,
  maxFetchBytes: 8 * 1024 * 1024,
  maxWaitMs: 100,
};
