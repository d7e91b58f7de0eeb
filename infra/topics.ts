import type { Bus } from './bus.ts';

/**
 * What travels where:
 *  - `fragments`: blocks of fragments and ticks (wire.ts), by virtual shard; ticks on every partition
 *  - `verdicts`: what the shards say to the fleet stage; one partition, whose reader is the fleet stage
 *  - `alerts`: what the desk reads: alert events, how far event time is, commands of people; one partition
 *  - `notices`: what people are told and by whom, as the desk decided: the outbox; one partition
 *  - `rejects`: dead letters, with reason and origin
 *  - `sources`: carries nothing; its partitions divide the log groups among the ingest replicas
 */
export const TOPICS = ['fragments', 'verdicts', 'alerts', 'notices', 'rejects', 'sources'] as const;
export type TopicName = (typeof TOPICS)[number];

export interface Topics extends Readonly<Record<TopicName, Bus>> {
  /** Ends every subscription and waits for publishes under way. */
  close(): Promise<void>;
}
