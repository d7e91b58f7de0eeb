import type { Bus } from '../../infra/bus.ts';
import { excerptOf } from '../../ingest/redact.ts';
import type { Reject } from '../../ingest/reject.ts';
import { encodeRejects } from './messages.ts';
import { Outbound } from './outbound.ts';

/** Bytes of a record that cannot be read which are shown of it. */
const SHOWN_BYTES = 120;

/** Sets aside what cannot be used, with reason and origin, on the topic `rejects`. */
export class DeadLetterBox {
  readonly #partitions: Outbound[];
  #turn = 0;
  count = 0;

  constructor(bus: Bus) {
    this.#partitions = Array.from({ length: bus.partitions }, (_, partition) => new Outbound(bus, partition));
  }

  async put(rejects: readonly Reject[]): Promise<void> {
    if (rejects.length === 0) return;
    this.count += rejects.length;
    this.#turn = (this.#turn + 1) % this.#partitions.length;
    await this.#partitions[this.#turn]!.publish(encodeRejects(rejects));
  }

  /** A record of the bus that this program cannot read. */
  async putRecord(topic: string, partition: number, offset: number, record: Uint8Array, why: string): Promise<void> {
    const excerpt = excerptOf(Buffer.from(record.subarray(0, SHOWN_BYTES)).toString('latin1'));
    await this.put([{ reason: `poison record: ${why}`, origin: `${topic}/${partition}`, offset, line: null, excerpt }]);
  }

  async settle(): Promise<void> {
    for (const partition of this.#partitions) await partition.settle();
  }
}
