import { Bell } from './bell.ts';
import { type Bus, type BusBatch, BusError, type SubscribeOptions } from './bus.ts';

const BATCH_BYTES = 1024 * 1024;

/** One partition's records and the positions of its groups: what a segment log is, and a list in memory can be. */
export interface PartitionStore {
  readonly startOffset: number;
  readonly endOffset: number;
  append(records: readonly Uint8Array[]): Promise<unknown>;
  /** none at the end, else at least one. @throws {StorageError} OFFSET_GONE */
  read(from: number, maxBytes: number): Promise<readonly Uint8Array[]>;
  position(group: string): number | null;
  commit(group: string, offset: number): Promise<void>;
  /** that have a position */
  groups(): readonly string[];
  forget(group: string): Promise<void>;
  onAppend(listener: () => void): () => void;
  close(): Promise<void>;
}

interface Cursor {
  readonly partition: number;
  readonly store: PartitionStore;
  next: number;
}

/** A bus within one process, on stores that it closes with itself. `settled` runs after each ack, e.g. to trim. */
export class PartitionedBus<Store extends PartitionStore> implements Bus {
  readonly partitions: number;
  readonly #stores: readonly Store[];
  readonly #settled: (store: Store) => Promise<void>;
  /** `partition group` of every reader */
  readonly #taken = new Set<string>();
  readonly #bells = new Set<Bell>();
  #closed: boolean = false;

  constructor(stores: readonly Store[], settled: (store: Store) => Promise<void>) {
    this.partitions = stores.length;
    this.#stores = stores;
    this.#settled = settled;
  }

  async publish(partition: number, records: readonly Uint8Array[]): Promise<void> {
    const store = this.#store(partition);
    if (records.length > 0) await store.append(records);
  }

  async publishToAll(records: readonly Uint8Array[]): Promise<void> {
    await Promise.all(this.#stores.map((_, partition) => this.publish(partition, records)));
  }

  async *subscribe(group: string, options: SubscribeOptions = {}): AsyncGenerator<BusBatch> {
    const partitions = options.partitions ?? this.#stores.keys();
    const stores = [...partitions].map((partition) => ({ partition, store: this.#store(partition) }));
    const bell = new Bell();
    const ring = () => bell.ring();
    const release = this.#take(group, stores);
    const stopListening = stores.map(({ store }) => store.onAppend(ring));
    options.signal?.addEventListener('abort', ring);
    this.#bells.add(bell);
    try {
      options.onAssigned?.(stores.map(({ partition }) => partition));
      const cursors: Cursor[] = [];
      for (const { partition, store } of stores) {
        cursors.push({ partition, store, next: await this.#startOf(group, partition, store, options) });
      }
      while (!this.#ended(options)) {
        const idle = !(yield* this.#round(group, cursors, options));
        if (idle && !this.#ended(options)) await bell.rung();
      }
    } finally {
      this.#bells.delete(bell);
      options.signal?.removeEventListener('abort', ring);
      for (const stop of stopListening) stop();
      release();
    }
  }

  async keepOnly(groups: readonly string[]): Promise<string[]> {
    const forgotten = new Set<string>();
    for (const [partition, store] of this.#stores.entries()) {
      for (const group of store.groups()) {
        if (groups.includes(group) || this.#taken.has(`${partition} ${group}`)) continue;
        await store.forget(group);
        forgotten.add(group);
      }
      await this.#settled(store);
    }
    return [...forgotten];
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const bell of this.#bells) bell.ring();
    await Promise.all(this.#stores.map((store) => store.close()));
  }

  #ended(options: SubscribeOptions): boolean {
    return this.#closed || options.signal?.aborted === true;
  }

  #store(partition: number): Store {
    if (this.#closed) throw new BusError('CLOSED', 'the bus is closed');
    const store = this.#stores[partition];
    if (store === undefined) throw new BusError('NO_SUCH_PARTITION', `no partition ${partition} of ${this.partitions}`);
    return store;
  }

  #take(group: string, stores: readonly { partition: number }[]): () => void {
    const names = stores.map(({ partition }) => `${partition} ${group}`);
    const taken = names.find((name) => this.#taken.has(name));
    if (taken !== undefined) {
      throw new BusError(
        'GROUP_TAKEN',
        `group ${group} has a reader of partition ${Number.parseInt(taken, 10)} already`,
      );
    }
    for (const name of names) this.#taken.add(name);
    return () => {
      for (const name of names) this.#taken.delete(name);
    };
  }

  /** Where to begin. A new group is written down at once: from here on nothing is removed that it has not acked. */
  async #startOf(group: string, partition: number, store: Store, options: SubscribeOptions): Promise<number> {
    const committed = store.position(group);
    const asked = (await options.startAt?.(partition)) ?? null;
    const fresh = asked === 'newest' ? store.endOffset : store.startOffset;
    const start = typeof asked === 'number' ? asked : (committed ?? fresh);
    if (committed === null) await store.commit(group, Math.min(start, store.endOffset));
    return start;
  }

  /** A batch of each partition that has one, in turn, so that a busy one does not starve the others. */
  async *#round(
    group: string,
    cursors: readonly Cursor[],
    options: SubscribeOptions,
  ): AsyncGenerator<BusBatch, boolean> {
    let found = false;
    for (const cursor of cursors) {
      if (this.#ended(options)) return true;
      const records = await cursor.store.read(cursor.next, options.maxBatchBytes ?? BATCH_BYTES);
      if (records.length === 0) continue;
      found = true;
      const offset = cursor.next;
      cursor.next += records.length;
      yield this.#batch(group, cursor as Cursor & { store: Store }, offset, records);
    }
    return found;
  }

  #batch(
    group: string,
    { partition, store }: { partition: number; store: Store },
    offset: number,
    records: readonly Uint8Array[],
  ): BusBatch {
    const nextOffset = offset + records.length;
    const ack = async () => {
      await this.#store(partition).commit(group, nextOffset);
      await this.#settled(store);
    };
    return { partition, offset, nextOffset, records, endOffset: Math.max(store.endOffset, nextOffset), ack };
  }
}
