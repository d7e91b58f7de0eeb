import { setTimeout as sleep } from 'node:timers/promises';
import { Bell } from './bell.ts';
import type { BusBatch, SubscribeOptions } from './bus.ts';
import { KafkaAcks } from './kafka-acks.ts';
import type { KafkaClient } from './kafka-client.ts';
import { KafkaConnection } from './kafka-connection.ts';
import { busErrorOf, remedyOf } from './kafka-errors.ts';
import { KafkaFetcher } from './kafka-fetcher.ts';
import { type Given, isExpelled, isRebalance, KafkaMember } from './kafka-member.ts';
import type { KafkaOptions } from './kafka-options.ts';
import { type OnTrouble, Patience } from './kafka-retry.ts';
import { startTenures, type Tenure } from './kafka-tenure.ts';

const BATCH_BYTES = 1024 * 1024;
/** A member that stops while the others still make it wait for a rebalance stops waiting after this. */
const JOIN_GRACE_MS = 2_000;

const noop = () => {};

export interface SubscriptionOptions {
  readonly client: KafkaClient;
  readonly kafka: KafkaOptions;
  readonly topic: string;
  readonly group: string;
  readonly partitions: number;
  readonly reader: SubscribeOptions;
  readonly onTrouble?: OnTrouble;
}

/**
 * One member of a group, as batches. Everything that changes what this member has happens while the reader asks for
 * its next batch: so the batch in hand is always finished first, and the reader is never told of anything while it
 * works. Only heartbeats and fetching go on meanwhile.
 */
export class KafkaSubscription {
  readonly #options: SubscriptionOptions;
  readonly #connection: KafkaConnection;
  readonly #member: KafkaMember;
  readonly #fetcher: KafkaFetcher;
  readonly #bell = new Bell();
  readonly #stop = new AbortController();
  readonly #tenures = new Map<number, Tenure>();
  #mustJoin = true;
  #expelled = false;
  #joining: Promise<void> | null = null;
  #starting: Promise<void> = Promise.resolve();
  readonly #acks: KafkaAcks;
  #heardMs = 0;
  #failure: { readonly error: unknown } | null = null;
  #told: string | null = null;
  readonly #pulse: Patience;
  readonly #ended: Promise<void>;
  #end: () => void = () => {};
  /** the reader has a batch, and has not asked for the next */
  inHand = false;
  /** partition that was served last */
  #turn = -1;

