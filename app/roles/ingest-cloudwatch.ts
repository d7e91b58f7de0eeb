import { join } from 'node:path';
import type { LogsApi } from '../../ingest/cloudwatch/api.ts';
import { ServiceTime } from '../../ingest/cloudwatch/service-time.ts';
import { Dictionary } from '../../ingest/fragment.ts';
import type { Reject } from '../../ingest/reject.ts';
import type { CloudWatchSettings } from '../config-cloudwatch.ts';
import { Backfill } from './cloudwatch-backfill.ts';
import { CloudWatchFigures } from './cloudwatch-figures.ts';
import { CloudWatchGroups } from './cloudwatch-groups.ts';
import { CloudWatchLane, keepLanes } from './cloudwatch-lane.ts';
import { CloudWatchRequests } from './cloudwatch-requests.ts';
import { type Connection, clockOf, readinessOf, type Target, targetsOf } from './cloudwatch-targets.ts';
import type { RoleContext } from './context.ts';
import { FragmentSink } from './fragment-sink.ts';
import { commandHistory } from './history-command.ts';
import { TEXTS_KEPT } from './ingest-follow.ts';

/** How often positions are kept: what is read again after a crash, at most. */
const SAVE_MS = 5000;
/** Between two ticks at least, ms: what was noticed early is said with the next one. */
const FINE_MS = 50;
/** Further behind than this at the start, what lies between is read in the order of time first, ms. */
const BEHIND_MS = 120_000;
/** Nothing was read of any group for so long, ms, as on a laptop that slept: then, too. */
const STALLED_MS = 5 * 60_000;
/** The longest wait, ms: for time goes on. */
const REST_MS = 250;
const STUCK_MS = 300_000;

export interface CloudWatchIngestOptions {
  /** how far back the first start reads, ms; else as the sources say */
  readonly sinceMs?: number | undefined;
  /** for tests; else AWS */
  readonly newApi?: (region: string) => LogsApi;
}

/**
 * Polls log groups of CloudWatch. The partitions of `sources` divide the groups by account, region and name; the group of
 * the replicas divides the partitions, and with them the quota of requests. What lies behind is read first, all groups
 * together in the order of time (`Backfill`); then each group by its own interval. What was sent after the last kept position
 * comes twice after a crash, and is recognised as such further on.
 */
export class CloudWatchIngest {
  readonly #context: RoleContext;
  readonly #time: ServiceTime;
  readonly #sink: FragmentSink;
  readonly #targets: readonly Target[];
  readonly #connections: ReadonlySet<Connection>;
  readonly #lanes = new Map<number, CloudWatchLane>();
  readonly #groups: CloudWatchGroups;
  readonly #requests: CloudWatchRequests;
  readonly #figures: CloudWatchFigures;
  #dictionary = new Dictionary();
  #backfill: Backfill | null = null;
  #assigned: readonly number[] = [];
  #isReassigned = false;
  #rejects: Reject[] = [];
  #listing: Promise<void> | null = null;
  #dueMs = { list: 0, flush: 0, save: 0, stalled: 0 };
  #flushedMs = 0;
  #failure: { readonly error: unknown } | null = null;
  #wake: () => void = () => {};
  #caughtUp: () => void = () => {};
  /** resolves when what lay behind at the start was read, or this has ended */
  readonly caughtUp = new Promise<void>((resolve) => {
    this.#caughtUp = resolve;
  });

