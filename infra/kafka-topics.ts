import { setTimeout as sleep } from 'node:timers/promises';
import { BusError } from './bus.ts';
import { createKafkaClient, type KafkaAdmin, type KafkaClient, type KafkaLog } from './kafka-client.ts';
import { busErrorOf, remedyOf, typeOf } from './kafka-errors.ts';
import type { KafkaOptions, TopicPlan } from './kafka-options.ts';
import { TOPICS, type TopicName } from './topics.ts';

/** A block of fragments is far smaller; one long verdict or reject is not to be what stops a deployment. */
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;
/** what brokers take where nothing else is set, and what is assumed where the setting may not be read */
const DEFAULT_MAX_MESSAGE_BYTES = 1_048_588;
/** of a batch of records around its records */
const BATCH_OVERHEAD_BYTES = 128;
const LEADER_PAUSE_MS = 250;
const LEADER_ATTEMPTS = 120;
const TOPIC_CONFIG = 2; // Kafka's number of this kind of resource

const nameOf = (prefix: string, topic: TopicName): string => `${prefix}.${topic}`;

/** What a topic of the plan is made with. */
function settingsOf(plan: TopicPlan, topic: TopicName): Record<string, string> {
  return {
    'cleanup.policy': 'delete',
    'retention.ms': String(plan.retentionMs[topic]),
    'max.message.bytes': String(MAX_MESSAGE_BYTES),
    // one replica may be away without stopping anything, and what is acknowledged is on two
    ...(plan.replication >= 3 ? { 'min.insync.replicas': '2' } : {}),
  };
}

/**
 * Makes the topics that are missing, and waits until they can be used. Those that are there are left as they are: where
 * they differ from the plan that is said, for only somebody who knows what reads them can change them.
 *
 * @returns what was done and found, a line each
 * @throws {BusError} UNREACHABLE, REFUSED
 */
export async function setupKafkaTopics(options: KafkaOptions, plan: TopicPlan, log?: KafkaLog): Promise<string[]> {
  const client = createKafkaClient(options, log);
  const admin = client.openAdmin();
  try {
    await admin.connect();
    const existing = new Set(await admin.listTopics());
    const missing = TOPICS.filter((topic) => !existing.has(nameOf(options.prefix, topic)));
    if (missing.length > 0) await create(admin, options.prefix, plan, missing);
    const names = missing.map((topic) => nameOf(options.prefix, topic));
    if (names.length > 0) await waitForLeaders(admin, names);
    const lines = TOPICS.map(async (topic) => {
      const name = nameOf(options.prefix, topic);
      return missing.includes(topic) ? [made(name, plan, topic)] : await compare(admin, name, plan, topic);
    });
    return (await Promise.all(lines)).flat();
  } catch (error) {
    throw busErrorOf(error, 'setting up the topics', options);
  } finally {
    await admin.disconnect().catch(() => {});
  }
}

/** The same as commands of Kafka's own tools, for where only an administrator may make topics. */
export function describeTopics(
  { brokers, prefix }: Pick<KafkaOptions, 'brokers' | 'prefix'>,
  plan: TopicPlan,
): string[] {
  return TOPICS.map((topic) => {
    const settings = Object.entries(settingsOf(plan, topic)).map(([name, value]) => `--config ${name}=${value}`);
    return [
      `kafka-topics.sh --bootstrap-server ${brokers.join(',')} --create --if-not-exists --topic ${nameOf(prefix, topic)}`,
      `--partitions ${plan.partitions[topic]} --replication-factor ${plan.replication}`,
      ...settings,
    ].join(' ');
  });
}

/** How many bytes of records each topic takes in one batch. Without the right to read it, Kafka's default is assumed. */
export async function readMaxBatchBytes(client: KafkaClient, topics: readonly string[]): Promise<Map<string, number>> {
  const admin = client.openAdmin();
  const limits = new Map<string, number>();
  try {
    await admin.connect();
    for (const topic of topics) {
      const settings = await readSettings(admin, topic);
      const bytes = Number(settings.get('max.message.bytes') ?? DEFAULT_MAX_MESSAGE_BYTES);
      limits.set(topic, bytes - BATCH_OVERHEAD_BYTES);
    }
    return limits;
  } finally {
    await admin.disconnect().catch(() => {});
  }
}

async function create(admin: KafkaAdmin, prefix: string, plan: TopicPlan, topics: readonly TopicName[]): Promise<void> {
  await admin.createTopics({
    waitForLeaders: false, // kafkajs gives up on a broker that has much to do
    topics: topics.map((topic) => ({
      topic: nameOf(prefix, topic),
      numPartitions: plan.partitions[topic],
      replicationFactor: plan.replication,
      configEntries: Object.entries(settingsOf(plan, topic)).map(([name, value]) => ({ name, value })),
    })),
  });
}

/** A broker takes a moment to know what it has just been told to make. @throws what a broker says after all attempts */
async function waitForLeaders(admin: KafkaAdmin, names: string[]): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      const { topics } = await admin.fetchTopicMetadata({ topics: names });
      if (topics.every(({ partitions }) => partitions.every(({ leader }) => leader >= 0))) return;
    } catch (error) {
      if (remedyOf(error) !== 'retry' || attempt >= LEADER_ATTEMPTS) throw error;
    }
    if (attempt >= LEADER_ATTEMPTS) throw new BusError('UNREACHABLE', `no leader yet of ${names.join(', ')}`);
    await sleep(LEADER_PAUSE_MS);
  }
}

const made = (name: string, plan: TopicPlan, topic: TopicName): string =>
  `${name}: made, ${plan.partitions[topic]} partitions, ${plan.replication} replicas, kept ${hours(plan.retentionMs[topic])}`;

async function compare(admin: KafkaAdmin, name: string, plan: TopicPlan, topic: TopicName): Promise<string[]> {
  const { topics } = await admin.fetchTopicMetadata({ topics: [name] });
  const partitions = topics[0]!.partitions.length;
  const retentionMs = (await readSettings(admin, name)).get('retention.ms');
  const lines = [`${name}: was there, ${partitions} partitions`];
  if (partitions !== plan.partitions[topic]) {
    lines.push(`${name}: has ${partitions} partitions, the plan says ${plan.partitions[topic]}: left as it is`);
  }
  if (retentionMs !== undefined && Number(retentionMs) !== plan.retentionMs[topic]) {
    const planned = hours(plan.retentionMs[topic]);
    lines.push(`${name}: keeps records ${hours(Number(retentionMs))}, the plan says ${planned}: left as it is`);
  }
  return lines;
}

/** None where they may not be read. */
async function readSettings(admin: KafkaAdmin, topic: string): Promise<Map<string, string>> {
  try {
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: TOPIC_CONFIG, name: topic, configNames: ['retention.ms', 'max.message.bytes'] }],
    });
    return new Map(resources[0]?.configEntries.map(({ configName, configValue }) => [configName, configValue]));
  } catch (error) {
    if (typeOf(error)?.endsWith('AUTHORIZATION_FAILED')) return new Map();
    throw error;
  }
}

const hours = (ms: number): string => (ms < 0 ? 'for ever' : `${Number((ms / 3_600_000).toFixed(2))} h`);
