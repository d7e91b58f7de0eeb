/** Functions are hashed to this many virtual shards; state, order and snapshots belong to a shard, never to a partition. */
export const VIRTUAL_SHARDS = 256;

/** The partition that carries a virtual shard: neighbours stay together, and no partition has two more than another. */
export const partitionOfShard = (shard: number, partitions: number): number =>
  Math.floor((shard * partitions) / VIRTUAL_SHARDS);

/** The virtual shards of a partition, in order. */
export function shardsOfPartition(partition: number, partitions: number): number[] {
  const all = Array.from({ length: VIRTUAL_SHARDS }, (_, shard) => shard);
  return all.filter((shard) => partitionOfShard(shard, partitions) === partition);
}

/** Records of one partition that follow each other. */
export interface BusBatch {
  readonly partition: number;
  /** offset of the first record */
  readonly offset: number;
  /** offset behind the last: the position to keep in a snapshot of what absorbed this batch */
  readonly nextOffset: number;
  /** at least one */
  readonly records: readonly Uint8Array[];
  /** offset behind the newest record of the partition when this batch was read: how far the reader lags */
  readonly endOffset: number;
  /**
   * "All of this, and all before it in this partition, is safely handled": resolves when the group will not be given
   * it again. Called after every sink has returned; a reader that snapshots every so often acks only then.
   * @throws {BusError} NOT_OWNER where the partition has gone to another member meanwhile: nothing was changed
   */
  ack(): Promise<void>;
}

/** An offset, or what a group that has acked nothing begins with. */
export type StartAt = number | 'newest' | null;

export interface SubscribeOptions {
  /** only these partitions; by default all that this member is given */
  readonly partitions?: readonly number[];
  /**
   * Asked once for each partition before its first batch: where a snapshot says to go on from. Null = where the group
   * has acked to, or for a new group at the oldest record kept; `newest` = the same, but a new group begins behind the
   * newest record, and that place is kept for it from then on.
   */
  readonly startAt?: (partition: number) => StartAt | Promise<StartAt>;
  /** ends the iteration after the batch in hand */
  readonly signal?: AbortSignal;
  /** a batch is closed when it has reached this size */
  readonly maxBatchBytes?: number;
  /**
   * Told of all partitions that this member has from now on, at the start and whenever that changes: none where it was
   * thrown out. Called before the first batch of a new partition (and before its `startAt`). State of a partition that
   * is not in the list any more belongs to somebody else.
   */
  readonly onAssigned?: (partitions: readonly number[]) => void;
  /**
   * Partitions are about to be handed to other members, and acks are still taken: time to save, so that they need not
   * read again. Best effort: a member that is thrown out is not asked.
   */
  readonly onRevoking?: () => Promise<void>;
}

/**
 * Carries opaque records from many publishers to groups of readers, in order within a partition, at least once.
 * Every group gets every record; a record goes to one member of a group. Within a group a partition has one reader at a
 * time. What a group has not acked comes again, in the same order and under the same offsets, after a restart; for an
 * effect of exactly once the reader keeps the offsets with its state (`startAt`).
 */
export interface Bus {
  readonly partitions: number;
  /**
   * Resolves when the records are safe; until then they may or may not arrive. Calls that wait together arrive in the
   * order in which they were made. May wait for room. @throws {BusError | StorageError} none of them was taken
   */
  publish(partition: number, records: readonly Uint8Array[]): Promise<void>;
  /** The same records on every partition: watermark ticks, for time travels as data. */
  publishToAll(records: readonly Uint8Array[]): Promise<void>;
  /**
   * Batches as they come, until `signal` or `close`. A group's place is taken with the first batch asked for and given
   * back when the iteration ends. @throws {BusError} GROUP_TAKEN; {StorageError} OFFSET_GONE where what the reader
   * needs is not kept any more: never skipped silently
   */
  subscribe(group: string, options?: SubscribeOptions): AsyncIterable<BusBatch>;
  /**
   * Forgets the places of all groups but these, and of those that have a reader now: nothing is kept for them any more. Only
   * where what is read is removed by acks; elsewhere retention does it. @returns their names
   */
  keepOnly?(groups: readonly string[]): Promise<string[]>;
  /** Ends the subscriptions, waits for publishes under way. */
  close(): Promise<void>;
}

export class BusError extends Error {
  override readonly name = 'BusError';
  readonly code:
    | 'CLOSED'
    | 'GROUP_TAKEN'
    | 'NO_SUCH_PARTITION'
    | 'NOT_OWNER'
    | 'UNREACHABLE'
    | 'NO_SUCH_TOPIC'
    | 'REFUSED';

  constructor(code: BusError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
