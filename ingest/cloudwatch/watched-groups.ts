import type { LogGroupInfo } from './api.ts';
import { GroupPoller, type GroupState, groupKey, type PollSettings } from './group-poller.ts';
import { PolledClock } from './polled-clock.ts';
import { SeenIds } from './seen-ids.ts';
import { NO_TRAFFIC } from './traffic.ts';

/** Ids that are remembered for the log groups of one partition; 64 MB at most. */
const MOST_IDS = 2_000_000;
/** Ids are kept so much longer than they may come again, ms. */
const MARGIN_MS = 120_000;

/** How far the log groups of one partition were read; plain data, the ids apart. */
export interface WatchedState {
  readonly timeMs: number;
  readonly groups: readonly GroupState[];
}

/** The log groups of one partition: their pollers, the memory of what was taken, and their clock. */
export class WatchedGroups {
  readonly pollers = new Map<string, GroupPoller>();
  readonly seen = new SeenIds(MOST_IDS);
  readonly clock: PolledClock;
  readonly #random: () => number;
  /** what is kept of groups that were not found yet since the start */
  readonly #kept = new Map<string, GroupState>();

  constructor(state: WatchedState | null, random: () => number) {
    this.#random = random;
    this.clock = new PolledClock(state?.timeMs ?? Number.NaN);
    for (const group of state?.groups ?? []) this.#kept.set(groupKey(group), group);
  }

  /** Call it where `seen` holds what belongs to it. */
  get state(): WatchedState {
    const groups = [...this.pollers.values()].filter(({ isGone }) => !isGone).map(({ state }) => state);
    return { timeMs: this.clock.timeMs, groups: [...groups, ...this.#kept.values()] };
  }

  /**
   * A log group that was found: gone on with where it was left; one that was made anew begins anew.
   * @param floorMs where one that is not known begins
   */
  add(account: string, region: string, group: LogGroupInfo, settings: PollSettings, floorMs: number): GroupPoller {
    const ref = { account, region, name: group.name, createdMs: group.createdMs };
    const key = groupKey(ref);
    const kept = this.#kept.get(key);
    this.#kept.delete(key);
    const fresh = { ...ref, floorMs, coveredMs: floorMs, sweptMs: floorMs, deepMs: floorMs, traffic: NO_TRAFFIC };
    const state = kept?.createdMs === group.createdMs ? kept : fresh;
    const poller = new GroupPoller(state, settings, this.seen, this.#random);
    this.pollers.set(key, poller);
    return poller;
  }

  remove(key: string): void {
    const poller = this.pollers.get(key);
    if (poller !== undefined) poller.isGone = true;
    this.pollers.delete(key);
  }

  /** Those that were kept of and are not there any more: whole listings did not have them. */
  dropKept(isTheirs: (group: GroupState) => boolean): void {
    for (const [key, group] of this.#kept) if (isTheirs(group)) this.#kept.delete(key);
  }

  /** Forgets ids that cannot come again. */
  forget(nowMs: number): void {
    let neededMs = nowMs;
    for (const poller of this.pollers.values())
      if (!poller.isGone) neededMs = Math.min(neededMs, poller.neededMs(nowMs));
    if (this.#kept.size === 0 && this.pollers.size > 0) this.seen.forgetBefore(neededMs - MARGIN_MS);
  }

  /** How far its groups were read: the one that is furthest, as some may not be readable; NaN = it has none. */
  get coveredMs(): number {
    let mostMs = Number.NaN;
    for (const { coveredMs, isGone } of this.pollers.values())
      if (!isGone && !(coveredMs <= mostMs)) mostMs = coveredMs;
    return mostMs;
  }
}
