import type { Bus } from '../../infra/bus.ts';

/** Bytes that may be on their way to the bus before whoever publishes has to wait. */
const ON_THE_WAY_BYTES = 16 * 1024 * 1024;

/** What a stage publishes: on its way while the stage goes on, in order, and waited for at a checkpoint. */
export class Outbound {
  readonly #bus: Bus;
  readonly #partition: number;
  #last: Promise<void> = Promise.resolve();
  #bytes = 0;
  #failure: unknown = null;

  constructor(bus: Bus, partition: number) {
    this.#bus = bus;
    this.#partition = partition;
  }

  /** Resolves when there is room for more. @throws what an earlier publish failed with */
  async publish(records: readonly Uint8Array[]): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    if (records.length === 0) return;
    const bytes = records.reduce((sum, record) => sum + record.length, 0);
    this.#bytes += bytes;
    const sent = this.#bus.publish(this.#partition, records).then(() => {
      this.#bytes -= bytes;
    });
    // in the order of the calls: the bus keeps it
    this.#last = Promise.all([this.#last, sent]).then(() => {});
    this.#last.catch((error: unknown) => {
      this.#failure ??= error;
    });
    if (this.#bytes > ON_THE_WAY_BYTES) await this.settle();
  }

  /** Resolves when everything published so far is safe. */
  async settle(): Promise<void> {
    await this.#last;
  }
}
