import type { FetchedPartition } from './kafka-client.ts';

interface Fetched {
  readonly offset: number;
  readonly value: Buffer;
}

export interface Slice {
  readonly offset: number;
  readonly nextOffset: number;
  readonly records: readonly Uint8Array[];
  readonly endOffset: number;
}

const NOTHING = Buffer.alloc(0);

/** Records of one partition that were fetched ahead of the reader, and where to fetch next. */
export class Feed {
  readonly partition: number;
  /** where the next fetch begins */
  fetchOffset: number;
  /** of records that wait for the reader */
  bytes = 0;
  /** belongs to somebody else now: what still arrives for it is dropped */
  closed = false;
  readonly #records: Fetched[] = [];
  #first = 0;
  #nextOffset: number;
  #endOffset: number;

  constructor(partition: number, offset: number) {
    this.partition = partition;
    this.fetchOffset = offset;
    this.#nextOffset = offset;
    this.#endOffset = offset;
  }

  get waiting(): boolean {
    return this.#first < this.#records.length;
  }

  /** An answer to a fetch from `from`. Control records of transactions take offsets and say nothing. */
  add(from: number, { highWatermark, messages }: FetchedPartition): void {
    if (this.closed || from !== this.fetchOffset) return;
    this.#endOffset = Number(highWatermark);
    for (const { offset, value, isControlRecord } of messages) {
      // a broker answers with whole batches of records: the first may begin before what was asked for
      if (Number(offset) < this.fetchOffset) continue;
      this.fetchOffset = Number(offset) + 1;
      if (isControlRecord === true) continue;
      this.#records.push({ offset: Number(offset), value: value ?? NOTHING });
      this.bytes += value?.length ?? 0;
    }
  }

  /** The next records, up to `maxBytes` or one. To be called only where something waits. */
  take(maxBytes: number): Slice {
    const { offset } = this.#records[this.#first]!;
    const records: Uint8Array[] = [];
    let bytes = 0;
    for (let next = this.#records[this.#first]; next !== undefined; next = this.#records[this.#first]) {
      if (records.length > 0 && bytes >= maxBytes) break;
      records.push(next.value);
      bytes += next.value.length;
      this.#nextOffset = next.offset + 1;
      this.#records[this.#first++] = { offset: next.offset, value: NOTHING }; // the buffer behind may be large
    }
    if (!this.waiting) {
      this.#records.length = 0;
      this.#first = 0;
      this.#nextOffset = this.fetchOffset;
    }
    this.bytes -= bytes;
    const endOffset = Math.max(this.#endOffset, this.#nextOffset);
    return { offset, nextOffset: this.#nextOffset, records, endOffset };
  }
}
