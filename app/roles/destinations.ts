import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import type { Notice } from '../../alerts/notice.ts';
import { openSink } from '../../alerts/sinks/open.ts';
import type { WebhookSettings } from '../../alerts/sinks/settings.ts';
import type { Sink } from '../../alerts/sinks/sink.ts';
import type { DestinationSettings } from '../config-destinations.ts';
import { withSecrets } from '../destination-secrets.ts';
import type { Output } from '../io.ts';
import { alertText } from '../report-alert.ts';
import type { Style } from '../style.ts';
import type { NumberedAlert } from './messages.ts';
import type { Destination, Refused } from './notify-stage.ts';

/** First pause after a failed attempt, and the longest, ms. */
const PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 60_000;

export interface DestinationHooks {
  readonly stdout: Output;
  /** text for people where standard output is a terminal, else JSON lines */
  readonly style: Style | null;
  /** said once when deliveries begin to fail, and once when they work again */
  readonly onTrouble: (destination: string, message: string) => void;
}

const lineOf = ({ event }: NumberedAlert): string => `${JSON.stringify(event)}\n`;

/** @param mark what the destination asked to be remembered; null = nothing yet */
export function openDestination(settings: DestinationSettings, mark: unknown, hooks: DestinationHooks): Destination {
  switch (settings.type) {
    case 'stdout':
      return {
        name: settings.name,
        atOnce: Number.POSITIVE_INFINITY,
        async deliver(alerts) {
          const { style } = hooks;
          const told = style === null ? alerts.map(lineOf) : alerts.map(({ event }) => alertText(event, style));
          await hooks.stdout.write(told.join(''));
          return [];
        },
        mark: async () => null,
      };
    case 'file':
      return fileDestination(settings.name, settings.path, mark, hooks);
    case 'webhook': {
      const { name, url, timeoutMs } = withSecrets(settings) as WebhookSettings;
      return webhookDestination({ name, url: url.reveal(), timeoutMs }, hooks);
    }
    default:
      return sinkDestination(openSink(withSecrets(settings), { nowMs: Date.now }), hooks);
  }
}

/** Events one by one, as notices of incidents of their own; what the sink remembers of them lives as long as the process. */
function sinkDestination(sink: Sink, hooks: DestinationHooks): Destination {
  const persist = persistent(sink.name, hooks);
  const memories = new Map<string, unknown>();
  return {
    name: sink.name,
    atOnce: 1,
    async deliver(alerts, signal) {
      const refused: Refused[] = [];
      for (const alert of alerts) {
        const notice = noticeOf(alert);
        let isRetry = false;
        const why = await persist(async () => {
          const memory = memories.get(notice.incident_id) ?? null;
          const outcome = await sink.send({ notice, memory, isRetry }, signal);
          isRetry = true;
          if (outcome.kind === 'taken' && outcome.memory !== undefined)
            memories.set(notice.incident_id, outcome.memory);
          return outcome.kind === 'closed' ? { kind: 'retry', why: outcome.why, afterMs: LONGEST_PAUSE_MS } : outcome;
        }, signal);
        if (notice.status === 'resolved') memories.delete(notice.incident_id);
        if (why !== null) refused.push({ alert, why });
      }
      return refused;
    },
    mark: async () => null,
  };
}

const noticeOf = ({ n, event }: NumberedAlert): Notice => ({
  schema: 1,
  incident_id: event.alert_id,
  version: n,
  transition: event.event,
  status: event.event === 'resolved' ? 'resolved' : 'open',
  loud: event.event !== 'updated',
  at: event.at,
  opened_at: event.started_at,
  by: 'tripline',
  reason: `it was ${event.event}`,
  event,
});

interface FileMark {
  /** bytes of the file that hold what was delivered */
  readonly size: number;
  readonly inode: number;
}

/**
 * Lines behind what is in the file. What a process wrote that died before it could say so, or what a full disk took of a
 * batch, is cut off again and written anew: each event stands there once. A file that somebody has replaced or shortened
 * is left as it is.
 */
