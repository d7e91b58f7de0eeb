import type { StartAt } from './bus.ts';
import { remedyOf } from './kafka-errors.ts';
import { Feed } from './kafka-feed.ts';
import type { KafkaFetcher } from './kafka-fetcher.ts';
import { isExpelled, type KafkaMember } from './kafka-member.ts';
import type { Patience } from './kafka-retry.ts';

/** A partition from when it was given to this member until it is not its any more. */
export interface Tenure {
  readonly partition: number;
  over: boolean;
  /** the group has acked to here */
  acked: number;
  feed: Feed | null;
}

export interface StartContext {
  readonly member: KafkaMember;
  readonly fetcher: KafkaFetcher;
  readonly startAt: (partition: number) => StartAt | Promise<StartAt>;
  readonly patience: Patience;
  readonly signal: AbortSignal;
}

/**
 * Finds out where each goes on and begins to fetch it, one after the other, while batches of other partitions are read.
 *
 * @throws what `startAt` throws; kafkajs' errors that no further attempt helps
 */
export async function startTenures(fresh: readonly Tenure[], context: StartContext): Promise<void> {
  const { member, fetcher, startAt, signal } = context;
  for (const tenure of fresh) {
    const { partition } = tenure;
    const committed = await insist(context, () => committedOf(member, partition));
    tenure.acked = committed ?? -1;
    const asked = signal.aborted ? null : await startAt(partition);
    const offset = typeof asked === 'number' ? asked : (committed ?? (await freshStart(tenure, asked, context)));
    if (signal.aborted || offset === null) return;
    tenure.feed = new Feed(partition, offset);
    fetcher.add(tenure.feed);
  }
}

/** Where a group begins that has acked nothing. The newest record is another one after a restart: so that is acked. */
async function freshStart(tenure: Tenure, asked: 'newest' | null, context: StartContext): Promise<number | null> {
  const { partition } = tenure;
  const range = await insist(context, () => context.fetcher.range(partition));
  if (range === null || asked === null) return range?.earliest ?? null;
  const acked = await insist(context, async () => {
    try {
      await context.member.commit(partition, range.latest);
    } catch (error) {
      await context.member.failed(error);
      if (isExpelled(error)) return null; // it will join anew, and ask anew
      throw error;
    }
    return range.latest;
  });
  if (acked !== null) tenure.acked = acked;
  return acked;
}

/** @returns null where nobody waits for the answer any more */
async function insist<Answer>(context: StartContext, attempt: () => Promise<Answer>): Promise<Answer | null> {
  while (!context.signal.aborted) {
    try {
      const answer = await attempt();
      context.patience.succeeded();
      return answer;
    } catch (error) {
      if (remedyOf(error) !== 'retry') throw error;
      await context.patience.failed(error, context.signal);
    }
  }
  return null;
}

async function committedOf(member: KafkaMember, partition: number): Promise<number | null> {
  try {
    return await member.committed(partition);
  } catch (error) {
    await member.failed(error);
    throw error;
  }
}
