/** One call of publish, waiting. */
interface Call {
  readonly records: readonly Buffer[];
  /** of these, so many stand in batches */
  taken: number;
  /** and so many are stored */
  stored: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Numbers by which a broker knows a batch it has already: a producer, and how many records it has had for a partition. */
export interface Identity {
  readonly producerId: string;
  readonly producerEpoch: number;
  readonly sequences: Map<string, number>;
}

/** Records of one partition that travel together, and whose they are. */
export interface OutBatch {
  readonly records: readonly Buffer[];
  readonly bytes: number;
  readonly parts: readonly { readonly call: Call; readonly count: number }[];
  /** under which it was tried first: a second try must look the same, or it is stored twice */
  identity: Identity | null;
}

/** Bytes that a record takes in a batch beyond its own, at most. */
const RECORD_OVERHEAD_BYTES = 32;
/** More in one batch than this, and kafkajs' decoder runs out of stack. */
const MAX_RECORDS = 10_000;

export const sizeOf = (record: Uint8Array): number => record.length + RECORD_OVERHEAD_BYTES;

/**
 * What waits to be sent to one partition, in the order of the calls. One batch is under way at a time, and it stays the
 * same until it is settled: that, and not the network, keeps the order.
 */
export class Outbox {
  readonly topic: string;
  readonly partition: number;
  /** a request of several failed, and the broker does not say for whom: this one goes alone next time */
  alone = false;
  underWay = false;
  readonly #calls: Call[] = [];
  #batch: OutBatch | null = null;

  constructor(topic: string, partition: number) {
    this.topic = topic;
    this.partition = partition;
  }

  get key(): string {
    return `${this.topic} ${this.partition}`;
  }

  get empty(): boolean {
    return this.#batch === null && this.#calls.length === 0;
  }

  add(records: readonly Buffer[], resolve: () => void, reject: (error: unknown) => void): void {
    this.#calls.push({ records, taken: 0, stored: 0, resolve, reject });
  }

  /** The batch to be sent: the one that failed, else a new one of as much as fits. null = nothing waits. */
  batch(maxBytes: number): OutBatch | null {
    this.#batch ??= this.#cut(maxBytes);
    return this.#batch;
  }

  /** The batch is safe. @returns its bytes */
  stored(): number {
    const batch = this.#take();
    for (const { call, count } of batch.parts) {
      call.stored += count;
      if (call.stored === call.records.length) call.resolve();
    }
    return batch.bytes;
  }

  /** The broker will never take this batch: nor will it be offered the rest of its calls. @returns the bytes freed */
  refused(error: unknown): number {
    const batch = this.#take();
    let bytes = batch.bytes;
    for (const { call } of batch.parts) {
      call.reject(error);
      if (this.#calls[0] !== call) continue;
      for (const record of call.records.slice(call.taken)) bytes += sizeOf(record);
      this.#calls.shift();
    }
    return bytes;
  }

  /** The batch as one of half the size. @returns false where it is a single record already */
  halve(): boolean {
    const { records, bytes } = this.#batch!;
    if (records.length === 1) return false;
    for (const { call, count } of this.#take().parts.toReversed()) {
      call.taken -= count;
      if (this.#calls[0] !== call) this.#calls.unshift(call);
    }
    this.#batch = this.#cut(bytes / 2);
    return true;
  }

  #take(): OutBatch {
    const batch = this.#batch!;
    this.#batch = null;
    return batch;
  }

  #cut(maxBytes: number): OutBatch | null {
    const records: Buffer[] = [];
    const parts: { call: Call; count: number }[] = [];
    let bytes = 0;
    for (let call = this.#calls[0]; call !== undefined; call = this.#calls[0]) {
      const from = call.taken;
      while (call.taken < call.records.length) {
        const size = sizeOf(call.records[call.taken]!);
        if (records.length > 0 && (bytes + size > maxBytes || records.length === MAX_RECORDS)) break;
        records.push(call.records[call.taken++]!);
        bytes += size;
      }
      if (call.taken > from) parts.push({ call, count: call.taken - from });
      if (call.taken < call.records.length) break;
      this.#calls.shift();
    }
    return records.length === 0 ? null : { records, bytes, parts, identity: null };
  }
}