function fileDestination(name: string, path: string, mark: unknown, hooks: DestinationHooks): Destination {
  let expected = mark as FileMark | null;
  let isCertain = false;
  const persist = persistent(name, hooks);
  async function append(text: string): Promise<Outcome> {
    try {
      const file = await open(path, 'a', 0o600); // made where it is not there: a mark needs a file
      try {
        if (!isCertain && expected !== null) await cutBack(file, expected);
        expected = await markOf(file);
        isCertain = false;
        await file.appendFile(text);
        if ((await file.stat()).isFile()) await file.sync();
        expected = await markOf(file);
        isCertain = true;
      } finally {
        await file.close();
      }
      return { kind: 'taken' };
    } catch (error) {
      return { kind: 'retry', why: (error as Error).message, afterMs: 0 };
    }
  }
  return {
    name,
    atOnce: Number.POSITIVE_INFINITY,
    async deliver(alerts, signal) {
      await persist(() => append(alerts.map(lineOf).join('')), signal);
      return [];
    },
    async mark(signal) {
      if (expected === null) await persist(() => append(''), signal);
      return expected;
    },
  };
}

async function markOf(file: FileHandle): Promise<FileMark> {
  const { size, ino: inode } = await file.stat();
  return { size, inode };
}

async function cutBack(file: FileHandle, { size, inode }: FileMark): Promise<void> {
  const found = await file.stat();
  if (found.isFile() && found.ino === inode && found.size > size) await file.truncate(size);
}

/** Tries until it is taken or can never be, and says once that it fails and once that it works again. */
function persistent(name: string, hooks: DestinationHooks) {
  let isFailing = false;
  /** @returns why it can never be taken; null = taken. @throws AbortError */
  return async (attempt: () => Promise<Outcome>, signal: AbortSignal): Promise<string | null> => {
    for (let failures = 0; ; failures++) {
      signal.throwIfAborted();
      const outcome = await attempt();
      if (outcome.kind !== 'retry') {
        if (isFailing) hooks.onTrouble(name, 'works again');
        isFailing = false;
        return outcome.kind === 'taken' ? null : outcome.why;
      }
      if (!isFailing) hooks.onTrouble(name, `${outcome.why}: trying again`);
      isFailing = true;
      const pauseMs = Math.min(LONGEST_PAUSE_MS, PAUSE_MS * 2 ** failures) * (0.5 + Math.random() / 2);
      await wait(Math.max(pauseMs, outcome.afterMs), undefined, { signal });
    }
  };
}

interface Webhook {
  readonly name: string;
  readonly url: string;
  readonly timeoutMs: number;
}

/** One request an event, in order. Of the address only the host is ever said: paths of web hooks are secrets. */
function webhookDestination(settings: Webhook, hooks: DestinationHooks): Destination {
  const persist = persistent(settings.name, hooks);
  const { host } = new URL(settings.url);
  return {
    name: settings.name,
    atOnce: 1,
    async deliver(alerts, signal) {
      const refused: Refused[] = [];
      for (const alert of alerts) {
        const why = await persist(() => post(settings, host, alert, signal), signal);
        if (why !== null) refused.push({ alert, why });
      }
      return refused;
    },
    mark: async () => null,
  };
}

type Outcome =
  | { readonly kind: 'taken' }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'retry'; readonly why: string; readonly afterMs: number };

/** Nobody's fault for good: too early, too many, somebody else's time-out. */
const PASSING = new Set([408, 425, 429]);

async function post(
  { url, timeoutMs }: Webhook,
  host: string,
  alert: NumberedAlert,
  signal: AbortSignal,
): Promise<Outcome> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': `${alert.event.alert_id}-${alert.n}` },
      body: JSON.stringify(alert.event),
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    await response.body?.cancel();
    const { status } = response;
    if (response.ok) return { kind: 'taken' };
    const why = `${host} answers ${status}`;
    if (status < 400) return { kind: 'refused', why: `${why}, a redirect: the config must name where it leads to` };
    if (status < 500 && !PASSING.has(status)) return { kind: 'refused', why };
    return { kind: 'retry', why, afterMs: retryAfterMs(response.headers.get('retry-after')) };
  } catch (error) {
    signal.throwIfAborted();
    const { cause, message } = error as Error;
    const why = cause instanceof Error && cause.message !== '' ? cause.message : message;
    return { kind: 'retry', why: `${host}: ${why}`, afterMs: 0 };
  }
}

function retryAfterMs(header: string | null): number {
  const seconds = Number(header ?? 0);
  return seconds > 0 ? Math.min(seconds * 1000, LONGEST_PAUSE_MS) : 0;
}
