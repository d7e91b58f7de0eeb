import { hashText } from '../../detectors/keys.ts';
import { type LogGroupInfo, LogsError } from '../../ingest/cloudwatch/api.ts';
import { groupKey } from '../../ingest/cloudwatch/group-poller.ts';
import type { CloudWatchLane } from './cloudwatch-lane.ts';
import { accountOf, type Target } from './cloudwatch-targets.ts';
import type { RoleContext } from './context.ts';

/** A group that came while we watch may have said something before it was listed first, ms. */
const BEFORE_MS = 60_000;

/** Which log groups there are, and which lane watches which: the partitions of `sources` divide them by name. */
export class CloudWatchGroups {
  readonly #context: Pick<RoleContext, 'nowMs' | 'log' | 'topics' | 'config'>;
  readonly #targets: readonly Target[];
  readonly #lanes: ReadonlyMap<number, CloudWatchLane>;
  readonly #sinceMs: number | null;

  /** @param sinceMs how far back a first start reads, ms; null = as the sources say */
  constructor(
    context: Pick<RoleContext, 'nowMs' | 'log' | 'topics' | 'config'>,
    targets: readonly Target[],
    lanes: ReadonlyMap<number, CloudWatchLane>,
    sinceMs: number | null,
  ) {
    this.#context = context;
    this.#targets = targets;
    this.#lanes = lanes;
    this.#sinceMs = sinceMs;
  }

  /** Lists all accounts and regions beside each other, and takes over what has changed. Never throws for one that fails. */
  async refresh(): Promise<void> {
    await Promise.all(this.#targets.map((target) => this.#refreshOne(target)));
  }

  async #refreshOne(target: Target): Promise<void> {
    const { log } = this.#context;
    const { name } = target.connection;
    try {
      const listed = await target.discovery.list();
      this.#apply(target, listed);
      if (target.trouble !== null) log.info('log groups can be listed again', { of: name });
      target.trouble = null;
    } catch (error) {
      if (!(error instanceof LogsError)) throw error;
      if (target.trouble !== error.message) log.warn('log groups cannot be listed', { of: name, why: error.message });
      target.trouble = error.message;
    }
    target.isTried = true;
  }

  /** A whole listing: what came, what went, what was made anew. */
  #apply(target: Target, listed: readonly LogGroupInfo[]): void {
    const { log } = this.#context;
    const keys = new Map<string, LogGroupInfo>();
    for (const group of listed) {
      const key = groupKey({ account: accountOf(group), region: target.region, name: group.name });
      if (this.laneOf(key) !== null) keys.set(key, group);
    }
    let went = 0;
    for (const [key, createdMs] of target.groups) {
      if (keys.get(key)?.createdMs === createdMs) continue;
      this.#remove(target, key);
      went++;
    }
    let came = 0;
    for (const [key, group] of keys) {
      if (target.groups.has(key) || this.#isWatched(key)) continue;
      this.#add(target, key, group);
      came++;
    }
    for (const lane of new Set(this.#lanes.values()))
      lane.watch.dropKept((kept) => this.#isOf(target, kept.account, kept.region) && !keys.has(groupKey(kept)));
    if (came + went > 0) log.info('log groups', { of: target.connection.name, came, went, now: target.groups.size });
  }

  /** The one source of an account and region knows all of it; with several, what is kept stays until it is found. */
  #isOf(target: Target, account: string, region: string): boolean {
    if (this.#targets.filter((other) => other.region === region).length > 1) return false;
    return target.region === region && [...target.groups.keys()].some((key) => key.startsWith(`${account}/`));
  }

  #add(target: Target, key: string, group: LogGroupInfo): void {
    const nowMs = this.#context.nowMs();
    const lane = this.laneOf(key)!;
    const sinceMs = this.#sinceMs ?? target.settings.since;
    const { latenessMs } = target.poll;
    // time that has begun does not go back: what is found later begins where events still count
    const isFirst = lane.isNew && Number.isNaN(lane.watermarkMs);
    const floorMs = isFirst ? nowMs - sinceMs : Math.max(group.createdMs - BEFORE_MS, nowMs - latenessMs);
    const poller = lane.watch.add(accountOf(group), target.region, group, target.poll, floorMs);
    target.groups.set(key, group.createdMs);
    target.connection.schedule.pollers.set(key, poller);
  }

  #remove(target: Target, key: string): void {
    target.groups.delete(key);
    target.connection.schedule.pollers.delete(key);
    this.laneOf(key)?.watch.remove(key);
  }

  /** null = its partition is somebody else's */
  laneOf(key: string): CloudWatchLane | null {
    return this.#lanes.get(hashText(key) % this.#context.topics.sources.partitions) ?? null;
  }

  #isWatched(key: string): boolean {
    return this.laneOf(key)?.watch.pollers.has(key) === true;
  }

  /** Groups of partitions that are somebody else's now. */
  forget(lane: CloudWatchLane): void {
    for (const target of this.#targets)
      for (const key of [...target.groups.keys()]) if (lane.watch.pollers.has(key)) this.#remove(target, key);
    lane.close();
  }

  /** Groups that answered that they are gone: the next listing says whether they were made anew. */
  dropGone(): void {
    for (const target of this.#targets)
      for (const key of [...target.groups.keys()])
        if (target.connection.schedule.pollers.get(key)?.isGone === true) this.#remove(target, key);
  }

  get size(): number {
    return this.#targets.reduce((sum, { groups }) => sum + groups.size, 0);
  }
}
