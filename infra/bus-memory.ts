import type { Bus } from './bus.ts';
import { BusError } from './bus.ts';
import { PartitionedBus, type PartitionStore } from './bus-partitions.ts';
import { StorageError } from './storage-error.ts';

const CAPACITY_BYTES = 64 * 1024 * 1024;

interface Waiting {
  readonly records: readonly Uint8Array[];
  readonly resolve: () => void;
  readonly reject: (error: BusError) => void;
}

/** One partition as a list. Records are kept until every group has acked them; `append` waits while it is full. */
class MemoryPartition implements PartitionStore {
  startOffset = 0;
  readonly #capacityBytes: number;
  readonly #positions = new Map<string, number>();
  readonly #listeners = new Set<() => void>();
  readonly #waiting: Waiting[] = [];
  readonly #records: Uint8Array[] = [];
  #bytes = 0;
  #closed: boolean = false;

  constructor(capacityBytes: number) {
    this.#capacityBytes = capacityBytes;
  }

  get endOffset(): number {
    return this.startOffset + this.#records.length;
  }

  async append(records: readonly Uint8Array[]): Promise<void> {
    if (this.#closed) throw new BusError('CLOSED', 'the bus is closed');
    const copies = records.map((record) => Uint8Array.from(record));
    await new Promise<void>((resolve, reject) => {
      this.#waiting.push({ records: copies, resolve, reject });
      this.#admit();
    });
  }

  async read(from: number, maxBytes: number): Promise<readonly Uint8Array[]> {
    if (from < this.startOffset || from > this.endOffset) {
      throw new StorageError(
        'OFFSET_GONE',
        `offset ${from} is not kept, only ${this.startOffset} to ${this.endOffset}`,
      );
    }
    const batch: Uint8Array[] = [];
    let bytes = 0;
    for (let i = from - this.startOffset; i < this.#records.length && (batch.length === 0 || bytes < maxBytes); i++) {
      batch.push(this.#records[i]!);
      bytes += this.#records[i]!.length;
    }
    return batch;
  }

  position(group: string): number | null {
    return this.#positions.get(group) ?? null;
  }

  async commit(group: string, offset: number): Promise<void> {
    this.#positions.set(group, Math.max(offset, this.#positions.get(group) ?? 0));
    this.#trim();
  }

  groups(): readonly string[] {
    return [...this.#positions.keys()];
  }

  async forget(group: string): Promise<void> {
    if (this.#positions.delete(group)) this.#trim();
  }

  #trim(): void {
    if (this.#positions.size === 0) return; // whoever comes first gets all
    const needed = Math.min(...this.#positions.values());
    const removed = this.#records.splice(0, Math.max(0, needed - this.startOffset));
    for (const record of removed) this.#bytes -= record.length;
    this.startOffset += removed.length;
    this.#admit();
  }

  onAppend(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const { reject } of this.#waiting.splice(0)) reject(new BusError('CLOSED', 'the bus is closed'));
  }

  /** In the order of the calls. A partition below its capacity takes records of any size. */
  #admit(): void {
    for (
      let next = this.#waiting[0];
      next !== undefined && this.#bytes < this.#capacityBytes;
      next = this.#waiting[0]
    ) {
      this.#waiting.shift();
      for (const record of next.records) {
        this.#records.push(record);
        this.#bytes += record.length;
      }
      next.resolve();
      for (const listener of this.#listeners) listener();
    }
  }
}

export interface MemoryBusOptions {
  readonly partitions: number;
  /** of records that a partition holds before publishing has to wait for acks */
  readonly capacityBytes?: number;
}

/** A bus that forgets: for tests and for replays, where the input itself can be read again. */
export function createMemoryBus({ partitions, capacityBytes = CAPACITY_BYTES }: MemoryBusOptions): Bus {
  const stores = Array.from({ length: partitions }, () => new MemoryPartition(capacityBytes));
  return new PartitionedBus(stores, async () => {});
}
