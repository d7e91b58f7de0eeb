import { parseConfig } from '../app/config.ts';
import { processIo } from '../app/process-io.ts';
import { kafkaOptions, openTopics, topicPlan } from '../app/roles/bus.ts';
import type { RoleContext } from '../app/roles/context.ts';
import { DeadLetterBox } from '../app/roles/dead-letters.ts';
import { NO_ROWS } from '../app/roles/open-rows.ts';
import { createHealth } from '../infra/health.ts';
import type { KafkaOptions } from '../infra/kafka-options.ts';
import { setupKafkaTopics } from '../infra/kafka-topics.ts';
import { createLog } from '../infra/log.ts';
import { createMetrics } from '../infra/metrics.ts';

/** Where a task works. */
export interface Place {
  readonly brokers: string;
  /** topics are made where they are missing */
  readonly prefix: string;
  /** of `fragments` */
  readonly partitions: number;
  /** folder of snapshots */
  readonly state: string;
}

/** The text of a config file for this place: nothing else is set, so everything is as users have it. */
export function configText({ brokers, prefix, partitions, state }: Place, more: object = {}): string {
  const topics = { partitions, replication: 1 };
  const bus = { kafka: { brokers: brokers.split(','), prefix, topics } };
  return JSON.stringify({ bus, state, store: 'none', log: { level: 'warn', format: 'text' }, ...more });
}

const settingsOf = (place: Place) => parseConfig(configText(place), 'bench').live.bus.kafka!;

export const optionsOf = (place: Place): KafkaOptions => kafkaOptions(settingsOf(place));

/** The topics of this place, made where they are missing. */
export async function makeTopics(place: Place): Promise<void> {
  const kafka = settingsOf(place);
  await setupKafkaTopics(kafkaOptions(kafka), topicPlan(kafka));
}

export interface BenchContext {
  readonly context: RoleContext;
  close(): Promise<void>;
}

/** What a process of a live installation gives its roles, without its HTTP endpoint. */
export async function openContext(place: Place, signal: AbortSignal): Promise<BenchContext> {
  const config = parseConfig(configText(place), 'bench');
  const log = createLog({ level: 'warn', format: 'text' });
  await makeTopics(place);
  const topics = await openTopics(config.live.bus, log);
  const context: RoleContext = {
    stateDir: place.state,
    config,
    model: null,
    topics,
    rows: NO_ROWS,
    hasStore: false,
    deadLetters: new DeadLetterBox(topics.rejects),
    log,
    metrics: createMetrics(),
    health: createHealth(),
    io: processIo(),
    signal,
    nowMs: Date.now,
    elapsedMs: () => performance.now(),
  };
  return { context, close: () => topics.close() };
}
