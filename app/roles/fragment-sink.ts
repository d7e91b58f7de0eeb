import type { Bus } from '../../infra/bus.ts';
import { createFragmentEncoder } from '../../infra/wire.ts';
import type { FragmentBlock } from '../../ingest/fragment.ts';
import type { Tick } from '../../ingest/tick.ts';
import { BlockRouter } from './router.ts';

/** Bytes that may be on their way to the bus before reading waits. */
const ON_THE_WAY_BYTES = 32 * 1024 * 1024;

/** What went out since it was last asked. */
export interface Sent {
  readonly records: number;
  readonly bytes: number;
  readonly fragments: number;
}

/** Fragments on their way to the bus: routed, in blocks, encoded; full blocks go at once, the others with `flush`. */
export class FragmentSink {
  readonly #bus: Bus;
  readonly #router: BlockRouter;
  readonly #encoder = createFragmentEncoder();
  /** records of each partition that are to be published next, in order */
  readonly #next: Uint8Array[][];
  #waiting = 0;
  #onTheWay = 0;
  #last: Promise<unknown> = Promise.resolve();
  #failure: unknown = null;
  #sent = { records: 0, bytes: 0, fragments: 0 };

  constructor(bus: Bus) {
    this.#bus = bus;
    this.#next = Array.from({ length: bus.partitions }, () => []);
    this.#router = new BlockRouter(bus.partitions, (partition, block) => this.#enter(partition, block));
  }

  add(block: FragmentBlock, from: number, to: number): void {
    this.#router.add(block, from, to);
  }

  tick(tick: Tick): void {
    this.#router.tick(tick);
  }

  #enter(partition: number, block: FragmentBlock): void {
    const record = this.#encoder.encode(block);
    this.#next[partition]!.push(record);
    this.#waiting++;
    this.#sent.records++;
    this.#sent.bytes += record.length;
    this.#sent.fragments += block.n;
  }

  /** Sends full blocks. Resolves when there is room for more. @throws what publishing failed with */
  async push(): Promise<void> {
    if (this.#waiting > 0) this.#publish();
    while (this.#onTheWay > ON_THE_WAY_BYTES && this.#failure === null) await this.#last;
    if (this.#failure !== null) throw this.#failure;
  }

  /** Sends everything that was added. */
  async flush(): Promise<void> {
    this.#router.flush();
    await this.push();
  }

  #publish(): void {
    for (const [partition, records] of this.#next.entries()) {
      if (records.length === 0) continue;
      this.#next[partition] = [];
      this.#waiting -= records.length;
      const bytes = records.reduce((sum, record) => sum + record.length, 0);
      this.#onTheWay += bytes;
      const sent = this.#bus.publish(partition, records).then(() => {
        this.#onTheWay -= bytes;
      });
      this.#last = Promise.all([this.#last, sent]);
      this.#last.catch((error: unknown) => {
        this.#failure ??= error;
      });
    }
  }

  /** Resolves when everything that was added is safe. */
  async settle(): Promise<void> {
    await this.flush();
    await this.#last;
  }

  /** What went out since the last call. */
  takeSent(): Sent {
    const sent = this.#sent;
    this.#sent = { records: 0, bytes: 0, fragments: 0 };
    return sent;
  }
}
