import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import {
  type Admin,
  AssignerProtocol,
  CompressionTypes,
  Kafka,
  type KafkaConfig,
  logLevel,
  type SASLOptions,
} from 'kafkajs';
import type { KafkaOptions } from './kafka-options.ts';

/**
 * The only file that knows kafkajs. What is used of it is its connections and its protocol layer (`Cluster`, `Broker`)
 * and its admin client. Its consumer and producer are not: the consumer hides the generation of the group, sets a
 * position that retention has passed back without a word, and beats only between fetches; the producer may take a
 * partition for sent whose leader moved between two tries. What stands in their place is kafka-member.ts,
 * kafka-fetcher.ts and kafka-producer.ts.
 */
export interface KafkaClient {
  /** not connected yet */
  openCluster(): Cluster;
  /** not connected yet */
  openAdmin(): KafkaAdmin;
}

export type KafkaAdmin = Admin;
export type KafkaLog = (level: 'error' | 'warn' | 'info', message: string) => void;

/** A view of the cluster with connections of its own: a pair of sockets a broker. Errors are those of kafka-errors.ts. */
export interface Cluster {
  connect(): Promise<void>;
  /** Also cuts off requests under way. */
  disconnect(): Promise<void>;
  /** From now on the metadata has these. @throws UNKNOWN_TOPIC_OR_PARTITION */
  addMultipleTargetTopics(topics: readonly string[]): Promise<void>;
  refreshMetadata(): Promise<void>;
  refreshMetadataIfNecessary(): Promise<void>;
  findTopicPartitionMetadata(topic: string): readonly { readonly partitionId: number; readonly leader: number }[];
  findBroker(node: { nodeId: number }): Promise<Broker>;
  findControllerBroker(): Promise<Broker>;
}

/** Requests of the Kafka protocol, as kafkajs takes and answers them. Any error in an answer is thrown. */
export interface Broker {
  initProducerId(request: { transactionTimeout: number }): Promise<{ producerId: string; producerEpoch: number }>;
  produce(request: ProduceRequest): Promise<unknown>;
  fetch(request: FetchRequest): Promise<{ responses: readonly { partitions: readonly FetchedPartition[] }[] }>;
  listOffsets(request: {
    isolationLevel: number;
    topics: readonly Topic<{ partition: number; timestamp: number }>[];
  }): Promise<{ responses: readonly Topic<{ partition: number; offset: string }>[] }>;
  findGroupCoordinator(request: {
    groupId: string;
    coordinatorType: number;
  }): Promise<{ coordinator: { nodeId: number } }>;
  joinGroup(request: JoinRequest): Promise<JoinAnswer>;
  syncGroup(request: Membership2 & { groupAssignment: readonly Assigned[] }): Promise<{ memberAssignment: Buffer }>;
  heartbeat(request: Membership): Promise<unknown>;
  leaveGroup(request: { groupId: string; memberId: string }): Promise<unknown>;
  offsetCommit(
    request: Membership & { topics: readonly Topic<{ partition: number; offset: string; metadata: null }>[] },
  ): Promise<unknown>;
  offsetFetch(request: {
    groupId: string;
    topics: readonly Topic<{ partition: number }>[];
  }): Promise<{ responses: readonly Topic<{ partition: number; offset: string }>[] }>;
}

interface Topic<Partition> {
  readonly topic: string;
  readonly partitions: readonly Partition[];
}

export interface ProduceRequest {
  readonly acks: -1;
  readonly timeout: number;
  readonly compression: number;
  readonly producerId: string;
  readonly producerEpoch: number;
  readonly topicData: readonly Topic<{
    readonly partition: number;
    readonly firstSequence: number;
    readonly messages: readonly { readonly key: null; readonly value: Buffer; readonly timestamp?: string }[];
  }>[];
}

export interface FetchRequest {
  readonly maxWaitTime: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly isolationLevel: number;
  readonly topics: readonly Topic<{ partition: number; fetchOffset: string; maxBytes: number }>[];
}

export interface FetchedPartition {
  readonly partition: number;
  readonly highWatermark: string;
  readonly messages: readonly {
    readonly offset: string;
    readonly value: Buffer | null;
    readonly isControlRecord?: boolean;
  }[];
}

export interface JoinRequest {
  readonly groupId: string;
  readonly sessionTimeout: number;
  readonly rebalanceTimeout: number;
  readonly memberId: string;
  readonly groupProtocols: readonly { readonly name: string; readonly metadata: Buffer }[];
}

export interface JoinAnswer {
  readonly generationId: number;
  readonly memberId: string;
  readonly leaderId: string;
  /** of all members where this is the leader, else none */
  readonly members: readonly { readonly memberId: string; readonly memberMetadata: Buffer }[];
}