  constructor(
    given: RoleContext,
    sources: readonly CloudWatchSettings[],
    { sinceMs, newApi }: CloudWatchIngestOptions = {},
  ) {
    const { config, io, topics, elapsedMs } = given;
    this.#time = new ServiceTime(given.nowMs, elapsedMs);
    const nowMs = () => this.#time.nowMs;
    const context = { ...given, nowMs };
    this.#context = context;
    this.#sink = new FragmentSink(topics.fragments);
    const { latenessMs } = config.live.live;
    const onDate = (dateMs: number) => this.#time.heard(dateMs);
    this.#targets = targetsOf(sources, { clock: clockOf(context), env: io.env, latenessMs, newApi, onDate });
    this.#connections = new Set(this.#targets.map(({ connection }) => connection));
    this.#figures = new CloudWatchFigures(context, this.#targets);
    this.#groups = new CloudWatchGroups(context, this.#targets, this.#lanes, sinceMs ?? null);
    this.#requests = new CloudWatchRequests(context, {
      now: () => this.#time.now,
      laneOf: ({ key }) => this.#groups.laneOf(key),
      onAnswer: () => {
        this.#dueMs.flush = Math.min(this.#dueMs.flush, this.#flushedMs + FINE_MS);
        this.#wake();
      },
      onFailure: (error) => this.#fail(error),
    });
  }

  /** Polls until the signal, then keeps its positions. */
  async run(): Promise<void> {
    const { topics, signal, health } = this.#context;
    const component = health.register('ingest-cloudwatch', { deadlineMs: STUCK_MS });
    const leaving = new AbortController();
    const stop = () => this.#wake();
    signal.addEventListener('abort', stop);
    const membership = belong(
      topics.sources.subscribe('ingest-cloudwatch', {
        signal: leaving.signal,
        onAssigned: (partitions) => {
          this.#assigned = partitions;
          this.#isReassigned = true;
          this.#wake();
        },
        onRevoking: () => this.#saveAll(),
      }),
    );
    membership.catch((error: unknown) => this.#fail(error));
    try {
      while (!signal.aborted && this.#failure === null) {
        component.beat();
        component.ready(...readinessOf(this.#targets, this.#requests.troubles));
        await this.#turn();
      }
      if (this.#failure !== null) throw this.#failure.error;
      await this.#saveAll();
    } finally {
      this.#caughtUp();
      this.#backfill?.end();
      for (const lane of this.#lanes.values()) this.#groups.forget(lane);
      for (const connection of this.#connections) connection.close();
      signal.removeEventListener('abort', stop);
      leaving.abort();
      await membership.catch(() => {});
    }
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#wake();
  }

  async #turn(): Promise<void> {
    const { elapsedMs } = this.#context;
    if (this.#isReassigned) await this.#reconcile();
    if (elapsedMs() >= this.#dueMs.list) this.#list();
    await this.#watchForStall();
    if (this.#backfill !== null) await this.#goBack(this.#backfill);
    else for (const connection of this.#connections) this.#requests.startPolls(connection);
    if (this.#dictionary.texts.length > TEXTS_KEPT) this.#renew();
    if (elapsedMs() >= this.#dueMs.flush) await this.#flush();
    if (elapsedMs() >= this.#dueMs.save) await this.#saveAll();
    await this.#sink.push(); // no more is asked for while the bus takes nothing
    const waitMs = this.#nextMs() - elapsedMs();
    if (waitMs > 0) await this.#pause(Math.min(REST_MS, Math.max(1, waitMs)));
  }

  #nextMs(): number {
    const { now } = this.#time;
    let dueMs = this.#dueMs.flush;
    if (this.#backfill !== null) return Math.min(dueMs, this.#backfill.nextMs(this.#connections, now.steadyMs));
    for (const { schedule } of this.#connections) dueMs = Math.min(dueMs, schedule.nextMs(now));
    return dueMs;
  }

  /** Until an answer comes, the signal, or the time is over. */
  async #pause(ms: number): Promise<void> {
    if (this.#context.signal.aborted || this.#failure !== null) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = () => {};
  }

  /** Lists log groups beside all else. */
  #list(): void {
    if (this.#listing !== null) return;
    this.#groups.dropGone();
    this.#listing = this.#groups
      .refresh()
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#listing = null;
        const everyMs = Math.min(...this.#targets.map(({ settings }) => settings.refreshMs));
        this.#dueMs.list = this.#context.elapsedMs() + everyMs;
        this.#dueMs.stalled = 0; // what was found may lie far behind
        this.#wake();
      });
  }

  async #goBack(backfill: Backfill): Promise<void> {
    const { nowMs, elapsedMs } = this.#context;
    backfill.start(this.#connections, this.#requests);
    if (backfill.emit(this.#requests)) this.#dueMs.flush = Math.min(this.#dueMs.flush, elapsedMs() + FINE_MS);
    if (!backfill.isDone) return;
    backfill.end();
    this.#backfill = null;
    this.#dueMs.save = 0;
    if (nowMs() - backfill.untilMs > BEHIND_MS) await this.#beginBackfill();
    else this.#goLive();
  }

  /** From now on a gap is ours, not the past: who has to be told of it is told. */
  #goLive(): void {
    if (this.#groups.size > 0) for (const lane of this.#lanes.values()) lane.isNew = false;
    this.#caughtUp();
  }

  async #beginBackfill(): Promise<void> {
    this.#backfill = new Backfill(this.#context, this.#lanes);
    // what was found of the past is for the baselines: nobody is told of it, so that is said before any of it is sent on
    if ([...this.#lanes.values()].every(({ isNew }) => isNew))
      await commandHistory(this.#context, this.#backfill.untilMs);
  }

  async #watchForStall(): Promise<void> {
    const { wallMs, steadyMs } = this.#time.now;
    if (this.#backfill !== null || steadyMs < this.#dueMs.stalled) return;
    this.#dueMs.stalled = steadyMs + BEHIND_MS / 2;
    const covered = [...this.#lanes.values()].map(({ watch }) => watch.coveredMs).filter((ms) => !Number.isNaN(ms));
    if (covered.length > 0 && wallMs - Math.max(...covered) > STALLED_MS) await this.#beginBackfill();
  }

  #renew(): void {
    this.#dictionary = new Dictionary();
    for (const lane of this.#lanes.values()) lane.renew(this.#dictionary);
  }

  async #flush(): Promise<void> {
    const { config, metrics, deadLetters } = this.#context;
    const { now } = this.#time;
    this.#flushedMs = now.steadyMs;
    this.#dueMs.flush = now.steadyMs + Math.min(config.live.live.flushMs, REST_MS);
    if (this.#backfill === null) for (const lane of this.#lanes.values()) lane.tickLive(now.wallMs);
    await this.#sink.flush();
    if (this.#rejects.length > 0) await deadLetters.put(this.#rejects.splice(0));
    const sent = this.#sink.takeSent();
    const events = [...this.#lanes.values()].reduce((sum, lane) => sum + lane.takeEvents(), 0);
    metrics.ingest.read('cloudwatch', { events, bytes: this.#requests.bytes, fragments: sent.fragments });
    this.#requests.bytes = 0;
    metrics.bus.published('fragments', sent);
    this.#figures.tell(this.#lanes.values(), now);
  }

  /** Opens the lanes that were given to this replica, closes those that were taken, and lists what they watch. */
  async #reconcile(): Promise<void> {
    this.#isReassigned = false;
    const assigned = this.#assigned;
    for (const [partition, lane] of this.#lanes) {
      if (assigned.includes(partition)) continue;
      this.#groups.forget(lane);
      this.#lanes.delete(partition);
    }
    for (const partition of assigned) {
      if (this.#lanes.has(partition)) continue;
      const lane = await CloudWatchLane.open({
        partition,
        stateDir: join(this.#context.stateDir, `cloudwatch-${String(partition).padStart(3, '0')}`),
        sink: this.#sink,
        dictionary: this.#dictionary,
        reject: (reject) => {
          this.#rejects.push(reject);
          this.#context.metrics.ingest.rejected(reject.reason);
        },
        random: Math.random,
        nowMs: this.#context.nowMs,
      });
      this.#lanes.set(partition, lane);
    }
    const { partitions } = this.#context.topics.sources;
    for (const { schedule, rate } of this.#connections)
      schedule.bucket.resize((rate * Math.max(1, assigned.length)) / partitions);
    await this.#listing;
    this.#list();
    await this.#listing; // before that nobody knows how far behind they are
    const now = this.#context.nowMs();
    if ([...this.#lanes.values()].some(({ watch }) => now - watch.coveredMs > BEHIND_MS)) await this.#beginBackfill();
    else if (this.#backfill === null) this.#goLive();
  }

  /** Positions are kept once all that was sent and rejected up to them is safe on the bus. */
  async #saveAll(): Promise<void> {
    const { nowMs, elapsedMs, log, deadLetters } = this.#context;
    this.#dueMs.save = elapsedMs() + SAVE_MS;
    const mine = [...this.#lanes].filter(([partition]) => this.#assigned.includes(partition));
    const saves = mine.map(([, lane]) => ({ lane, save: lane.capture(nowMs()) }));
    await this.#flush();
    await this.#sink.settle();
    await deadLetters.settle();
    for (const lane of await keepLanes(saves, log)) {
      if (this.#lanes.get(lane.partition) !== lane) continue;
      this.#groups.forget(lane); // opened again, from what is kept, if it is ours
      this.#lanes.delete(lane.partition);
      this.#isReassigned = true;
    }
  }
}

async function belong(batches: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of batches); // the topic carries nothing: belonging to the group is what counts
}
