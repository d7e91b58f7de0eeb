import { estimateDay } from '../../ingest/cloudwatch/estimate.ts';
import type { Moment } from '../../ingest/cloudwatch/service-time.ts';
import { bytes } from '../style.ts';
import type { CloudWatchLane } from './cloudwatch-lane.ts';
import type { Target } from './cloudwatch-targets.ts';
import type { RoleContext } from './context.ts';

/** How often metrics are set, ms. */
const FIGURES_MS = 1000;
/** How often it is logged what polling takes, ms; for the first time when traffic is known. */
const TELL_MS = 3600_000;
const FIRST_TELL_MS = 60_000;
/** A group that is asked at least this often is busy, ms. */
const BUSY_MS = 10_000;
/** A clock that is off by more is somebody's to set, ms. */
const CLOCK_MS = 30_000;

/** What is known of the polling: as metrics, and now and then in the log. */
export class CloudWatchFigures {
  readonly #context: Pick<RoleContext, 'metrics' | 'log'>;
  readonly #targets: readonly Target[];
  #figuresMs = 0;
  #tellMs = Number.NaN;
  #isClockOff = false;

  constructor(context: Pick<RoleContext, 'metrics' | 'log'>, targets: readonly Target[]) {
    this.#context = context;
    this.#targets = targets;
  }

  tell(given: Iterable<CloudWatchLane>, { wallMs, steadyMs }: Moment): void {
    const [first] = this.#targets;
    if (steadyMs < this.#figuresMs || first === undefined) return;
    this.#figuresMs = steadyMs + FIGURES_MS;
    const { metrics, log } = this.#context;
    const lanes = [...given];
    const pollers = lanes.flatMap(({ watch }) => [...watch.pollers.values()]);
    const busy = pollers.filter(({ intervalMs }) => intervalMs <= BUSY_MS);
    const day = estimateDay(pollers, first.poll);
    const buckets = new Set(this.#targets.map(({ connection }) => connection.schedule.bucket));
    const rate = [...buckets].reduce((sum, bucket) => sum + bucket.rate, 0);
    const watermarks = lanes.map(({ watermarkMs }) => watermarkMs).filter(Number.isFinite);
    if (watermarks.length > 0) metrics.ingest.watermark(Math.min(...watermarks));
    metrics.ingest.sources(pollers.length);
    metrics.cloudwatch.figures({
      groups: pollers.length,
      busyGroups: busy.length,
      lagMs: Math.max(0, ...busy.map(({ coveredMs }) => wallMs - coveredMs)),
      rate,
      ids: lanes.reduce((sum, { watch }) => sum + watch.seen.size, 0),
      requestsADay: day.requests,
      bytesADay: day.bytes,
      clockAheadMs: this.#tellClock(),
    });
    if (Number.isNaN(this.#tellMs)) this.#tellMs = steadyMs + FIRST_TELL_MS;
    if (steadyMs < this.#tellMs || pollers.length === 0) return;
    this.#tellMs = steadyMs + TELL_MS;
    // AWS bills no request of FilterLogEvents: docs/cloudwatch.md
    const figures = {
      groups: pollers.length,
      requestsADay: day.requests,
      readADay: bytes(day.bytes),
      requestCost: '$0',
    };
    log.info('polling', { ...figures, atMostASecond: Math.round(rate * 10) / 10 });
  }

  /** Where our clock is off it is said, once: polls go by CloudWatch's, other sources cannot. @returns how far ahead it is, ms */
  #tellClock(): number {
    const { log } = this.#context;
    let aheadMs = 0;
    for (const { connection } of this.#targets) {
      const ms = connection.clockAheadMs();
      if (Math.abs(ms) > Math.abs(aheadMs)) aheadMs = ms;
    }
    const isOff = Math.abs(aheadMs) > CLOCK_MS;
    const by = { aheadS: Math.round(aheadMs / 1000) };
    if (isOff && !this.#isClockOff)
      log.warn("this machine's clock is not CloudWatch's: set it by NTP (chrony, systemd-timesyncd)", by);
    if (!isOff && this.#isClockOff) log.info("this machine's clock is CloudWatch's again", by);
    this.#isClockOff = isOff;
    return aheadMs;
  }
}
