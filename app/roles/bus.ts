import { hostname } from 'node:os';
import type { KafkaOptions, KafkaSasl, KafkaTls, TopicPlan } from '../../infra/kafka-options.ts';
import type { Log } from '../../infra/log.ts';
import type { Topics } from '../../infra/topics.ts';
import { openLocalTopics } from '../../infra/topics-local.ts';
import type { BusSettings, KafkaSettings } from '../config-live.ts';
import { readNamed } from '../config-store.ts';

const HOUR_MS = 3600 * 1000;
const MEBIBYTE = 1024 * 1024;

/** What the configuration says carries events, opened. @throws {ConfigError | BusError | StorageError} */
export async function openTopics(bus: BusSettings, log: Log): Promise<Topics> {
  if (bus.kafka !== undefined) {
    const onTrouble = (message: string) => log.warn('kafka', { why: message });
    const { openKafkaTopics } = await import('../../infra/bus-kafka.ts'); // kafkajs is loaded where it is used
    return await openKafkaTopics(kafkaOptions(bus.kafka), { onTrouble });
  }
  const { dir, keepMb } = bus.local ?? { dir: './.tripline/bus', keepMb: 0 };
  return await openLocalTopics({ dir, keepBytes: keepMb * MEBIBYTE });
}

/** Tells buses apart whose offsets and partitions have nothing to do with each other. */
export function busName({ kafka }: BusSettings, { fragments }: Topics): string {
  return kafka === undefined ? 'local' : `kafka-${kafka.prefix}-${fragments.partitions}`;
}

/** @throws {ConfigError} where a file that the configuration names cannot be read */
export function kafkaOptions(settings: KafkaSettings): KafkaOptions {
  const { topics: _, tls, sasl, clientId, ...rest } = settings;
  return { ...rest, clientId: `${clientId}-${hostname()}-${process.pid}`, tls: tlsOf(tls), sasl: saslOf(sasl) };
}

export function topicPlan({ topics }: KafkaSettings): TopicPlan {
  const { partitions, sources, replication, retentionHours } = topics;
  const { fragments, verdicts, alerts, notices, rejects } = retentionHours;
  return {
    // the fleet stage and the desk read and say everything in one order: one partition each
    partitions: { fragments: partitions, verdicts: 1, alerts: 1, notices: 1, rejects: 1, sources },
    replication,
    retentionMs: {
      fragments: fragments * HOUR_MS,
      verdicts: verdicts * HOUR_MS,
      alerts: alerts * HOUR_MS,
      notices: notices * HOUR_MS,
      rejects: rejects * HOUR_MS,
      sources: HOUR_MS,
    },
  };
}

function tlsOf(tls: KafkaSettings['tls']): KafkaTls | null {
  if (tls === false) return null;
  const files = Object.entries(tls).flatMap(([name, file]) =>
    file === undefined ? [] : [[name, readNamed(`bus.kafka.tls.${name}`, file)]],
  );
  return Object.fromEntries(files) as KafkaTls;
}

function saslOf(sasl: KafkaSettings['sasl']): KafkaSasl | null {
  if (sasl === undefined) return null;
  const { mechanism, username, password, passwordFile } = sasl;
  const secret = password ?? readNamed('bus.kafka.sasl.passwordFile', passwordFile as string).replace(/\r?\n$/, '');
  return { mechanism, username, password: secret };
}
