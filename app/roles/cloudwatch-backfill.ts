import { History } from '../../ingest/cloudwatch/history.ts';
import { Progress } from '../replay-report.ts';
import type { CloudWatchLane } from './cloudwatch-lane.ts';
import type { CloudWatchRequests } from './cloudwatch-requests.ts';
import type { Connection } from './cloudwatch-targets.ts';
import type { RoleContext } from './context.ts';

const MINUTE_MS = 60_000;
/** What is younger may not have been delivered yet, ms: it is polled. */
const YOUNG_MS = 30_000;
/** Minutes that are given out in one go, before it is looked whether the bus has room. */
const MINUTES_A_TURN = 60;
/** Requests of history that are under way at a time: each answer may be a megabyte. */
const MOST_UNDER_WAY = 16;
/** Where there is no terminal, a line so often, ms. */
const SAY_EVERY_MS = 15_000;

/**
 * Reads what lies behind, of all log groups of this replica together, minute by minute of event time, with ticks at the end
 * of each minute: nothing of it is late, and where it stands is where all lanes stand. It is gone on with from there after a
 * restart.
 */
export class Backfill {
  readonly #context: Pick<RoleContext, 'nowMs' | 'elapsedMs' | 'log' | 'io' | 'metrics'>;
  readonly #lanes: ReadonlyMap<number, CloudWatchLane>;
  readonly #history: History;
  readonly #fromMs: number;
  readonly #progress: Progress;
  #doneMs: number;
  #saidMs: number;
  #events = 0;

  constructor(
    context: Pick<RoleContext, 'nowMs' | 'elapsedMs' | 'log' | 'io' | 'metrics'>,
    lanes: ReadonlyMap<number, CloudWatchLane>,
  ) {
    this.#context = context;
    this.#lanes = lanes;
    const nowMs = context.nowMs();
    const pollers = [...lanes.values()].flatMap(({ watch }) => [...watch.pollers.values()]);
    this.#history = new History(pollers, nowMs - YOUNG_MS, Math.random);
    this.#fromMs = this.#history.frontierMs;
    this.#doneMs = Math.floor(this.#fromMs / MINUTE_MS) * MINUTE_MS;
    this.#saidMs = context.elapsedMs();
    this.#progress = new Progress(context.io.stderr, true);
    context.log.info('reading what lies behind', {
      from: new Date(this.#fromMs).toISOString(),
      to: new Date(this.#history.untilMs).toISOString(),
      groups: pollers.length,
    });
  }

  get untilMs(): number {
    return this.#history.untilMs;
  }

  get isDone(): boolean {
    return this.#doneMs >= this.untilMs;
  }

  start(connections: Iterable<Connection>, requests: CloudWatchRequests): void {
    for (const connection of connections) requests.startHistory(connection, this.#history, MOST_UNDER_WAY);
  }

  /** When there is next something to ask for, by the steady clock, ms. */
  nextMs(connections: Iterable<Connection>, steadyMs: number): number {
    let dueMs = Number.POSITIVE_INFINITY;
    for (const { schedule } of connections) {
      const wantedMs = this.#history.nextMs(({ key }) => schedule.pollers.has(key));
      if (Number.isFinite(wantedMs) || wantedMs === Number.NEGATIVE_INFINITY)
        dueMs = Math.min(dueMs, Math.max(wantedMs, schedule.bucket.readyMs(steadyMs)));
    }
    return dueMs;
  }

  /** Hands on the minutes that are complete. True where there are more. */
  emit(requests: CloudWatchRequests): boolean {
    const { frontierMs, untilMs } = this.#history;
    for (let i = 0; i < MINUTES_A_TURN && this.#doneMs < untilMs; i++) {
      const toMs = Math.min(this.#doneMs + MINUTE_MS, untilMs);
      if (toMs > frontierMs) break;
      for (const { poller, events } of this.#history.take(toMs)) {
        const lane = [...this.#lanes.values()].find(({ watch }) => watch.pollers.get(poller.key) === poller);
        if (lane === undefined) continue;
        const { fresh, duplicates } = poller.fresh(events);
        this.#context.metrics.cloudwatch.page({ isEmpty: false, fresh: fresh.length, again: duplicates, late: 0 });
        this.#events += fresh.length;
        if (fresh.length > 0) requests.bytes += lane.take(poller.ref, fresh);
      }
      for (const lane of this.#lanes.values()) {
        if (lane.watch.pollers.size === 0) continue;
        lane.watch.clock.reach(toMs);
        lane.watch.forget(toMs);
        lane.tick(toMs);
      }
      this.#doneMs = toMs;
    }
    this.#say();
    return this.#doneMs < Math.min(frontierMs, untilMs) - MINUTE_MS;
  }

  get #upTo(): string {
    return new Date(Math.max(this.#doneMs, this.#fromMs)).toISOString();
  }

  #say(): void {
    const { io, log, elapsedMs } = this.#context;
    const whole = this.untilMs - this.#fromMs;
    const done = Math.max(0, Math.min(whole, this.#doneMs - this.#fromMs));
    const days = (ms: number) => `${(ms / 86_400_000).toFixed(2)} d`;
    if (io.stderr.isTTY) this.#progress.show('history', done, whole, days);
    else if (elapsedMs() >= this.#saidMs + SAY_EVERY_MS) {
      this.#saidMs = elapsedMs();
      log.info('reading what lies behind', {
        upTo: this.#upTo,
        percent: Math.floor((100 * done) / whole),
        events: this.#events,
      });
    }
  }

  end(): void {
    this.#progress.stop();
    const { log } = this.#context;
    if (this.isDone) log.info('what lies behind was read', { events: this.#events });
    else
      log.info('what lies behind was read in part: the next start goes on', { upTo: this.#upTo, events: this.#events });
  }
}
