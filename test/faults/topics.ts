import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openKafkaTopics } from '../../infra/bus-kafka.ts';
import { createKafkaClient, type KafkaAdmin } from '../../infra/kafka-client.ts';
import { DEFAULT_KAFKA, type KafkaOptions } from '../../infra/kafka-options.ts';
import { setupKafkaTopics } from '../../infra/kafka-topics.ts';
import { openSnapshots } from '../../infra/state.ts';
import type { TopicName, Topics } from '../../infra/topics.ts';

export const PARTITIONS = 4;
const KEPT_MS = 3_600_000;

/** Short, so that what has died is replaced soon, and long enough for a machine with too much to do. */
export const TIMES = {
  sessionTimeoutMs: 6_000,
  heartbeatMs: 500,
  rebalanceTimeoutMs: 20_000,
  connectionTimeoutMs: 3_000,
  requestTimeoutMs: 10_000,
} as const;

/** Who reads what until when a run is done. */
const GROUPS: readonly (readonly [group: string, topic: TopicName, snapshots: string])[] = [
  ['detect', 'fragments', 'fragments'],
  ['fleet', 'verdicts', 'fleet'],
  ['desk', 'alerts', 'desk'],
  ['deliver-file', 'notices', 'deliver-file'],
  ['store-alerts', 'alerts', 'store-alerts'],
  ['store-incidents', 'notices', 'store-incidents'],
  ['store-rejects', 'rejects', 'store-rejects'],
];

const optionsOf = (address: string, prefix: string): KafkaOptions => ({
  ...DEFAULT_KAFKA,
  ...TIMES,
  brokers: address.split(','),
  prefix,
});

/** Makes the topics `<prefix>.…` and opens them. */
export async function makeTopics(address: string, prefix: string): Promise<Topics> {
  const options = optionsOf(address, prefix);
  await setupKafkaTopics(options, {
    partitions: { fragments: PARTITIONS, verdicts: 1, alerts: 1, notices: 1, rejects: 1, sources: PARTITIONS },
    replication: 1,
    retentionMs: {
      fragments: KEPT_MS,
      verdicts: KEPT_MS,
      alerts: KEPT_MS,
      notices: KEPT_MS,
      rejects: KEPT_MS,
      sources: KEPT_MS,
    },
  });
  return await openKafkaTopics(options);
}

/** Everything that a topic holds, a list a partition. */
export async function readTopic(topics: Topics, name: TopicName, ends: readonly number[]): Promise<Uint8Array[][]> {
  const records: Uint8Array[][] = ends.map(() => []);
  const isWhole = () => records.every((list, partition) => list.length >= (ends[partition] ?? 0));
  if (isWhole()) return records;
  for await (const batch of topics[name].subscribe(`reader-of-${name}`, { startAt: () => 0 })) {
    records[batch.partition]!.push(...batch.records);
    if (isWhole()) break;
  }
  return records;
}

/** How far the groups of one prefix are; a connection of its own. */
export class Progress {
  readonly #prefix: string;
  readonly #admin: KafkaAdmin;

  private constructor(prefix: string, admin: KafkaAdmin) {
    this.#prefix = prefix;
    this.#admin = admin;
  }

  static async open(address: string, prefix: string): Promise<Progress> {
    const admin = createKafkaClient(optionsOf(address, prefix)).openAdmin();
    await admin.connect();
    return new Progress(prefix, admin);
  }

  /** Offsets behind the last record of each partition. */
  async ends(topic: TopicName): Promise<number[]> {
    const offsets = await this.#admin.fetchTopicOffsets(`${this.#prefix}.${topic}`);
    return offsets.sort((a, b) => a.partition - b.partition).map(({ offset }) => Number(offset));
  }

  /**
   * Records of each group that are neither acked nor in a snapshot: what a worker saved that was thrown out before it
   * could ack is acked with the next record.
   */
  async lags(stateDir: string): Promise<Map<string, number>> {
    const lags = new Map<string, number>();
    for (const [group, topic, snapshots] of GROUPS) {
      const ends = await this.ends(topic);
      const name = `${this.#prefix}.${topic}`;
      const groupId = `${this.#prefix}-${group}`;
      const [acked] = await this.#admin.fetchOffsets({ groupId, topics: [name] });
      let lag = 0;
      for (const { partition, offset } of acked?.partitions ?? []) {
        const end = ends[partition]!;
        if (Number(offset) >= end) continue;
        const saved = await savedOffset(join(stateDir, `${snapshots}-${String(partition).padStart(3, '0')}`));
        lag += Math.max(0, end - Math.max(Number(offset), saved));
      }
      lags.set(group, lag);
    }
    return lags;
  }

  /** Whether the group of the detect workers has settled on so many members. */
  async isSettled(members: number): Promise<boolean> {
    const { groups } = await this.#admin.describeGroups([`${this.#prefix}-detect`]);
    return groups[0]?.state === 'Stable' && groups[0].members.length === members;
  }

  async close(): Promise<void> {
    await this.#admin.disconnect();
  }
}

/** 0 where nothing was saved yet. */
async function savedOffset(dir: string): Promise<number> {
  if (!existsSync(dir)) return 0;
  const snapshot = await (await openSnapshots(dir)).load();
  return Number(snapshot?.positions['offset'] ?? 0);
}
