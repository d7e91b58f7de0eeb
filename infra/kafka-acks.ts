import { BusError } from './bus.ts';
import { busErrorOf, remedyOf } from './kafka-errors.ts';
import { isExpelled, isRebalance, type KafkaMember } from './kafka-member.ts';
import type { KafkaOptions } from './kafka-options.ts';
import type { Patience } from './kafka-retry.ts';
import type { Tenure } from './kafka-tenure.ts';

export interface AckContext {
  readonly member: KafkaMember;
  readonly kafka: KafkaOptions;
  /** for messages: topic and group */
  readonly what: string;
  readonly patience: Patience;
  /** nobody has the patience for a second attempt any more */
  readonly signal: AbortSignal;
  /** where the member is just joining: when it has */
  readonly joined: () => Promise<unknown>;
  readonly expelled: () => boolean;
  readonly onExpelled: () => void;
  readonly onRebalance: () => void;
}

/** Acks of one member, one at a time in the order of the calls, so that none takes back another. */
export class KafkaAcks {
  readonly #context: AckContext;
  #last: Promise<void> = Promise.resolve();

  constructor(context: AckContext) {
    this.#context = context;
  }

  /** @throws {BusError} NOT_OWNER, REFUSED, or UNREACHABLE where the subscription is ending */
  async ack(tenure: Tenure, offset: number): Promise<void> {
    const acked = this.#last.then(() => this.#commit(tenure, offset));
    this.#last = acked.catch(() => {});
    await acked;
  }

  /** All that were asked for have been answered. */
  async settled(): Promise<void> {
    await this.#last;
  }

  async #commit(tenure: Tenure, offset: number): Promise<void> {
    const { member, joined, expelled, patience, signal } = this.#context;
    for (;;) {
      await joined();
      if (tenure.over || expelled()) throw this.#notOwner(tenure);
      if (offset <= tenure.acked) return;
      try {
        await member.commit(tenure.partition, offset);
        tenure.acked = offset;
        patience.succeeded();
        return;
      } catch (error) {
        await this.#failed(error, tenure);
        await patience.failed(error, signal);
      }
    }
  }

  /** @throws what no further attempt helps, or nobody waits for */
  async #failed(error: unknown, tenure: Tenure): Promise<void> {
    const { member, kafka, what, signal, onExpelled, onRebalance } = this.#context;
    if (isExpelled(error)) {
      onExpelled();
      await member.failed(error);
      throw this.#notOwner(tenure, error);
    }
    if (isRebalance(error)) onRebalance();
    else await member.failed(error);
    const final = !isRebalance(error) && remedyOf(error) !== 'retry';
    if (final || signal.aborted) throw busErrorOf(error, `acknowledging ${what}`, kafka);
  }

  #notOwner({ partition }: Tenure, cause?: unknown): BusError {
    const message = `partition ${partition} of ${this.#context.what} is not this member's any more`;
    return new BusError('NOT_OWNER', message, { cause });
  }
}
