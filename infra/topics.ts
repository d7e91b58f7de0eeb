import type { Bus } from './bus.ts';

/**
 * What travels where:
 *  - `fragments`: blocks of fragments and ticks (wire.ts), by virtual shard; ticks on every partition
 *  - `verdicts`: what the shards say to the fleet stage; one partition, whose reader is the fleet stage
 *  - `alerts`: alert events on their way to people
 *  - `rejects`: dead letters, with reason and origin
 *  - `sources`: carries nothing; its partitions divide the log groups among the ingest replicas
 */
export const TOPICS = ['fragments', 'verdicts', 'alerts', 'rejects', 'sources'] as const;
export type TopicName = (typeof TOPICS)[number];

export interface Topics extends Readonly<Record<TopicName, Bus>> {
  /** Ends every subscription and waits for publishes under way. */
  close(): Promise<void>;
}
