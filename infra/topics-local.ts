import { join } from 'node:path';
import type { Bus } from './bus.ts';
import { openLogBus } from './bus-log.ts';
import { createMemoryBus } from './bus-memory.ts';
import { TOPICS, type TopicName, type Topics } from './topics.ts';

/** One partition each: one process reads them all. */
const PARTITIONS = 1;

export interface LocalTopicsOptions {
  readonly dir: string;
  /** what is done with is kept until it takes more than this, bytes; default: it goes at once */
  readonly keepBytes?: number;
}

/**
 * All topics on the durable log of this machine, a folder each in `dir`: published means synced. For one process at a
 * time. @throws {StorageError} LOCKED where another process has it, CORRUPT, DISK_FULL
 */
export async function openLocalTopics({ dir, keepBytes }: LocalTopicsOptions): Promise<Topics> {
  const opened: Partial<Record<TopicName, Bus>> = {};
  const close = async () => {
    for (const bus of Object.values(opened)) await bus.close();
  };
  try {
    for (const topic of TOPICS) {
      const options = { partitions: PARTITIONS, ...(keepBytes === undefined ? {} : { keepBytes }) };
      // it carries nothing: only its division counts
      opened[topic] = topic === 'sources' ? createMemoryBus(options) : await openLogBus(join(dir, topic), options);
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { ...(opened as Record<TopicName, Bus>), close };
}

/** All topics in memory, for tests. */
export function createMemoryTopics(partitions: number): Topics {
  const one = () => createMemoryBus({ partitions: 1 });
  const topics = {
    fragments: createMemoryBus({ partitions }),
    verdicts: one(),
    alerts: one(),
    notices: one(),
    rejects: one(),
    sources: createMemoryBus({ partitions: 4 }),
  };
  return {
    ...topics,
    close: async () => {
      for (const bus of Object.values(topics)) await bus.close();
    },
  };
}
