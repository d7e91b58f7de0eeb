import { createKafkaClient } from './kafka-client.ts';
import { busErrorOf } from './kafka-errors.ts';
import type { KafkaOptions } from './kafka-options.ts';
import { TOPICS, type TopicName } from './topics.ts';

/** null = there is no such topic. */
export type FoundTopics = Readonly<Record<TopicName, number | null>>;

const PATIENCE_MS = 4000;

/** How many partitions each of our topics has. Reads only. @throws {BusError} UNREACHABLE, REFUSED */
export async function findKafkaTopics(options: KafkaOptions): Promise<FoundTopics> {
  const connectionTimeoutMs = Math.min(options.connectionTimeoutMs, PATIENCE_MS);
  const requestTimeoutMs = Math.min(options.requestTimeoutMs, PATIENCE_MS);
  const admin = createKafkaClient({ ...options, connectionTimeoutMs, requestTimeoutMs }, () => {}).openAdmin();
  try {
    await admin.connect();
    const existing = new Set(await admin.listTopics());
    const names = TOPICS.map((topic) => [topic, `${options.prefix}.${topic}`] as const);
    const there = names.flatMap(([, name]) => (existing.has(name) ? [name] : []));
    const { topics } = there.length === 0 ? { topics: [] } : await admin.fetchTopicMetadata({ topics: there });
    const partitions = new Map(topics.map((topic) => [topic.name, topic.partitions.length]));
    return Object.fromEntries(names.map(([topic, name]) => [topic, partitions.get(name) ?? null])) as FoundTopics;
  } catch (error) {
    throw busErrorOf(error, 'looking at the topics', options);
  } finally {
    await admin.disconnect().catch(() => {});
  }
}
