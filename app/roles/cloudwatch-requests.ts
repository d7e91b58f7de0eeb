import { LogsError } from '../../ingest/cloudwatch/api.ts';
import type { GroupPoller } from '../../ingest/cloudwatch/group-poller.ts';
import type { History } from '../../ingest/cloudwatch/history.ts';
import type { Moment } from '../../ingest/cloudwatch/service-time.ts';
import type { CloudWatchLane } from './cloudwatch-lane.ts';
import type { Connection } from './cloudwatch-targets.ts';
import type { RoleContext } from './context.ts';

export interface RequestHooks {
  readonly now: () => Moment;
  readonly laneOf: (poller: GroupPoller) => CloudWatchLane | null;
  /** an answer was taken: there may be more to do */
  readonly onAnswer: () => void;
  /** the program cannot go on */
  readonly onFailure: (error: unknown) => void;
}

/** Makes requests as the schedules allow, and hands what they bring to the lanes. */
export class CloudWatchRequests {
  readonly #context: Pick<RoleContext, 'elapsedMs' | 'metrics' | 'log'>;
  readonly #hooks: RequestHooks;
  readonly #underWay = new Set<Promise<void>>();
  /** what connections said last that somebody has to see to, by their name */
  readonly troubles = new Map<string, string>();
  bytes = 0;

  constructor(context: Pick<RoleContext, 'elapsedMs' | 'metrics' | 'log'>, hooks: RequestHooks) {
    this.#context = context;
    this.#hooks = hooks;
  }

  /** Starts what is due now. */
  startPolls(connection: Connection): void {
    const { elapsedMs } = this.#context;
    const { now } = this.#hooks;
    const { schedule } = connection;
    for (let fetch = schedule.next(now()); fetch !== null; fetch = schedule.next(now())) {
      const { poller, job, request } = fetch;
      this.#start(connection, async () => {
        try {
          const page = await connection.api.filterLogEvents(request);
          this.#succeeded(connection);
          const lane = this.#hooks.laneOf(poller);
          if (lane === null || poller.isGone) return;
          const coveredMs = poller.coveredMs;
          const { fresh, duplicates } = poller.took(job, page);
          const isEmpty = page.events.length === 0 && page.nextToken !== null;
          const late = fresh.filter(({ timestampMs }) => timestampMs < coveredMs).length;
          this.#context.metrics.cloudwatch.page({ isEmpty, fresh: fresh.length, again: duplicates, late });
          if (fresh.length > 0) this.bytes += lane.take(poller.ref, fresh);
        } catch (error) {
          poller.failed(job, this.#failed(connection, error), elapsedMs());
        } finally {
          schedule.ended();
        }
      });
    }
  }

  /** Starts what the history of these groups needs next. */
  startHistory(connection: Connection, history: History, mostUnderWay: number): void {
    const { elapsedMs } = this.#context;
    const has = (poller: GroupPoller) => connection.schedule.pollers.has(poller.key);
    while (this.#underWay.size < mostUnderWay) {
      const fetch = history.next(has, connection.schedule.bucket, elapsedMs());
      if (fetch === null) return;
      this.#start(connection, async () => {
        try {
          const page = await connection.api.filterLogEvents(fetch.request);
          this.#succeeded(connection);
          history.took(fetch, page);
        } catch (error) {
          history.failed(fetch, this.#failed(connection, error), elapsedMs());
        }
      });
    }
  }

  #start(_connection: Connection, request: () => Promise<void>): void {
    const running: Promise<void> = request()
      .catch((error: unknown) => this.#hooks.onFailure(error))
      .finally(() => {
        this.#underWay.delete(running);
        this.#hooks.onAnswer();
      });
    this.#underWay.add(running);
  }

  #succeeded({ name, schedule }: Connection): void {
    this.#context.metrics.cloudwatch.request('ok');
    schedule.bucket.succeeded();
    if (this.troubles.delete(name)) this.#context.log.info('log groups can be read again', { of: name });
  }

  /** Counts a failure, and says what somebody has to see to, once. @throws what is no failure of a request */
  #failed({ name, schedule }: Connection, error: unknown): LogsError {
    if (!(error instanceof LogsError)) throw error;
    const { kind, message } = error;
    this.#context.metrics.cloudwatch.request(kind);
    if (kind === 'throttled') schedule.bucket.throttled(this.#context.elapsedMs());
    const isForPeople = kind === 'denied' || kind === 'credentials' || kind === 'refused';
    if (isForPeople && this.troubles.get(name) === undefined) {
      this.troubles.set(name, message);
      this.#context.log.warn('log groups cannot be read', { of: name, why: message });
    }
    return error;
  }

  /** Resolves when nothing is under way any more. */
  async settle(): Promise<void> {
    await Promise.all(this.#underWay);
  }
}
