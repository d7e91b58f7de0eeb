import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate, setTimeout as wait } from 'node:timers/promises';
import { accessKeys } from '../../infra/access-keys.ts';
import type { HealthComponent } from '../../infra/health.ts';
import { type Endpoint, type Listener, startListener } from '../../infra/listener.ts';
import { Refusal } from '../../infra/listener-body.ts';
import { keysOf, type ListenSettings } from '../config-listen.ts';
import type { RoleContext } from './context.ts';
import { firehoseEndpoint } from './listen-firehose.ts';
import { Intake, type LaneName } from './listen-intake.ts';
import type { IntakeLaneState } from './listen-lane.ts';
import { otlpEndpoint } from './listen-otlp.ts';

const MEBIBYTE = 1024 * 1024;
/** What exporters and collectors hold themselves to; a body is held whole, and as objects. */
const OTLP_MB = 20;
/** A turn that takes longer, ms: the bus takes nothing any more. */
const STUCK_MS = 300_000;
/** How often it is kept how far time is, ms. */
const SAVE_MS = 60_000;
const STATE_FILE = 'listen.json';
const HISTORY_FIRST = 'what lies behind of the log groups is read first';
/** When to come again, s. */
const RETRY_S = 5;

/**
 * Takes what others send to us over HTTP, until the signal: then requests under way are answered, and new ones refused. A
 * request is acknowledged when what it brought is safe on the bus.
 * @param caughtUp resolves when no other source reads the past any more: until then requests are refused, to be sent again,
 * and no time is told, for it would be later than the past and make that late
 * @throws {HttpError | ConfigError}
 */
export async function ingestListen(
  context: RoleContext,
  onListening: (url: string) => void = () => {},
  caughtUp: Promise<void> = Promise.resolve(),
): Promise<void> {
  const settings = context.config.live.listen;
  if (settings === undefined) return;
  const { signal, health, log, config } = context;
  const component = health.register('listen', { deadlineMs: STUCK_MS });
  const file = join(context.stateDir, STATE_FILE);
  const names: LaneName[] = [];
  if (settings.firehose !== undefined) names.push('firehose');
  if (settings.otlp !== undefined) names.push('otlp');
  const intake = new Intake(context, names, await readStates(file));
  let isOpen = false;
  void caughtUp.then(() => {
    isOpen = true;
  });
  await setImmediate(); // who waits for nothing is open from the first request on
  const listener = await open(context, settings, intake, () => isOpen);
  log.info('listening', { url: listener.url, for: names.join(', ') });
  if (isOpen) component.ready(true);
  else component.ready(false, HISTORY_FIRST);
  onListening(listener.url);
  let savedMs = context.elapsedMs();
  try {
    while (!signal.aborted && intake.failure === null) {
      await wait(config.live.live.flushMs, undefined, { signal }).catch(() => {});
      component.beat();
      if (!isOpen) continue;
      await turn(intake, component);
      if (context.elapsedMs() - savedMs < SAVE_MS) continue;
      savedMs = context.elapsedMs();
      await saveStates(file, intake.states);
    }
  } finally {
    await listener.close();
  }
  if (intake.failure !== null) throw intake.failure;
  if (!isOpen) return;
  await intake.tick();
  await saveStates(file, intake.states);
}

async function turn(intake: Intake, component: HealthComponent): Promise<void> {
  await intake.tick();
  if (intake.trouble === null) component.ready(true);
  else component.ready(false, `the bus takes nothing: ${intake.trouble}`);
}

async function open(
  context: RoleContext,
  settings: ListenSettings,
  intake: Intake,
  isOpen: () => boolean,
): Promise<Listener> {
  const { log, metrics } = context;
  const { address, tls, maxInFlightMb, maxRequests, requestsPerSecond, timeoutMs } = settings;
  const endpoints = new Map<LaneName, Endpoint>();
  if (settings.firehose !== undefined)
    endpoints.set('firehose', firehose(context, settings, settings.firehose, intake));
  if (settings.otlp !== undefined) endpoints.set('otlp', otlp(settings, settings.otlp, intake));
  const nameOf = new Map([...endpoints].map(([name, { path }]) => [path, name]));
  return await startListener(
    {
      address,
      tls: tls ?? null,
      maxInFlightBytes: maxInFlightMb * MEBIBYTE,
      maxRequests,
      requestsPerSecond,
      timeoutMs,
      onRequest: (path, status, ms) => metrics.ingest.requested(nameOf.get(path)!, status, ms),
      onTrouble: (error) => log.error('a request went wrong', { error }),
    },
    [...endpoints.values()].map((endpoint) => onceOpen(endpoint, isOpen)),
  );
}

/** Refuses for now what cannot be taken yet, once it is known who asks. */
function onceOpen(endpoint: Endpoint, isOpen: () => boolean): Endpoint {
  return {
    ...endpoint,
    authenticate(headers) {
      endpoint.authenticate(headers);
      if (!isOpen()) throw new Refusal(503, HISTORY_FIRST, RETRY_S);
    },
  };
}

function firehose(
  { nowMs }: RoleContext,
  { maxBodyMb }: ListenSettings,
  { path, accessKey, accessKeyFile }: NonNullable<ListenSettings['firehose']>,
  intake: Intake,
): Endpoint {
  const keys = keysOf('listen.firehose.accessKeyFile', accessKey, accessKeyFile);
  const isKey = keys.length === 0 ? null : accessKeys(keys);
  return firehoseEndpoint({ path, maxBytes: maxBodyMb * MEBIBYTE, isKey, intake, nowMs });
}

function otlp(
  { maxBodyMb }: ListenSettings,
  { path, token, tokenFile }: NonNullable<ListenSettings['otlp']>,
  intake: Intake,
): Endpoint {
  const tokens = keysOf('listen.otlp.tokenFile', token, tokenFile);
  const isToken = tokens.length === 0 ? null : accessKeys(tokens);
  return otlpEndpoint({ path, maxBytes: Math.min(maxBodyMb, OTLP_MB) * MEBIBYTE, isToken, intake });
}

/** How far time was, so that silence is noticed after a restart, too; what cannot be read is as good as nothing. */
async function readStates(file: string): Promise<Record<string, IntakeLaneState>> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Record<string, IntakeLaneState>;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || error instanceof SyntaxError) return {};
    throw error;
  }
}

async function saveStates(file: string, states: Record<string, IntakeLaneState>): Promise<void> {
  await mkdir(join(file, '..'), { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, JSON.stringify(states), { mode: 0o600 });
  await rename(draft, file);
}
