import { decodeMessage, encodeMessage } from '../../infra/envelope.ts';
import type { Log } from '../../infra/log.ts';
import { openSnapshots, type Snapshots } from '../../infra/state.ts';
import { StorageError } from '../../infra/storage-error.ts';
import type { PolledEvent } from '../../ingest/cloudwatch/api.ts';
import type { GroupRef, GroupState } from '../../ingest/cloudwatch/group-poller.ts';
import { subscriptionTexts } from '../../ingest/cloudwatch/subscription-text.ts';
import { WatchedGroups, type WatchedState } from '../../ingest/cloudwatch/watched-groups.ts';
import { type Dictionary, FragmentWriter } from '../../ingest/fragment.ts';
import { createParser, type Parser } from '../../ingest/parser.ts';
import type { Reject } from '../../ingest/reject.ts';
import { gunzip } from '../parts.ts';
import type { FragmentSink } from './fragment-sink.ts';

const PAGE = 'groups';
const SEEN_PAGE = 'seen-';
/** A page of more would exceed what a message may be. */
const GROUPS_A_PAGE = 2_000;

interface State {
  /** how many times it was saved: what makes snapshots follow each other */
  readonly turn: number;
  readonly timeMs: number;
  readonly groups: readonly GroupState[];
  readonly isNew?: boolean;
}

export interface CloudWatchLaneOptions {
  readonly partition: number;
  readonly stateDir: string;
  readonly sink: FragmentSink;
  readonly dictionary: Dictionary;
  readonly reject: (reject: Reject) => void;
  readonly random: () => number;
  /** wall clock, ms */
  readonly nowMs: () => number;
}

/** The log groups of one partition of `sources`: what is polled of them is parsed and sent on, under a clock of their own. */
export class CloudWatchLane {
  readonly partition: number;
  readonly watch: WatchedGroups;
  /** its first history was not read to the end yet, in this process or one before it */
  isNew: boolean;
  readonly #options: CloudWatchLaneOptions;
  readonly #snapshots: Snapshots;
  readonly #writer: FragmentWriter;
  /** by region: messages do not tell theirs */
  readonly #parsers = new Map<string, Parser>();
  readonly #clockName: string;
  #tickedMs: number;
  #turn: number;
  #events = 0;

  static async open(options: CloudWatchLaneOptions): Promise<CloudWatchLane> {
    const snapshots = await openSnapshots(options.stateDir);
    return new CloudWatchLane(options, snapshots, (await snapshots.load())?.pages ?? null);
  }

  private constructor(
    options: CloudWatchLaneOptions,
    snapshots: Snapshots,
    pages: ReadonlyMap<string, Uint8Array> | null,
  ) {
    this.#options = options;
    this.#snapshots = snapshots;
    this.partition = options.partition;
    const states: State[] = [];
    for (const [name, page] of pages ?? []) if (name.startsWith(PAGE)) states.push(decodeMessage(page, PAGE) as State);
    const [first] = states;
    this.isNew = first?.isNew ?? pages === null;
    const kept: WatchedState | null =
      first === undefined
        ? null
        : // kept under a clock that was ahead, it would stand still until then
          { timeMs: Math.min(first.timeMs, options.nowMs()), groups: states.flatMap(({ groups }) => groups) };
    this.watch = new WatchedGroups(kept, options.random);
    for (const [name, page] of pages ?? [])
      if (name.startsWith(SEEN_PAGE)) this.watch.seen.restore(Number(name.slice(SEEN_PAGE.length)), page);
    this.#turn = Math.max(0, ...states.map(({ turn }) => turn));
    this.#tickedMs = this.watch.clock.timeMs;
    this.#clockName = `cloudwatch ${options.partition}`;
    this.#writer = new FragmentWriter((block) => options.sink.add(block, 0, block.n), options.dictionary);
  }

  /** log events handed to the parser since the last call */
  takeEvents(): number {
    const events = this.#events;
    this.#events = 0;
    return events;
  }

  get watermarkMs(): number {
    return this.#tickedMs;
  }

  /** Parses events of one group and hands what they say to the sink. @returns the bytes of it */
  take(ref: GroupRef, events: readonly PolledEvent[]): number {
    let parser = this.#parsers.get(ref.region);
    if (parser === undefined) {
      const origin = `cloudwatch ${ref.region}`;
      parser = createParser({ origin, region: ref.region, gunzip }, this.#writer, this.#options.reject);
      this.#parsers.set(ref.region, parser);
    }
    let size = 0;
    for (const text of subscriptionTexts(ref, events)) {
      const message = Buffer.from(text);
      size += message.length;
      parser.push(message);
    }
    this.#events += events.length;
    this.#writer.flush();
    return size;
  }

  /** Says how far time is, if it has moved. */
  tick(timeMs: number): void {
    if (Number.isNaN(timeMs) || timeMs <= this.#tickedMs) return;
    this.#tickedMs = timeMs;
    this.#options.sink.tick({ timeMs, clock: this.#clockName, isLast: false });
  }

  /** Says how far time is by the polls. Where there is no group, time is not ours to tell. */
  tickLive(nowMs: number): void {
    const { pollers, clock } = this.watch;
    if (pollers.size > 0) this.tick(clock.advance(pollers.values(), nowMs));
  }

  renew(dictionary: Dictionary): void {
    this.#writer.renew(dictionary);
  }

  /**
   * How far everything was read, as of now. The function that is returned keeps it: call it when all that was sent on up to
   * now is safe on the bus. @throws {StorageError}
   */
  capture(nowMs: number): () => Promise<void> {
    this.watch.forget(nowMs);
    const turn = ++this.#turn;
    const { timeMs, groups } = this.watch.state;
    const pages = new Map<string, Uint8Array>();
    for (let i = 0; i === 0 || i * GROUPS_A_PAGE < groups.length; i++) {
      const part = groups.slice(i * GROUPS_A_PAGE, (i + 1) * GROUPS_A_PAGE);
      const state: State = { turn, timeMs, groups: part, isNew: this.isNew };
      pages.set(`${PAGE}-${i}`, encodeMessage(PAGE, 0, state));
    }
    for (const [minute, bytes] of this.watch.seen.pages()) pages.set(`${SEEN_PAGE}${minute}`, bytes);
    return async () => {
      await this.#snapshots.save(pages, { turn: String(turn) }, null);
    };
  }

  /** Nothing of what is under way counts any more. */
  close(): void {
    for (const key of [...this.watch.pollers.keys()]) this.watch.remove(key);
  }
}

interface Save {
  readonly lane: CloudWatchLane;
  readonly save: () => Promise<void>;
}

/** Keeps what was captured. @returns the lanes that somebody else has kept the positions of: they are theirs */
export async function keepLanes(saves: readonly Save[], log: Log): Promise<CloudWatchLane[]> {
  const fenced: CloudWatchLane[] = [];
  for (const { lane, save } of saves) {
    try {
      await save();
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      log.warn('positions could not be kept', { partition: lane.partition, why: error.message });
      if (error.code === 'FENCED') fenced.push(lane);
    }
  }
  return fenced;
}