export interface Membership {
  readonly groupId: string;
  readonly groupGenerationId: number;
  readonly memberId: string;
}

/** SyncGroup spells the generation differently. */
interface Membership2 {
  readonly groupId: string;
  readonly generationId: number;
  readonly memberId: string;
}

export interface Assigned {
  readonly memberId: string;
  readonly memberAssignment: Buffer;
}

/** What a member says of itself when it joins: `owned` is our own, opaque to Kafka. */
export const encodeMember = (topic: string, owned: Buffer): Buffer =>
  AssignerProtocol.MemberMetadata.encode({ version: 1, topics: [topic], userData: owned });

/** null where it is no member of ours */
export const decodeMember = (metadata: Buffer): Buffer | null =>
  AssignerProtocol.MemberMetadata.decode(metadata)?.userData ?? null;

export const encodeAssignment = (topic: string, partitions: readonly number[]): Buffer =>
  AssignerProtocol.MemberAssignment.encode({
    version: 1,
    assignment: { [topic]: [...partitions] },
    userData: Buffer.alloc(0),
  });

export const decodeAssignment = (topic: string, assignment: Buffer): number[] =>
  AssignerProtocol.MemberAssignment.decode(assignment)?.assignment[topic] ?? [];

export const codecOf = (compression: KafkaOptions['compression']): number =>
  compression === 'gzip' ? CompressionTypes.GZIP : CompressionTypes.None;

/** Costs nothing until a cluster or admin of it connects. `log` hears what kafkajs has to say, else nobody does. */
export function createKafkaClient(options: KafkaOptions, log?: KafkaLog): KafkaClient {
  return {
    openCluster: () => {
      const sockets = new Sockets();
      const cluster = clusterOf(new Kafka(configOf(options, sockets, log)));
      const disconnect = cluster.disconnect.bind(cluster);
      cluster.disconnect = async () => {
        sockets.destroy();
        await disconnect().catch(() => {});
      };
      return cluster;
    },
    openAdmin: () => new Kafka(configOf(options, new Sockets(), log)).admin(),
  };
}

/** kafkajs gives its cluster, the layer below producers and consumers, to partition assigners: so one asks for it. */
function clusterOf(kafka: Kafka): Cluster {
  let found: unknown;
  kafka.consumer({
    groupId: 'none', // it never runs
    allowAutoTopicCreation: false,
    partitionAssigners: [
      ({ cluster }) => {
        found = cluster;
        return {
          name: 'none',
          version: 0,
          protocol: () => ({ name: 'none', metadata: Buffer.alloc(0) }),
          assign: async () => [],
        };
      },
    ],
  });
  return found as Cluster;
}

function configOf(options: KafkaOptions, sockets: Sockets, log: KafkaLog | undefined): KafkaConfig {
  return {
    brokers: [...options.brokers],
    clientId: options.clientId,
    connectionTimeout: options.connectionTimeoutMs,
    authenticationTimeout: options.connectionTimeoutMs,
    requestTimeout: options.requestTimeoutMs,
    ...(options.sasl === null ? {} : { sasl: options.sasl as SASLOptions }),
    ...(options.tls === null ? {} : { ssl: { ...options.tls } }),
    // enough to try each broker once; what is worth more patience is retried by those who ask
    retry: { retries: options.brokers.length, initialRetryTime: 50, maxRetryTime: 500 },
    socketFactory: ({ host, port, ssl, onConnect }) => {
      const name = isIP(host) === 0 ? { servername: host } : {};
      const socket = ssl
        ? connectTls({ host, port, ...name, ...ssl }, onConnect)
        : connectPlain({ host, port }, onConnect);
      return sockets.add(socket.setKeepAlive(true, 60_000).setNoDelay(true));
    },
    logLevel: log === undefined ? logLevel.NOTHING : logLevel.INFO,
    logCreator: () => (entry) => {
      const level = entry.level === logLevel.ERROR ? 'error' : entry.level === logLevel.WARN ? 'warn' : 'info';
      log?.(level, `${entry.namespace}: ${entry.log.message}`);
    },
  };
}

/**
 * All sockets of a cluster. kafkajs waits for answers that may never come, forgets a socket where two requests connect at
 * once, and may connect once more when it was told to end; and it hears of a socket's errors, not of its end.
 */
class Sockets {
  readonly #open = new Set<Socket>();
  #destroyed = false;

  add(socket: Socket): Socket {
    this.#open.add(socket);
    socket.once('close', () => this.#open.delete(socket));
    if (this.#destroyed) this.destroy();
    return socket;
  }

  destroy(): void {
    this.#destroyed = true;
    for (const socket of this.#open) socket.destroy(new Error('closed by this client'));
  }
}
