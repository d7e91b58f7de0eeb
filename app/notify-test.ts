import { randomUUID } from 'node:crypto';
import { userInfo } from 'node:os';
import type { Outcome } from '../alerts/sinks/sink.ts';
import { testNotices } from '../alerts/test-notice.ts';
import type { Config } from './config.ts';
import { InputError, type Io, UsageError } from './io.ts';
import { openDestination } from './roles/destinations.ts';
import { shown, styleFor } from './style.ts';

/** Longer than any sender waits for an answer. */
const LIMIT_MS = 130_000;
/** They keep incidents until somebody ends them. */
const KEEPERS = new Set(['pagerduty', 'alertmanager']);

const ADVICE: Readonly<Record<'refused' | 'closed' | 'retry', string>> = {
  refused: 'it is reached, and refuses this notice for good: a running tripline would keep it as a dead letter',
  closed:
    'nothing is delivered to it until this is changed: look at its address, key and channel in the config. Nothing is lost meanwhile',
  retry: 'it may pass: a running tripline tries again for as long as it takes, and loses nothing',
};

/** @throws {UsageError} on an unknown destination; {InputError} where it does not take the notice; {ConfigError} */
export async function testDestination({ live }: Config, name: string, io: Io): Promise<void> {
  const settings = live.destinations.find((it) => it.name === name);
  if (settings === undefined) {
    const names = live.destinations.map((it) => it.name).join(', ');
    throw new UsageError(
      `no destination ${shown(name)} in the config: ${names === '' ? 'it has none' : `there are ${names}`}`,
    );
  }
  const style = io.stdout.isTTY ? styleFor(io.stdout, io.env) : null;
  const outlet = openDestination(settings, null, { stdout: io.stdout, style, nowMs: Date.now });
  const id = randomUUID().slice(0, 8);
  const [notice, end] = testNotices(id, Date.now(), userInfo().username, 'tripline notify test');
  const send = (what: typeof notice, memory: unknown): Promise<Outcome> =>
    outlet.send([{ notice: what, memory, isRetry: false }], AbortSignal.timeout(LIMIT_MS));
  const startedMs = io.nowMs();
  const outcome = await send(notice, null);
  const tookMs = Math.round(io.nowMs() - startedMs);
  if (outcome.kind !== 'taken')
    throw new InputError(
      `${name} (${settings.type}) does not take the test notice: ${shown(outcome.why)}\n  ${ADVICE[outcome.kind]}`,
    );
  await io.stderr.write(`${name} (${settings.type}) took the test notice ${notice.incident_id} after ${tookMs} ms\n`);
  if (!KEEPERS.has(settings.type)) return;
  const over = await send(end, outcome.memory ?? null);
  if (over.kind !== 'taken')
    throw new InputError(
      `the test could not be resolved there: ${shown(over.why)}; resolve ${notice.incident_id} by hand`,
    );
  await io.stderr.write('and took that it is over\n');
}
