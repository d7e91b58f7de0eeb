import { join } from 'node:path';
import { accessKeys } from '../../infra/access-keys.ts';
import { createHealth, type Health } from '../../infra/health.ts';
import { type HttpOptions, startHttp } from '../../infra/http-server.ts';
import { createLog, type Log } from '../../infra/log.ts';
import { createMetrics } from '../../infra/metrics.ts';
import type { Config } from '../config.ts';
import { keysOf } from '../config-listen.ts';
import type { Io } from '../io.ts';
import { withModel } from '../model.ts';
import { busName, openTopics } from './bus.ts';
import type { RoleContext } from './context.ts';
import { serveCommands } from './control.ts';
import { DeadLetterBox } from './dead-letters.ts';
import { NO_ROWS, type OpenRows, openRows } from './open-rows.ts';
import type { Loaded } from './reload.ts';
import { Reloads } from './reloads.ts';
import { type HostRole, RunningRoles } from './running-roles.ts';
import { Watch } from './watch.ts';

export interface HostOptions {
  /** names the process in its logs */
  readonly name: string;
  readonly config: Config;
  /** file that the configuration was read from; null = the defaults */
  readonly file: string | null;
  /** Reads it anew, as the command line says. @throws {ConfigError} */
  readonly reread: () => Config;
  readonly model: string | undefined;
  readonly io: Io;
  readonly version: string;
  /** what this process does, all at once; it ends when the last of them has, or the first that fails */
  readonly roles: (config: Config) => Promise<readonly HostRole[]>;
  /** false = no rows are written here, so the store need not be reached */
  readonly needsStore: boolean;
}

/**
 * One process of a live installation: opens what its roles need, runs them until they end or somebody asks for the end,
 * and closes everything in order. @throws whatever one of the roles cannot go on from, once the others have saved
 */
export async function runHost(options: HostOptions): Promise<void> {
  const { io } = options;
  const loaded = withModel(options.config, options.model);
  const log = logOf(options, loaded);
  const stop = new AbortController();
  const unlisten = io.onInterrupt(() => {
    log.info('asked to end: saving');
    isAsked = true;
    stop.abort();
  });
  let isAsked = false;
  const { shutdownMs } = loaded.config.live.live;
  const closing: Close[] = [];
  let hurry: NodeJS.Timeout | undefined;
  stop.signal.addEventListener('abort', () => {
    hurry = setTimeout(() => cutOff(log, closing.slice(1)), shutdownMs);
  });
  try {
    await work(options, loaded, { log, stop, closing });
    log.info('ended');
  } catch (error) {
    if (!(isAsked && (error as Error).name === 'AbortError')) throw error;
    log.info('ended while it was starting');
  } finally {
    clearTimeout(hurry);
    unlisten();
    for (const close of closing.reverse())
      await close(shutdownMs).catch((error: unknown) => log.warn('closing', { error }));
  }
}

interface Life {
  readonly log: Log;
  readonly stop: AbortController;
  /** what is to be closed at the end, backwards */
  readonly closing: Close[];
}

const CLOCKS = { nowMs: Date.now, elapsedMs: () => performance.now() };

/** From the first thing opened to the end of the last role. */
async function work(options: HostOptions, first: Loaded, { log, stop, closing }: Life): Promise<void> {
  const { io, name, version } = options;
  const { http, bus, state } = first.config.live;
  const metrics = createMetrics({ version });
  let roles: RunningRoles | null = null;
  const starting = createHealth();
  const health = { report: () => (roles ?? starting).report() };
  const server = await startHttp({ metrics, health, ...accessOf(http) });
  closing.push(once(() => server.close()));
  const topics = await openTopics(bus, log);
  closing.push(once(() => topics.close()));
  const store = options.needsStore ? await openRows(first.config, { log, metrics, signal: stop.signal }) : null;
  if (store !== null) closing.push(once((deadlineMs) => store.close(deadlineMs)));
  const watch = new Watch();
  const contextOf = (loaded: Loaded, health: Health, signal: AbortSignal): RoleContext => ({
    ...loaded,
    topics,
    stateDir: join(state, busName(bus, topics)),
    rows: store?.rows ?? NO_ROWS,
    hasStore: store?.isKept === true,
    deadLetters: new DeadLetterBox(topics.rejects),
    log: logOf(options, loaded),
    metrics,
    health,
    io,
    signal,
    watch,
    ...CLOCKS,
  });
  const running = new RunningRoles(stop.signal, (error) => {
    log.error(`${name} cannot go on: saving and ending`, { error });
    stop.abort();
  });
  roles = running;
  const reloads = new Reloads(first, {
    read: () => withModel(options.reread(), options.model),
    rolesOf: options.roles,
    start: (role, loaded) => running.start(role, (health, signal) => contextOf(loaded, health, signal)),
    running,
    log,
    begin: (loaded) => begin(store, loaded),
  });
  await reloads.startAll();
  closing.push(
    once(await serveCommands({ name, version, file: options.file, state, log, metrics, health, watch, reloads })),
  );
  const unhang = io.onHangup?.(() => hungUp(io, log, reloads, stop));
  closing.push(once(async () => unhang?.()));
  log.info('started', {
    version,
    config: options.file ?? 'defaults',
    bus: bus.kafka === undefined ? 'local' : 'kafka',
    http: server.url,
  });
  await running.ended();
}

const logOf = ({ name }: HostOptions, { config }: Loaded): Log =>
  createLog({ level: config.live.log.level, format: config.live.log.format, fields: { role: name } });

async function begin(store: OpenRows | null, { config }: Loaded): Promise<void> {
  await store?.begin(config);
}

/** The terminal was closed: an end. Without one, by custom: read the configuration anew. */
function hungUp({ stdout, stderr }: Io, log: Log, reloads: Reloads, stop: AbortController): void {
  if (stdout.isTTY || stderr.isTTY) {
    log.info('the terminal was closed: saving');
    stop.abort();
    return;
  }
  reloads.reload().catch((error: unknown) => {
    log.error('the new configuration is not taken: the one in use stays', { why: (error as Error).message });
  });
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

/** Where health and metrics are served, and who may read these; null = nowhere, everybody. @throws {ConfigError} */
function accessOf({ listen, token, tokenFile }: Config['live']['http']): Pick<HttpOptions, 'listen' | 'isToken'> {
  const files = tokenFile === undefined ? undefined : [tokenFile];
  const tokens = keysOf('http.tokenFile', token === undefined ? [] : [token], files);
  return { listen: listen === 'off' ? null : listen, isToken: tokens.length === 0 ? null : accessKeys(tokens) };
}
