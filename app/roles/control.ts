import { ControlError, type ControlReply, type ControlRequest, serveControl } from '../../infra/control.ts';
import type { HealthReport } from '../../infra/health.ts';
import type { Log } from '../../infra/log.ts';
import type { Metrics } from '../../infra/metrics.ts';
import { TapFilter, tapEventOf } from '../tap-event.ts';
import type { Reloads } from './reloads.ts';
import type { Watch } from './watch.ts';

/** Events of a second that a watcher is shown; what is more is counted. */
const TAPPED_A_SECOND = 2000;
/** How often a watcher hears how many events it was not shown, ms. */
const TOLD_MS = 1000;

export interface CommandsOptions {
  readonly name: string;
  readonly version: string;
  readonly file: string | null;
  /** folder of the configuration's `state` */
  readonly state: string;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'text'>;
  readonly health: { report(): HealthReport };
  readonly watch: Watch;
  readonly reloads: Reloads;
}

/** What `tripline status` hears of one process. */
export interface StatusItem {
  readonly pid: number;
  readonly name: string;
  readonly version: string;
  readonly file: string | null;
  readonly startedMs: number;
  readonly health: HealthReport;
  /** Prometheus' text format */
  readonly metrics: string;
  readonly sources: number;
  /** where it takes logs over HTTP, as configured; null = nowhere */
  readonly listener: string | null;
  /** open in the detectors of this process: one a function and family of signals */
  readonly incidents: number;
  readonly destinations: readonly string[];
}

/**
 * Answers `tripline tap`, `top`, `status` and `reload` until the returned function is called. Where there can be no socket
 * the work goes on without.
 */
export async function serveCommands(options: CommandsOptions): Promise<() => Promise<void>> {
  const startedMs = Date.now();
  try {
    return await serveControl(options.state, options.name, (request, reply) =>
      handle(request, reply, options, startedMs),
    );
  } catch (error) {
    options.log.warn('no control socket: tripline tap, top, status and reload cannot reach this process', { error });
    return async () => {};
  }
}

async function handle(
  request: ControlRequest,
  reply: ControlReply,
  options: CommandsOptions,
  startedMs: number,
): Promise<void> {
  switch (request.op) {
    case 'status':
      return reply.send(await statusOf(options, startedMs));
    case 'top':
      return reply.send(options.watch.functions());
    case 'tap':
      return tap(request, reply, options.watch);
    case 'reload':
      return reply.send(await options.reloads.reload());
    default:
      throw new ControlError(
        'REFUSED',
        `process ${process.pid} knows no command ${request.op}: is it of another version?`,
      );
  }
}

async function statusOf(options: CommandsOptions, startedMs: number): Promise<StatusItem> {
  const { name, version, file, health, metrics, reloads, watch } = options;
  const { sources, listen, destinations } = reloads.loaded.config.live;
  return {
    pid: process.pid,
    name,
    version,
    file,
    startedMs,
    health: health.report(),
    metrics: await metrics.text(),
    sources: sources.length,
    listener: listen?.address ?? null,
    incidents: watch.functions().reduce((sum, row) => sum + row.incidents, 0),
    destinations: destinations.map((it) => it.name),
  };
}

/** Shows what passes until the reader leaves. Work never waits for a reader: what it has no time for is counted. */
async function tap(request: ControlRequest, reply: ControlReply, watch: Watch): Promise<void> {
  const filter = new TapFilter(typeof request['function'] === 'string' ? request['function'] : '*');
  let dropped = 0;
  let room = TAPPED_A_SECOND;
  const end = watch.tap((block) => {
    for (let i = 0; i < block.n; i++) {
      if (!filter.takes(block, i)) continue;
      if (room > 0 && reply.offer(tapEventOf(block, i))) room--;
      else dropped++;
    }
  });
  const timer = setInterval(() => {
    room = TAPPED_A_SECOND;
    if (dropped > 0 && reply.offer({ dropped })) dropped = 0;
  }, TOLD_MS);
  await new Promise<void>((resolve) => {
    if (reply.signal.aborted) resolve();
    else reply.signal.addEventListener('abort', () => resolve());
  });
  clearInterval(timer);
  end();
}