  constructor(options: SubscriptionOptions) {
    this.#options = options;
    const { client, kafka, topic, group, partitions } = options;
    this.#connection = new KafkaConnection(client, [topic]);
    this.#member = new KafkaMember({ connection: this.#connection, kafka, topic, groupId: group, partitions });
    this.#fetcher = new KafkaFetcher({
      client,
      kafka,
      topic,
      onRecords: () => this.#bell.ring(),
      onFailed: (error) => this.#fail(error),
      ...(options.onTrouble === undefined ? {} : { onTrouble: options.onTrouble }),
    });
    this.#pulse = this.#patience('heartbeat');
    this.#acks = new KafkaAcks({
      member: this.#member,
      kafka,
      what: `${topic} (group ${group})`,
      patience: this.#patience(`acknowledging ${topic}`),
      signal: this.#stop.signal,
      joined: async () => await this.#joining,
      expelled: () => this.#expelled,
      onExpelled: () => this.#expel(),
      onRebalance: () => this.#askToJoin(),
    });
    this.#ended = new Promise((resolve) => (this.#end = resolve));
  }

  /** Ends the iteration after the batch in hand. */
  stop(): void {
    this.#stop.abort();
    this.#bell.ring();
  }

  /** As `stop`, and waits for it, unless the reader has to do something for that. */
  async stopped(): Promise<void> {
    this.stop();
    if (!this.inHand) await this.#ended;
  }

  async *batches(): AsyncGenerator<BusBatch> {
    const { reader } = this.#options;
    const stop = () => this.stop();
    reader.signal?.addEventListener('abort', stop, { once: true });
    if (reader.signal?.aborted === true) this.stop();
    const beating = this.#beat();
    try {
      while (!this.#stop.signal.aborted) {
        if (this.#failure !== null) throw this.#failure.error;
        if (this.#mustJoin) await this.#rejoin();
        else yield* this.#round();
      }
      await this.#hand();
    } finally {
      reader.signal?.removeEventListener('abort', stop);
      this.stop();
      await this.#leave(beating);
      this.#end();
    }
  }

  /** One batch of the partition whose turn it is; none after something else has happened. */
  async *#round(): AsyncGenerator<BusBatch> {
    const ready = [...this.#tenures.values()].filter(({ feed }) => feed?.waiting === true);
    if (ready.length === 0) return await this.#bell.rung();
    if (performance.now() - this.#heardMs > this.#options.kafka.sessionTimeoutMs) {
      // this process stood still: before anything else, is this still ours?
      const error = await this.#heartbeat();
      if (error !== null) await this.#pulse.failed(error, this.#stop.signal);
      return;
    }
    ready.sort((a, b) => a.partition - b.partition);
    const tenure = ready.find(({ partition }) => partition > this.#turn) ?? ready[0]!;
    this.#turn = tenure.partition;
    const slice = tenure.feed!.take(this.#options.reader.maxBatchBytes ?? BATCH_BYTES);
    this.#fetcher.taken();
    this.inHand = true;
    yield { partition: tenure.partition, ...slice, ack: () => this.#acks.ack(tenure, slice.nextOffset) };
    this.inHand = false;
  }

  /** From another session's time: nothing that was given before counts. */
  #expel(): void {
    this.#expelled = true;
    this.#askToJoin();
  }

  #askToJoin(): void {
    this.#mustJoin = true;
    this.#bell.ring();
  }

  #fail(error: unknown): void {
    this.#failure ??= { error: busErrorOf(error, `reading ${this.#options.topic}`, this.#options.kafka) };
    this.#bell.ring();
  }

  #patience(doing: string): Patience {
    return new Patience(`${doing} (group ${this.#options.group})`, this.#options.onTrouble);
  }

  /** All the time: what the reader does with a batch may take minutes. */
  async #beat(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await sleep(this.#options.kafka.heartbeatMs, undefined, { signal }).catch(() => {});
      if (signal.aborted || this.#joining !== null || this.#told === null || this.#expelled) continue;
      const error = await this.#heartbeat();
      if (error !== null) await this.#pulse.failed(error, signal);
    }
  }

  /** @returns what only another attempt can help */
  async #heartbeat(): Promise<unknown> {
    try {
      await this.#member.heartbeat();
      this.#heardMs = performance.now();
      this.#pulse.succeeded();
      return null;
    } catch (error) {
      if (this.#joining !== null) return null; // it was of the generation before
      if (isRebalance(error)) {
        this.#heardMs = performance.now(); // it counts as heard
        this.#askToJoin();
        return null;
      }
      await this.#member.failed(error);
      if (isExpelled(error)) this.#expel();
      else if (remedyOf(error) === 'retry') return error;
      else this.#fail(error);
      return null;
    }
  }

  /** Before others take over: what can be saved is saved while acks still count. */
  async #hand(): Promise<void> {
    await this.#starting;
    if (!this.#expelled && this.#tenures.size > 0) await this.#options.reader.onRevoking?.();
  }

  async #rejoin(): Promise<void> {
    await this.#hand();
    const patience = this.#patience('joining');
    const { signal } = this.#stop;
    const cutOff = () => setTimeout(() => void this.#connection.close(), JOIN_GRACE_MS).unref();
    signal.addEventListener('abort', cutOff);
    while (!signal.aborted) {
      this.#mustJoin = false;
      if (this.#expelled) this.#take({ partitions: [], seamless: false });
      const joined = this.#member.join();
      this.#joining = joined.then(noop, noop);
      try {
        const given = await joined;
        this.#heardMs = performance.now();
        this.#expelled = false;
        this.#take(given);
        break;
      } catch (error) {
        if (!isRebalance(error)) await this.#joinFailed(error, patience);
      } finally {
        this.#joining = null;
      }
    }
    signal.removeEventListener('abort', cutOff);
  }

  async #joinFailed(error: unknown, patience: Patience): Promise<void> {
    await this.#member.failed(error);
    if (isExpelled(error)) this.#expelled = true;
    else if (remedyOf(error) === 'retry') await patience.failed(error, this.#stop.signal);
    else throw busErrorOf(error, `joining group ${this.#options.group}`, this.#options.kafka);
  }

  /** What was given: the reader is told, and what is new is started. */
  #take({ partitions, seamless }: Given): void {
    for (const tenure of [...this.#tenures.values()]) {
      if (seamless && partitions.includes(tenure.partition)) continue;
      tenure.over = true;
      this.#tenures.delete(tenure.partition);
      this.#fetcher.remove(tenure.partition);
    }
    if (!seamless && this.#told !== null) this.#tell([]); // what it had may have been somebody else's meanwhile
    this.#tell(partitions);
    const fresh: Tenure[] = [];
    for (const partition of partitions) {
      if (this.#tenures.has(partition)) continue;
      const tenure = { partition, over: false, acked: -1, feed: null };
      this.#tenures.set(partition, tenure);
      fresh.push(tenure);
    }
    this.#starting = this.#start(fresh);
  }

  #tell(partitions: readonly number[]): void {
    if (this.#told === partitions.join()) return;
    this.#told = partitions.join();
    this.#options.reader.onAssigned?.(partitions);
  }

  async #start(fresh: readonly Tenure[]): Promise<void> {
    try {
      await startTenures(fresh, {
        member: this.#member,
        fetcher: this.#fetcher,
        startAt: this.#options.reader.startAt ?? (() => null),
        patience: this.#patience('finding the place to go on from'),
        signal: this.#stop.signal,
      });
    } catch (error) {
      this.#fail(error);
    }
  }

  async #leave(beating: Promise<void>): Promise<void> {
    await this.#acks.settled();
    for (const tenure of this.#tenures.values()) tenure.over = true;
    await this.#fetcher.close();
    await this.#member.leave();
    await this.#connection.close();
    await beating;
  }
}
