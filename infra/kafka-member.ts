import { setTimeout as sleep } from 'node:timers/promises';
import { assignSticky, decodeClaim, encodeClaim } from './kafka-assign.ts';
import {
  type Assigned,
  type Broker,
  decodeAssignment,
  decodeMember,
  encodeAssignment,
  encodeMember,
  type JoinAnswer,
  type Membership,
} from './kafka-client.ts';
import type { KafkaConnection } from './kafka-connection.ts';
import { typeOf } from './kafka-errors.ts';
import type { KafkaOptions } from './kafka-options.ts';

/**
 * How members of a group agree on who has what: part of the protocol between releases. It names the topic, so that Kafka
 * refuses a group that is used on two: one could not divide the other's partitions.
 */
const protocolOf = (topic: string): string => `tripline-sticky-1 ${topic}`;
/** A broker that does not answer in this time is not waited for. */
const LEAVE_MS = 2_000;
/** The group has gone on without this member, or as good as. */
const EXPELLED_TYPES = new Set([
  'UNKNOWN_MEMBER_ID',
  'ILLEGAL_GENERATION',
  'FENCED_INSTANCE_ID',
  'FENCED_MEMBER_EPOCH',
]);

/** true where the broker says that this member has lost all that it was given */
export const isExpelled = (error: unknown): boolean => EXPELLED_TYPES.has(typeOf(error) ?? '');
export const isRebalance = (error: unknown): boolean => typeOf(error) === 'REBALANCE_IN_PROGRESS';

export interface Given {
  /** ascending */
  readonly partitions: readonly number[];
  /**
   * No generation of the group has passed without this member since the last: what it had and still has was nobody
   * else's meanwhile.
   */
  readonly seamless: boolean;
}

export interface MemberOptions {
  readonly connection: KafkaConnection;
  readonly kafka: KafkaOptions;
  readonly groupId: string;
  readonly topic: string;
  readonly partitions: number;
}

/**
 * One member of a consumer group: the requests of Kafka's classic group protocol and what they change, one attempt each.
 * When to join and what to do about errors is decided by the subscription.
 */
export class KafkaMember {
  readonly #options: MemberOptions;
  #coordinator: Broker | null = null;
  #memberId = '';
  #generation = -1;
  #owned: readonly number[] = [];

  constructor(options: MemberOptions) {
    this.#options = options;
  }

  /** Waits until all members have joined: up to the rebalance timeout. @throws kafkajs' errors */
  async join(): Promise<Given> {
    const { groupId, topic, kafka } = this.#options;
    const before = { memberId: this.#memberId, generation: this.#generation };
    const coordinator = await this.#findCoordinator();
    const claim = encodeClaim({ owned: this.#owned, generation: this.#generation });
    const joined = await coordinator.joinGroup({
      groupId,
      sessionTimeout: kafka.sessionTimeoutMs,
      rebalanceTimeout: kafka.rebalanceTimeoutMs,
      memberId: this.#memberId,
      groupProtocols: [{ name: protocolOf(topic), metadata: encodeMember(topic, claim) }],
    });
    this.#memberId = joined.memberId;
    const { memberAssignment } = await coordinator.syncGroup({
      groupId,
      generationId: joined.generationId,
      memberId: joined.memberId,
      groupAssignment: joined.leaderId === joined.memberId ? this.#divide(joined) : [],
    });
    this.#generation = joined.generationId;
    this.#owned = decodeAssignment(topic, memberAssignment).sort((a, b) => a - b);
    const seamless = before.memberId === joined.memberId && joined.generationId <= before.generation + 1;
    return { partitions: this.#owned, seamless };
  }

  async heartbeat(): Promise<void> {
    await (await this.#findCoordinator()).heartbeat(this.#membership());
  }

  /** The group will go on at `offset`. Kafka checks the generation, not whether the partition is this member's. */
  async commit(partition: number, offset: number): Promise<void> {
    const coordinator = await this.#findCoordinator();
    const partitions = [{ partition, offset: String(offset), metadata: null }];
    await coordinator.offsetCommit({ ...this.#membership(), topics: [{ topic: this.#options.topic, partitions }] });
  }

  /** Where the group has acked to; null where it never has. */
  async committed(partition: number): Promise<number | null> {
    const { groupId, topic } = this.#options;
    const coordinator = await this.#findCoordinator();
    const { responses } = await coordinator.offsetFetch({ groupId, topics: [{ topic, partitions: [{ partition }] }] });
    const offset = Number(responses[0]?.partitions[0]?.offset ?? -1);
    return offset < 0 ? null : offset;
  }

  /** At once, so that the others need not wait for the session to time out. Best effort. */
  async leave(): Promise<void> {
    const { groupId } = this.#options;
    const memberId = this.#memberId;
    if (memberId === '') return;
    this.#memberId = '';
    const left = this.#findCoordinator().then((coordinator) => coordinator.leaveGroup({ groupId, memberId }));
    await Promise.race([left.catch(() => {}), sleep(LEAVE_MS, undefined, { ref: false })]);
  }

  /** To be told of every error but those of `join` that only ask for another attempt. */
  async failed(error: unknown): Promise<void> {
    this.#coordinator = null;
    if (typeOf(error) === 'UNKNOWN_MEMBER_ID') this.#memberId = '';
    await this.#options.connection.failed(error);
  }

  #membership(): Membership {
    return { groupId: this.#options.groupId, groupGenerationId: this.#generation, memberId: this.#memberId };
  }

  async #findCoordinator(): Promise<Broker> {
    this.#coordinator ??= await this.#options.connection.coordinator(this.#options.groupId);
    return this.#coordinator;
  }

  /** This member leads: it decides for all. */
  #divide({ members }: JoinAnswer): Assigned[] {
    const { topic, partitions } = this.#options;
    const claims = members.map(({ memberId, memberMetadata }) => decodeClaim(memberId, decodeMember(memberMetadata)));
    return [...assignSticky(claims, partitions)].map(([memberId, list]) => ({
      memberId,
      memberAssignment: encodeAssignment(topic, list),
    }));
  }
}
