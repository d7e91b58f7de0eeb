import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { accessKeys } from '../../infra/access-keys.ts';
import type { HealthComponent } from '../../infra/health.ts';
import { type Endpoint, type Listener, startListener } from '../../infra/listener.ts';
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

/**
 * Takes what others send to us over HTTP, until the signal: then requests under way are answered, and new ones refused. A
 * request is acknowledged when what it brought is safe on the bus. @throws {HttpError | ConfigError}
 */
export async function ingestListen(context: RoleContext, onListening: (url: string) => void = () => {}): Promise<void> {
  const settings = context.config.live.listen;
  if (settings === undefined) return;
  const { signal, health, log, config } = context;
  const component = health.register('listen', { deadlineMs: STUCK_MS });
  const file = join(context.stateDir, STATE_FILE);
  const names: LaneName[] = [];
  if (settings.firehose !== undefined) names.push('firehose');
  if (settings.otlp !== undefined) names.push('otlp');
  const intake = new Intake(context, names, await readStates(file));
  const listener = await open(context, settings, intake);
  log.info('listening', { url: listener.url, for: names.join(', ') });
  component.ready(true);
  onListening(listener.url);
  let savedMs = context.nowMs();
  try {
    while (!signal.aborted && intake.failure === null) {
      await wait(config.live.live.flushMs, undefined, { signal }).catch(() => {});
      await turn(intake, component);
      if (context.nowMs() - savedMs < SAVE_MS) continue;
      savedMs = context.nowMs();
      await saveStates(file, intake.states);
    }
  } finally {
    await listener.close();
  }
  if (intake.failure !== null) throw intake.failure;
  await intake.tick();
  await saveStates(file, intake.states);
}

async function turn(intake: Intake, component: HealthComponent): Promise<void> {
  await intake.tick();
  component.beat();
  if (intake.trouble === null) component.ready(true);
  else component.ready(false, `the bus takes nothing: ${intake.trouble}`);
}

async function open(context: RoleContext, settings: ListenSettings, intake: Intake): Promise<Listener> {
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
    [...endpoints.values()],
  );
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
