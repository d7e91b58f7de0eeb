import { join } from 'node:path';
import { createHealth } from '../../infra/health.ts';
import { startHttp } from '../../infra/http-server.ts';
import { createLog, type Log } from '../../infra/log.ts';
import { createMetrics } from '../../infra/metrics.ts';
import type { Config } from '../config.ts';
import type { Io } from '../io.ts';
import { withModel } from '../model.ts';
import { busName, openTopics } from './bus.ts';
import type { RoleContext } from './context.ts';
import { DeadLetterBox } from './dead-letters.ts';
import { NO_ROWS, openRows } from './open-rows.ts';

export type Role = (context: RoleContext) => Promise<void>;

export interface HostOptions {
  /** names the process in its logs */
  readonly name: string;
  readonly config: Config;
  readonly model: string | undefined;
  readonly io: Io;
  readonly version: string;
  /** what this process does, all at once; it ends when the last of them has, or the first that fails */
  readonly roles: readonly Role[];
  /** false = no rows are written here, so the store need not be reached */
  readonly needsStore: boolean;
}

/**
 * One process of a live installation: opens what its roles need, runs them until they end or somebody asks for the end,
 * and closes everything in order. @throws whatever one of the roles cannot go on from, once the others have saved
 */
export async function runHost(options: HostOptions): Promise<void> {
  const { io, name, version } = options;
  const { config, model } = withModel(options.config, options.model);
  const { log: logging, http, bus } = config.live;
  const log = createLog({ level: logging.level, format: logging.format, fields: { role: name } });
  const metrics = createMetrics({ version });
  const health = createHealth();
  const stop = new AbortController();
  const unlisten = io.onInterrupt(() => {
    log.info('asked to end: saving');
    health.drain();
    stop.abort();
  });
  const { shutdownMs } = config.live.live;
  const closing: Close[] = [];
  let hurry: NodeJS.Timeout | undefined;
  try {
    const server = await startHttp({ listen: http.listen === 'off' ? null : http.listen, metrics, health });
    closing.push(once(() => server.close()));
    const topics = await openTopics(bus, log);
    closing.push(once(() => topics.close()));
    const store = options.needsStore ? await openRows(config, { log, metrics, signal: stop.signal }) : null;
    if (store !== null) closing.push(once((deadlineMs) => store.close(deadlineMs)));
    log.info('started', { version, bus: bus.kafka === undefined ? 'local' : 'kafka', http: server.url });
    const failed = new AbortController();
    const context: RoleContext = {
      config,
      model,
      topics,
      stateDir: join(config.live.state, busName(bus, topics)),
      rows: store?.rows ?? NO_ROWS,
      hasStore: store?.isKept === true,
      deadLetters: new DeadLetterBox(topics.rejects),
      log,
      metrics,
      health,
      io,
      signal: AbortSignal.any([stop.signal, failed.signal]),
      nowMs: Date.now,
    };
    context.signal.addEventListener('abort', () => {
      hurry = setTimeout(() => cutOff(log, closing.slice(1)), shutdownMs);
    });
    await runRoles(options, context, failed);
    log.info('ended');
  } catch (error) {
    if (!(stop.signal.aborted && (error as Error).name === 'AbortError')) throw error;
    log.info('ended while it was starting');
  } finally {
    clearTimeout(hurry);
    unlisten();
    for (const close of closing.reverse())
      await close(shutdownMs).catch((error: unknown) => log.warn('closing', { error }));
  }
}

/** All at once; when one cannot go on the others save and end. @throws what the first of them threw */
async function runRoles({ name, roles }: HostOptions, context: RoleContext, failed: AbortController): Promise<void> {
  const ends = roles.map((role) =>
    role(context).catch((error: unknown) => {
      if (!context.signal.aborted) context.log.error(`${name} cannot go on: saving and ending`, { error });
      failed.abort();
      throw error;
    }),
  );
  await Promise.allSettled(ends);
  await Promise.all(ends);
}

/** Who waits for a store or a bus that is away would wait for ever: what is not safe by now will be read again. */
function cutOff(log: Log, closing: readonly Close[]): void {
  log.warn('not everything could be saved in time: what is missing will be read again');
  for (const close of [...closing].reverse()) close(0).catch(() => {});
}

type Close = (deadlineMs: number) => Promise<void>;

/** Closes once, however often it is asked to. */
function once(close: Close): Close {
  let closed: Promise<void> | null = null;
  return (deadlineMs) => {
    closed ??= close(deadlineMs);
    return closed;
  };
}
